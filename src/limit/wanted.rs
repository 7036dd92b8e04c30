//! What a request wants of one limit that counts it.

use super::Key;

/// What a request wants of one limit that counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The limit: its index in [`super::Limits::all`].
    pub limit: usize,
    /// Whose permits.
    pub key: Key,
    /// How many permits the request takes: at least 1, because a limit does not count a request that weighs nothing.
    pub weight: u64,
}
