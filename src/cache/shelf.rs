//! Finding and keeping: memory, a store, or memory in front of a store. Whatever goes wrong with a store is a miss.
//!
//! Under an address stands either the answer itself, or, where `Vary` or the policy's key tell answers apart, which fields
//! tell them apart; the answers are then under digests of the address and those fields' values.

use std::sync::Arc;

use http::HeaderMap;

use super::key::{Digest, Keys};
use super::{Caching, Entry, Policy};
use crate::deadline::Deadline;
use crate::host::Host;

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
/// invalid meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The last purge that was known.
    pub serial: u64,
}

/// Looks for an answer to a request with `headers`. A store that fails has nothing.
pub async fn find<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    keys: &Keys,
    headers: &HeaderMap,
    deadline: Deadline,
) -> Found {
    let _ = (host, caching, policy, keys, headers, deadline);
    Found::default()
}

/// Keeps `entry` in memory, at once; nothing on a host without any. `headers` are those of the request. Whether it is kept
/// anywhere: not where the address was made invalid since it was `seen`.
pub fn remember<H: Host>(
    host: &H,
    policy: &Policy,
    keys: &Keys,
    headers: &HeaderMap,
    seen: &Seen,
    entry: &Arc<Entry>,
) -> bool {
    let _ = (host, policy, keys, headers, seen, entry);
    false
}

/// Keeps `entry` in the policy's store, where it has one. After [`remember`].
pub async fn store<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    keys: &Keys,
    headers: &HeaderMap,
    seen: &Seen,
    entry: &Arc<Entry>,
) {
    let _ = (host, caching, policy, keys, headers, seen, entry);
}

/// Makes all that is kept for an address invalid, and what is being fetched for it now.
pub async fn invalidate<H: Host>(
    host: &H,
    caching: &Caching,
    policy: &Policy,
    address: &Digest,
    deadline: Deadline,
) {
    let _ = (host, caching, policy, address, deadline);
}
