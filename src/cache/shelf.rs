//! Finding and keeping: memory, a store, or memory in front of a store. Whatever goes wrong with a store is a miss.
//!
//! Under an address stands either the answer itself, or, where `Vary` or the policy's key tell answers apart, which fields
//! tell them apart; the answers are then under digests of the address and those fields' values.

use std::sync::Arc;

use http::HeaderMap;

use super::key::{Digest, Keys};
use super::policy::Place;
use super::rules::NotKept;
use super::{Caching, Entry, Policy};
use crate::deadline::Deadline;
use crate::host::{Host, Tick};

mod both;
mod local;
mod look;
mod next;
pub(super) mod record;
mod remote;
mod slot;
pub mod vary;

pub use remote::ATTEMPTS;
pub use vary::MOST_TRIES;

use look::Looked;
use slot::Stood;

/// For which request an answer is looked for or kept: the same for [`find`] as for [`remember`] and [`store`].
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// Under what.
    pub keys: &'a Keys,
    /// The request's fields, of which `Vary` speaks.
    pub headers: &'a HeaderMap,
    /// The host that was asked, without port; for purges.
    pub host: &'a str,
    /// The path as it came, with that part of the query that counts; for purges.
    pub target: &'a str,
}

/// What was found for a request, and what storing an answer to it later is compared with.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The answer that is kept, if any.
    pub entry: Option<Arc<Entry>>,
    /// Whether it was softly purged, and counts as stale.
    pub purged: bool,
    /// Something else is kept for the address.
    pub others: bool,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen when something was looked for: an answer that is fetched meanwhile is not kept if the address was made
/// invalid meanwhile. Whoever has not looked keeps nothing.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The last purge that was known.
    pub serial: u64,
    sight: Sight,
}

/// Where it was looked for, and what was there.
#[derive(Debug, Clone, Default)]
enum Sight {
    /// Nowhere, or a store did not answer.
    #[default]
    Nowhere,
    /// In memory, with this epoch.
    Memory { epoch: u64 },
    /// In a store.
    Store {
        /// What stood where the address stands.
        stood: Stood,
        /// The epoch of the memory in front of it.
        epoch: u64,
        /// When it was asked.
        asked: Tick,
    },
}

/// Looks for an answer to a request. A store that fails has nothing.
pub async fn find<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    sought: &Sought<'_>,
    deadline: Deadline,
) -> Found {
    match policy.place {
        Place::Memory => {
            host.memory().map_or(Found::default(), |memory| local::find(&memory.cache, sought, host.unix()))
        }
        Place::Store(store) => Box::pin(remote::find(host, caching, store, sought, deadline)).await,
    }
}

/// Keeps `entry` in memory, at once, where that is the policy's place and the host has any.
///
/// # Errors
/// Why it is not kept: it is too large, it varies too much, or the address was made invalid since it was `seen`.
pub fn remember<H: Host>(
    host: &H,
    policy: &Policy,
    sought: &Sought<'_>,
    seen: &Seen,
    entry: &Arc<Entry>,
) -> Result<(), NotKept> {
    match (policy.place, host.memory()) {
        (Place::Memory, Some(memory)) => local::keep(&memory.cache, sought, seen, entry, host.unix()),
        (Place::Memory, None) => Err(NotKept("there is no memory")),
        (Place::Store(_), _) => Err(NotKept("it is kept in a store")),
    }
}

/// Keeps `entry` in the policy's store, where that is its place. Takes `caching.timeout` at most.
///
/// # Errors
/// Why it is not kept.
pub async fn store<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    sought: &Sought<'_>,
    seen: &Seen,
    entry: &Arc<Entry>,
) -> Result<(), NotKept> {
    match policy.place {
        Place::Memory => Err(NotKept("it is kept in memory")),
        Place::Store(store) => remote::keep(host, caching, store, sought, seen, entry).await,
    }
}

/// Makes all that is kept for an address invalid, and what is being fetched for it now. Whether that could be written.
pub async fn invalidate<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    address: &Digest,
    deadline: Deadline,
) -> bool {
    match policy.place {
        Place::Memory => {
            if let Some(memory) = host.memory() {
                memory.cache.forget(super::memory::MEMORY, address);
            }
            true
        }
        Place::Store(store) => remote::invalidate(host, caching, store, address, deadline).await,
    }
}

// === impl Found ===

impl Found {
    fn new(looked: Looked, seen: Seen) -> Self {
        let (entry, purged) = looked.entry.map_or((None, false), |(entry, purged)| (Some(entry), purged));
        Self { entry, purged, others: looked.others, seen }
    }
}
