//! Values, and which of them have an end.
//!
//! [`ENDS`] has a row for each value that has an end. Each transaction takes out some whose time is over, so that no more is
//! kept than what is live and what has ended a moment ago, however busy the store is. Values that nothing depends on may
//! take so much room together, and not more: where it is full, those go first that were written first.

use redb::{
    Database, ReadableDatabase as _, ReadableTable, Table, TableDefinition, TableError, WriteTransaction,
};

use super::{StoreError, failed, sum};

/// A label and a key; the moment in milliseconds since 1970 from which the value is gone ([`NEVER`]), and the value.
pub const VALUES: TableDefinition<'_, (&str, &str), (u64, &[u8])> = TableDefinition::new("values");

/// When a value ends, and whose it is; when it was written and how much room it takes, 0 where it may not go before its end.
const ENDS: TableDefinition<'_, (u64, &str, &str), (u64, u64)> = TableDefinition::new("value_ends");

/// Values that may go before their end, in the order in which they were written; how much room each takes.
const SPARE: TableDefinition<'_, (u64, &str, &str), u64> = TableDefinition::new("spare_values");

/// How much room all of them take, in bytes.
const TAKEN: TableDefinition<'_, (), u64> = TableDefinition::new("spare_room");

/// The end of values that have none.
pub const NEVER: u64 = u64::MAX;

/// How many values that have ended are taken out for each change of a transaction: more than one, so that those that have
/// piled up get fewer.
const COLLECTED: usize = 2;

/// How many values a transaction takes out at most for want of room, so that others get their turn: more than it writes.
const EVICTED: usize = 1_000;

/// What a value takes beside itself and its key, in bytes, about: rows of three tables.
const OVERHEAD: usize = 128;

/// The tables of one transaction.
pub struct Tables<'t> {
    values: Table<'t, (&'static str, &'static str), (u64, &'static [u8])>,
    ends: Table<'t, (u64, &'static str, &'static str), (u64, u64)>,
    spare: Table<'t, (u64, &'static str, &'static str), u64>,
    taken: Table<'t, (), u64>,
    now: u64,
    /// How much was changed.
    changes: usize,
    /// How much more room is taken than before.
    grown: i64,
}

/// Until when a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// From when it is gone, in milliseconds since 1970; [`NEVER`].
    pub expires: u64,
    /// Whether it may go sooner, where there is no room.
    pub spare: bool,
}

/// A value whose time is over, or that has to go.
type Row = (u64, String, String);

// === impl Tables ===

impl<'t> Tables<'t> {
    /// Opens them, at this moment.
    pub fn open(writing: &'t WriteTransaction, now: u64) -> Result<Self, StoreError> {
        let values = writing.open_table(VALUES).map_err(failed)?;
        let ends = writing.open_table(ENDS).map_err(failed)?;
        let spare = writing.open_table(SPARE).map_err(failed)?;
        let taken = writing.open_table(TAKEN).map_err(failed)?;
        Ok(Self { values, ends, spare, taken, now, changes: 0, grown: 0 })
    }

    /// Whether there is this value; `None` for none, as one is whose time is over.
    pub fn is(&self, label: &str, key: &str, value: Option<&[u8]>) -> Result<bool, StoreError> {
        let found = self.values.get((label, key)).map_err(failed)?;
        let found = found.as_ref().map(redb::AccessGuard::value).filter(|(expires, _)| *expires > self.now);
        Ok(found.map(|(_, found)| found) == value)
    }

    /// Sets a key; whether there was a value.
    pub fn set(&mut self, label: &str, key: &str, value: &[u8], end: End) -> Result<bool, StoreError> {
        self.changes += 1;
        let before = self.values.insert((label, key), (end.expires, value)).map_err(failed)?;
        let before = before.map(|before| before.value().0);
        self.forget_end(label, key, before)?;
        if end.expires != NEVER {
            let size = value.len() + 3 * (label.len() + key.len()) + OVERHEAD;
            let size = if end.spare { size as u64 } else { 0 };
            self.ends.insert((end.expires, label, key), (self.now, size)).map_err(failed)?;
            if end.spare {
                self.spare.insert((self.now, label, key), size).map_err(failed)?;
                self.grown = self.grown.saturating_add_unsigned(size);
            }
        }
        Ok(before.is_some_and(|expires| expires > self.now))
    }

    /// Takes a key away; whether there was a value.
    pub fn delete(&mut self, label: &str, key: &str) -> Result<bool, StoreError> {
        self.changes += 1;
        let before = self.values.remove((label, key)).map_err(failed)?.map(|before| before.value().0);
        self.forget_end(label, key, before)?;
        Ok(before.is_some_and(|expires| expires > self.now))
    }

    /// Adds to a number. The inner error is the one asker's: what stands under the key is no number.
    pub fn add(&mut self, label: &str, key: &str, delta: i64) -> Result<Result<i64, StoreError>, StoreError> {
        let found = self.values.get((label, key)).map_err(failed)?;
        let there = found.as_ref().map(redb::AccessGuard::value).filter(|(expires, _)| *expires > self.now);
        let sum = sum(there.map(|(_, value)| value), delta);
        drop(found);
        if let Ok(sum) = sum {
            self.set(label, key, &sum.to_le_bytes(), End::NEVER)?;
        }
        Ok(sum)
    }

    /// Takes some out that have ended, and then some for which there is no room, so that no more than `most` bytes are taken.
    pub fn collect(&mut self, most: u64) -> Result<(), StoreError> {
        self.collect_some(COLLECTED * self.changes)?;
        let taken = self.taken.get(()).map_err(failed)?.map_or(0, |taken| taken.value());
        for _ in 0..EVICTED {
            if taken.saturating_add_signed(self.grown) <= most || !self.evict()? {
                break;
            }
        }
        if self.grown != 0 {
            self.taken.insert((), taken.saturating_add_signed(self.grown)).map_err(failed)?;
        }
        Ok(())
    }

    fn collect_some(&mut self, most: usize) -> Result<usize, StoreError> {
        let due = due(&self.ends, self.now, most)?;
        for (end, label, key) in &due {
            self.forget_end(label, key, Some(*end))?;
            let expires = self.values.get((label.as_str(), key.as_str())).map_err(failed)?;
            // Exactly that one: a later end has a row of its own.
            if expires.map(|found| found.value().0) == Some(*end) {
                self.values.remove((label.as_str(), key.as_str())).map_err(failed)?;
            }
        }
        Ok(due.len())
    }

    /// Takes out what was written first of all that may go; false where there is nothing.
    fn evict(&mut self) -> Result<bool, StoreError> {
        let first = self.spare.pop_first().map_err(failed)?;
        let Some((row, size)) = first.map(|(row, size)| (owned(row.value()), size.value())) else {
            return Ok(false);
        };
        self.grown = self.grown.saturating_sub_unsigned(size);
        let (written, label, key) = (row.0, row.1.as_str(), row.2.as_str());
        let Some(end) = self.values.get((label, key)).map_err(failed)?.map(|found| found.value().0) else {
            return Ok(true);
        };
        // Only the value that the row is of.
        let known = self.ends.get((end, label, key)).map_err(failed)?.map(|row| row.value());
        if known == Some((written, size)) {
            self.ends.remove((end, label, key)).map_err(failed)?;
            self.values.remove((label, key)).map_err(failed)?;
        }
        Ok(true)
    }

    fn forget_end(&mut self, label: &str, key: &str, end: Option<u64>) -> Result<(), StoreError> {
        let Some(end) = end.filter(|end| *end != NEVER) else { return Ok(()) };
        let row = self.ends.remove((end, label, key)).map_err(failed)?.map(|row| row.value());
        if let Some((written, size)) = row.filter(|(_, size)| *size > 0) {
            self.spare.remove((written, label, key)).map_err(failed)?;
            self.grown = self.grown.saturating_sub_unsigned(size);
        }
        Ok(())
    }
}

// === impl End ===

impl End {
    /// For good.
    pub const NEVER: Self = Self { expires: NEVER, spare: false };
}

fn due(
    table: &impl ReadableTable<(u64, &'static str, &'static str), (u64, u64)>,
    now: u64,
    most: usize,
) -> Result<Vec<Row>, StoreError> {
    let due = table.range(..(now.saturating_add(1), "", "")).map_err(failed)?.take(most);
    due.map(|row| Ok(owned(row.map_err(failed)?.0.value()))).collect()
}

fn owned((moment, label, key): (u64, &str, &str)) -> Row {
    (moment, label.to_owned(), key.to_owned())
}

/// Takes up to so many out that have ended: for a store that nobody writes to any more. Looks first, because a transaction
/// that changes nothing would wait for the disk all the same.
pub fn sweep(database: &Database, now: u64, most: usize) -> Result<usize, StoreError> {
    let reading = database.begin_read().map_err(failed)?;
    let some = match reading.open_table(ENDS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        opened => due(&opened.map_err(failed)?, now, 1)?,
    };
    if some.is_empty() {
        return Ok(0);
    }
    let writing = database.begin_write().map_err(failed)?;
    let mut tables = Tables::open(&writing, now)?;
    let collected = tables.collect_some(most)?;
    tables.collect(u64::MAX)?;
    drop(tables);
    writing.commit().map_err(failed)?;
    Ok(collected)
}

/// Finds the ends of values that were written before there was [`ENDS`].
pub fn index(database: &Database) -> Result<(), StoreError> {
    let reading = database.begin_read().map_err(failed)?;
    match (reading.open_table(VALUES), reading.open_table(ENDS)) {
        (Ok(_), Err(TableError::TableDoesNotExist(_))) => {}
        (_, _) => return Ok(()),
    }
    let writing = database.begin_write().map_err(failed)?;
    let mut tables = Tables::open(&writing, 0)?;
    for entry in tables.values.iter().map_err(failed)? {
        let (key, value) = entry.map_err(failed)?;
        let ((label, key), (expires, _)) = (key.value(), value.value());
        if expires != NEVER {
            tables.ends.insert((expires, label, key), (0, 0)).map_err(failed)?;
        }
    }
    drop(tables);
    writing.commit().map_err(failed)
}

#[cfg(test)]
mod tests;
