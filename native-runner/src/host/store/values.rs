//! Values, and which of them have an end.
//!
//! [`ENDS`] has a row for each value that has an end. Each transaction takes out some whose time is over, so that no more is
//! kept than what is live and what has ended a moment ago, however busy the store is.

use redb::{
    Database, ReadableDatabase as _, ReadableTable, Table, TableDefinition, TableError, WriteTransaction,
};

use super::{StoreError, failed, sum};

/// A label and a key; the moment in milliseconds since 1970 from which the value is gone ([`NEVER`]), and the value.
pub const VALUES: TableDefinition<'_, (&str, &str), (u64, &[u8])> = TableDefinition::new("values");

/// When a value ends, and whose it is.
const ENDS: TableDefinition<'_, (u64, &str, &str), ()> = TableDefinition::new("value_ends");

/// The end of values that have none.
const NEVER: u64 = u64::MAX;

/// How many values that have ended are taken out for each change of a transaction: more than one, so that those that have
/// piled up get fewer.
const COLLECTED: usize = 2;

/// The tables of one transaction.
pub struct Tables<'t> {
    values: Table<'t, (&'static str, &'static str), (u64, &'static [u8])>,
    ends: Table<'t, (u64, &'static str, &'static str), ()>,
    now: u64,
    /// How much was changed.
    changes: usize,
}

// === impl Tables ===

impl<'t> Tables<'t> {
    /// Opens them, at this moment.
    pub fn open(writing: &'t WriteTransaction, now: u64) -> Result<Self, StoreError> {
        let values = writing.open_table(VALUES).map_err(failed)?;
        let ends = writing.open_table(ENDS).map_err(failed)?;
        Ok(Self { values, ends, now, changes: 0 })
    }

    /// Whether there is this value; `None` for none, as one is whose time is over.
    pub fn is(&self, label: &str, key: &str, value: Option<&[u8]>) -> Result<bool, StoreError> {
        let found = self.values.get((label, key)).map_err(failed)?;
        let found = found.as_ref().map(redb::AccessGuard::value).filter(|(expires, _)| *expires > self.now);
        Ok(found.map(|(_, found)| found) == value)
    }

    /// Sets a key; whether there was a value.
    pub fn set(&mut self, label: &str, key: &str, value: &[u8], expires: u64) -> Result<bool, StoreError> {
        self.changes += 1;
        let before = self.values.insert((label, key), (expires, value)).map_err(failed)?;
        let before = before.map(|before| before.value().0);
        if before != Some(expires) {
            self.forget_end(label, key, before)?;
            if expires != NEVER {
                self.ends.insert((expires, label, key), ()).map_err(failed)?;
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
            self.set(label, key, &sum.to_le_bytes(), NEVER)?;
        }
        Ok(sum)
    }

    /// Takes some out that have ended; how many were looked at.
    pub fn collect(&mut self) -> Result<usize, StoreError> {
        self.collect_some(COLLECTED * self.changes)
    }

    fn collect_some(&mut self, most: usize) -> Result<usize, StoreError> {
        let due = due(&self.ends, self.now, most)?;
        for (end, label, key) in &due {
            let (label, key) = (label.as_str(), key.as_str());
            self.ends.remove((*end, label, key)).map_err(failed)?;
            let expires = self.values.get((label, key)).map_err(failed)?.map(|found| found.value().0);
            // Exactly that one: a later end has a row of its own.
            if expires == Some(*end) {
                self.values.remove((label, key)).map_err(failed)?;
            }
        }
        Ok(due.len())
    }

    fn forget_end(&mut self, label: &str, key: &str, end: Option<u64>) -> Result<(), StoreError> {
        if let Some(end) = end.filter(|end| *end != NEVER) {
            self.ends.remove((end, label, key)).map_err(failed)?;
        }
        Ok(())
    }
}

fn due(
    table: &impl ReadableTable<(u64, &'static str, &'static str), ()>,
    now: u64,
    most: usize,
) -> Result<Vec<(u64, String, String)>, StoreError> {
    let due = table.range(..(now.saturating_add(1), "", "")).map_err(failed)?.take(most);
    due.map(|row| {
        let (row, _) = row.map_err(failed)?;
        let (end, label, key) = row.value();
        Ok((end, label.to_owned(), key.to_owned()))
    })
    .collect()
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
    let collected = Tables::open(&writing, now)?.collect_some(most)?;
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
            tables.ends.insert((expires, label, key), ()).map_err(failed)?;
        }
    }
    drop(tables);
    writing.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use redb::backends::InMemoryBackend;

    use super::*;

    fn database() -> Database {
        Database::builder().create_with_backend(InMemoryBackend::new()).unwrap()
    }

    fn change<T>(database: &Database, now: u64, change: impl FnOnce(&mut Tables<'_>) -> T) -> T {
        let writing = database.begin_write().unwrap();
        let mut tables = Tables::open(&writing, now).unwrap();
        let changed = change(&mut tables);
        tables.collect().unwrap();
        drop(tables);
        writing.commit().unwrap();
        changed
    }

    /// The keys of the values, and how many ends are known.
    fn kept(database: &Database) -> (Vec<String>, usize) {
        let reading = database.begin_read().unwrap();
        let values = reading.open_table(VALUES).unwrap();
        let keys = values.iter().unwrap().map(|entry| entry.unwrap().0.value().1.to_owned()).collect();
        (keys, reading.open_table(ENDS).unwrap().iter().unwrap().count())
    }

    #[test]
    fn only_what_is_over_is_swept() {
        let database = database();
        change(&database, 1, |tables| {
            for (key, expires) in [("a", 9), ("b", 10), ("c", 11), ("d", NEVER)] {
                assert!(!tables.set("l", key, b"", expires).unwrap());
            }
        });
        assert_eq!(kept(&database).1, 3);
        assert_eq!(sweep(&database, 10, 1), Ok(1));
        assert_eq!(sweep(&database, 10, 9), Ok(1));
        assert_eq!(sweep(&database, 10, 9), Ok(0));
        assert_eq!(kept(&database), (vec!["c".to_owned(), "d".to_owned()], 1));
    }

    #[test]
    fn a_store_that_is_never_idle_keeps_no_more_than_what_is_live() {
        let database = database();
        // A value each moment, each for ten moments: after ten thousand, those that have not ended are left.
        for now in 0..10_000 {
            change(&database, now, |tables| tables.set("l", &now.to_string(), b"v", now + 10).unwrap());
        }
        let (keys, ends) = kept(&database);
        assert_eq!((keys.len(), ends), (10, 10));
        // What has piled up gets fewer: two go for each that comes.
        for now in 20_000..20_005 {
            change(&database, now, |tables| tables.set("l", &now.to_string(), b"v", now + 10).unwrap());
        }
        assert_eq!(kept(&database).0.len(), 5);
    }

    #[test]
    fn an_end_goes_with_its_value() {
        let database = database();
        change(&database, 1, |tables| {
            tables.set("l", "a", b"1", 10).unwrap();
            assert!(tables.set("l", "a", b"2", 20).unwrap());
            assert!(tables.set("l", "a", b"3", NEVER).unwrap());
            tables.set("l", "b", b"1", 10).unwrap();
            assert!(tables.delete("l", "b").unwrap());
            tables.set("l", "c", &1_i64.to_le_bytes(), 10).unwrap();
            assert_eq!(tables.add("l", "c", 1).unwrap(), Ok(2));
        });
        assert_eq!(kept(&database), (vec!["a".to_owned(), "c".to_owned()], 0));
        assert_eq!(sweep(&database, 100, 9), Ok(0));
    }

    #[test]
    fn what_is_over_is_not_there() {
        let database = database();
        change(&database, 1, |tables| {
            tables.set("l", "a", b"1", 10).unwrap();
            assert!(tables.is("l", "a", Some(b"1")).unwrap());
            assert!(!tables.is("l", "a", None).unwrap());
            tables.now = 10;
            assert!(tables.is("l", "a", None).unwrap());
            assert!(!tables.is("l", "a", Some(b"1")).unwrap());
            assert!(!tables.delete("l", "a").unwrap());
        });
    }

    #[test]
    fn values_of_a_file_without_ends_end_too() {
        let database = database();
        let writing = database.begin_write().unwrap();
        let mut values = writing.open_table(VALUES).unwrap();
        values.insert(("l", "a"), (10, &b""[..])).unwrap();
        values.insert(("l", "b"), (NEVER, &b""[..])).unwrap();
        drop(values);
        writing.commit().unwrap();
        index(&database).unwrap();
        assert_eq!(sweep(&database, 10, 9), Ok(1));
        assert_eq!(kept(&database), (vec!["b".to_owned()], 0));
        index(&database).unwrap();
    }
}
