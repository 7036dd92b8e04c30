//! Finding and keeping: memory, a store, or memory in front of a store. Whatever goes wrong with a store is a miss.
//!
//! Under an address stands either the answer itself, or, where `Vary` or the policy's key tell answers apart, which fields
//! tell them apart; the answers are then under digests of the address and those fields' values.

use std::sync::Arc;

use http::HeaderMap;

use super::key::{Digest, Keys};
use super::rules::NotKept;
use super::{Caching, Entry, Policy};
use crate::deadline::Deadline;
use crate::host::Host;

/// For which request an answer is looked for or kept: the same for [`find`] as for [`remember`] and [`store`].
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// Under what.
    pub keys: &'a Keys,
    /// The request's fields as the upstream gets them, which is what its `Vary` speaks of.
    pub headers: &'a HeaderMap,
    /// The host that was asked, in its normal form; for purges by beginning.
    pub host: &'a str,
    /// The path that was asked for; for purges by beginning.
    pub path: &'a str,
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
}

/// Looks for an answer to a request. A store that fails has nothing.
pub async fn find<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    sought: &Sought<'_>,
    deadline: Deadline,
) -> Found {
    let _ = (host, caching, policy, sought, deadline);
    Found::default()
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
    let _ = (host, policy, sought, seen, entry);
    Err(NotKept("skeleton"))
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
    let _ = (host, caching, policy, sought, seen, entry);
    Err(NotKept("skeleton"))
}

/// Makes all that is kept for an address invalid, and what is being fetched for it now. Whether that could be written.
pub async fn invalidate<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    address: &Digest,
    deadline: Deadline,
) -> bool {
    let _ = (host, caching, policy, address, deadline);
    false
}
