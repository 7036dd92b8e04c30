//! Values, their ends, and their room.

#![allow(clippy::unwrap_used)]
use redb::backends::InMemoryBackend;

use super::*;

fn database() -> Database {
    Database::builder().create_with_backend(InMemoryBackend::new()).unwrap()
}

fn until(expires: u64) -> End {
    End { expires, spare: false }
}

fn spare(expires: u64) -> End {
    End { expires, spare: true }
}

fn change<T>(database: &Database, now: u64, change: impl FnOnce(&mut Tables<'_>) -> T) -> T {
    change_within(database, now, u64::MAX, change)
}

fn change_within<T>(
    database: &Database,
    now: u64,
    most: u64,
    change: impl FnOnce(&mut Tables<'_>) -> T,
) -> T {
    let writing = database.begin_write().unwrap();
    let mut tables = Tables::open(&writing, now).unwrap();
    let changed = change(&mut tables);
    tables.collect(most).unwrap();
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

/// How many values may go, and how much room they take.
fn taken(database: &Database) -> (usize, u64) {
    let reading = database.begin_read().unwrap();
    let taken = reading.open_table(TAKEN).unwrap().get(()).unwrap().map_or(0, |taken| taken.value());
    let spare = reading.open_table(SPARE).unwrap();
    let spare: Vec<_> = spare.iter().unwrap().map(Result::unwrap).collect();
    assert_eq!(spare.iter().map(|(_, size)| size.value()).sum::<u64>(), taken);
    (spare.len(), taken)
}

#[test]
fn only_what_is_over_is_swept() {
    let database = database();
    change(&database, 1, |tables| {
        for (key, expires) in [("a", 9), ("b", 10), ("c", 11), ("d", NEVER)] {
            assert!(!tables.set("l", key, b"", until(expires)).unwrap());
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
        change(&database, now, |tables| tables.set("l", &now.to_string(), b"v", spare(now + 10)).unwrap());
    }
    let (keys, ends) = kept(&database);
    assert_eq!((keys.len(), ends), (10, 10));
    assert_eq!(taken(&database), (10, 10 * (1 + 3 * 5 + OVERHEAD as u64)));
    // What has piled up gets fewer: two go for each that comes.
    for now in 20_000..20_005 {
        change(&database, now, |tables| tables.set("l", &now.to_string(), b"v", spare(now + 10)).unwrap());
    }
    assert_eq!(kept(&database).0.len(), 5);
}

#[test]
fn an_end_goes_with_its_value() {
    let database = database();
    change(&database, 1, |tables| {
        tables.set("l", "a", b"1", spare(10)).unwrap();
        assert!(tables.set("l", "a", b"2", until(20)).unwrap());
        assert!(tables.set("l", "a", b"3", End::NEVER).unwrap());
        tables.set("l", "b", b"1", spare(10)).unwrap();
        assert!(tables.delete("l", "b").unwrap());
        tables.set("l", "c", &1_i64.to_le_bytes(), spare(10)).unwrap();
        assert_eq!(tables.add("l", "c", 1).unwrap(), Ok(2));
    });
    assert_eq!(kept(&database), (vec!["a".to_owned(), "c".to_owned()], 0));
    assert_eq!(sweep(&database, 100, 9), Ok(0));
    assert_eq!(taken(&database), (0, 0));
}

#[test]
fn what_was_written_first_goes_where_there_is_no_room() {
    let database = database();
    let (value, size) = ([0; 1_000], 1_000 + 3 * 5 + OVERHEAD as u64);
    change(&database, 0, |tables| {
        // Neither is the cache's: one ends, the other does not.
        tables.set("l", "ends", &value, until(1_000_000)).unwrap();
        tables.set("l", "stays", &value, End::NEVER).unwrap();
    });
    for now in 1_000..3_000 {
        let key = now.to_string();
        change_within(&database, now, 10 * size, |tables| {
            tables.set("l", &key, &value, spare(1_000_000)).unwrap();
            // What is written again is new.
            tables.set("l", "1000", &value, spare(1_000_000 + now)).unwrap();
        });
    }
    let (keys, ends) = kept(&database);
    let last: Vec<_> = (2_991..3_000).map(|key| key.to_string()).collect();
    assert_eq!(keys, [&["1000".to_owned()], &*last, &["ends".to_owned(), "stays".to_owned()]].concat());
    assert_eq!((ends, taken(&database)), (11, (10, 10 * size)));
    // One that is larger than all room together is not kept.
    change_within(&database, 3_000, 10, |tables| tables.set("l", "a", &value, spare(1_000_000)).unwrap());
    assert_eq!(kept(&database).0, ["ends", "stays"]);
    assert_eq!(taken(&database), (0, 0));
}

#[test]
fn room_is_made_piece_by_piece() {
    let database = database();
    change(&database, 0, |tables| {
        for key in 0..EVICTED + 10 {
            tables.set("l", &key.to_string(), b"", spare(100)).unwrap();
        }
    });
    change_within(&database, 1, 0, |_| ());
    assert_eq!(taken(&database).0, 10);
    change_within(&database, 1, 0, |_| ());
    assert_eq!(taken(&database), (0, 0));
}

#[test]
fn what_is_over_is_not_there() {
    let database = database();
    change(&database, 1, |tables| {
        tables.set("l", "a", b"1", spare(10)).unwrap();
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
