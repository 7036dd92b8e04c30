//! Purging: by address, by beginning, by tag, and all; at once for all instances, on stores that cannot list keys.
//!
//! Each place has one document of what was purged, with a number that grows. An answer remembers the number that was
//! known when it was asked for, and is gone where a later purge is about it.

use http::HeaderMap;

/// A tag (`Surrogate-Key`, `Cache-Tag`): a digest of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 8]);

/// The tags of an answer.
pub fn tags(headers: &HeaderMap) -> Vec<Tag> {
    let _ = headers;
    Vec::new()
}
