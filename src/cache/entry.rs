//! An answer that is kept.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::life::Life;
use super::purge::Tag;

/// An answer that is kept: complete, and as it would go to a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, without those of one connection, without `Age`, and without those that it says are not to be kept.
    pub headers: HeaderMap,
    /// Its content.
    pub body: Bytes,
    /// For how long it is good.
    pub life: Life,
    /// Under which tags it is purged.
    pub tags: Vec<Tag>,
    /// The last purge that was known when it was asked for: later ones are about it, earlier ones are not.
    pub serial: u64,
}
