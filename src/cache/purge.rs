//! Purging: by address, by beginning, by tag, and all; at once for all instances, on stores that cannot list keys.
//!
//! Each place has one document of what was purged ([`Purges`]), with a number that grows. An answer remembers the number
//! that was known when it was asked for, and is gone where a later purge is about it. So nothing is looked for and nothing
//! is removed: whoever finds an answer asks the document about it.
//!
//! A number is half the document's and half a count: a document that was lost, and with it what was purged, is followed by
//! one of another half, and nothing that was kept under the first is found any more. No clock has a say.

mod document;
mod order;
mod place;
mod report;
mod row;
mod tag;
mod written;

pub use document::{LARGEST, MOST, Purges};
pub use order::{Order, Query, What};
pub use place::{Done, InMemory, KEY, known, purge};
pub use report::{Incomplete, name, report};
pub use tag::{Tag, tag, tags};
pub use written::{address, read};

/// What purges say of an answer that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Kept,
    /// It was softly purged, and counts as stale.
    Stale,
    /// It was purged: it is not there.
    Gone,
}
