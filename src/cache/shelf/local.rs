//! Keeping in memory.

use std::sync::Arc;

use super::super::Entry;
use super::super::memory::{MEMORY, Shelves};
use super::super::rules::NotKept;
use super::look::Judge;
use super::next::Next;
use super::record::Record;
use super::{Found, Seen, Sight, Sought};
use crate::host::{Tick, UnixMillis};

/// Looks for an answer.
pub fn find(shelves: &Shelves, sought: &Sought<'_>, now: UnixMillis) -> Found {
    // Before anything is looked at: whoever makes the address invalid from now on is noticed.
    let epoch = shelves.epoch(&sought.keys.address);
    let purges = shelves.purged();
    let looked = Judge { sought, purges: &purges, now }.look(shelves, MEMORY, |_| true);
    Found::new(looked, Seen { serial: purges.serial(), sight: Sight::Memory { epoch } })
}

/// Keeps an answer.
///
/// # Errors
/// Why it is not kept.
pub fn keep(
    shelves: &Shelves,
    sought: &Sought<'_>,
    seen: &Seen,
    entry: &Entry,
    now: UnixMillis,
) -> Result<(), NotKept> {
    let Sight::Memory { epoch } = seen.sight else {
        return Err(NotKept("nobody has looked for it in memory"));
    };
    shelves.takes(entry)?;
    useful(entry, now)?;
    let address = &sought.keys.address;
    let entry = Arc::new(entry.detached());
    let _turn = shelves.turn(address);
    if shelves.epoch(address) != epoch {
        return Err(INVALID);
    }
    let current = shelves.first(MEMORY, address);
    let generation = current.as_ref().map_or_else(|| shelves.generation(), |first| first.generation);
    let (first, variant) =
        Next::new(current.as_ref(), sought, &entry, now)?.under(generation, sought, &entry);
    if let Some(digest) = variant {
        shelves.put(MEMORY, digest, Record::Variant(entry), Tick(0));
    }
    if let Some(first) = first {
        shelves.put(MEMORY, *address, Record::First(first), Tick(0));
    }
    Ok(())
}

/// Why an answer that was asked for earlier is not kept.
pub const INVALID: NotKept = NotKept("its address was made invalid since it was asked for");

/// Whether it is worth keeping.
///
/// # Errors
/// It is not.
pub fn useful(entry: &Entry, now: UnixMillis) -> Result<(), NotKept> {
    match entry.is_useful(now) {
        true => Ok(()),
        false => Err(NotKept("it would be of no use")),
    }
}
