//! Requests that are done once, however often they are sent (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! A client that has no answer does not know whether its request was done. With an `Idempotency-Key` it sends it again: the first
//! request with a key is done, and its answer is kept for all that repeat it.

use std::time::Duration;

use http::Method;

pub mod entry;
pub mod keeping;
mod key;
pub mod once;

pub use entry::{Entry, Fingerprint};
pub use keeping::{Keeping, Kept};
pub use key::{BadKey, FIELD, Identity, find};
pub use once::{Begun, Claim};

/// What becomes of requests with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The index of the store among those that answers are kept in.
    pub store: usize,
    /// How long answers are kept.
    pub ttl: Duration,
    /// Whether a request must have a key.
    pub required: bool,
    /// Methods whose requests are done once.
    pub methods: Box<[Method]>,
    /// The largest content of an answer that is kept, in bytes.
    pub largest: u64,
    /// The largest content of a request with a key, in bytes.
    pub content: u64,
    /// Whether requests are refused while the store fails, rather than done although they may have been done before.
    pub refuses: bool,
}
