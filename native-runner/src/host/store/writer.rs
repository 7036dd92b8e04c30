//! The thread that writes: a commit waits for the disk, and nobody who answers requests should.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, Table, TableError, WriteTransaction};
use tollgate::limit::Verdict;

use super::counting::{self, Counted};
use super::{StoreError, VALUES, failed, now, sum};

/// What is to change.
pub enum Change {
    /// Sets a key.
    Set {
        /// Under which label.
        label: Box<str>,
        /// The key.
        key: Box<str>,
        /// Its value.
        value: Box<[u8]>,
        /// From when it is gone, in milliseconds since 1970.
        expires: u64,
    },
    /// Sets a key that has this value.
    Swap {
        /// The value.
        before: Box<[u8]>,
        /// What is set.
        set: Box<Change>,
    },
    /// Takes a key away.
    Delete {
        /// Under which label.
        label: Box<str>,
        /// The key.
        key: Box<str>,
    },
    /// Adds to a number.
    Add {
        /// Under which label.
        label: Box<str>,
        /// The key.
        key: Box<str>,
        /// What is added.
        delta: i64,
    },
    /// Judges a request by its limits.
    Count(Counted),
    /// Gives back what a request took.
    GiveBack(Counted),
}

/// What has become of a change.
pub enum Changed {
    /// Whether there was such a key before.
    Known(bool),
    /// The sum; an error where there is no number under the key.
    Sum(Result<i64, StoreError>),
    /// What the limits say, in the order in which they were asked.
    Counted(Vec<Verdict>),
}

/// A change, and who waits for it.
pub struct Order {
    /// What is to change.
    pub change: Change,
    /// Called when it is on the disk, or could not be.
    pub done: Box<dyn FnOnce(Result<Changed, StoreError>) + Send>,
}

/// How many changes go into one transaction at most: a bound on how long the first of them waits for the others.
const TOGETHER: usize = 256;
/// How often values whose time is over are taken out.
const SWEEP: Duration = Duration::from_secs(60);
/// How many of them at once, so that changes that wait get their turn.
const SWEPT: usize = 1_000;

/// Starts the thread. It ends when nobody can send any more.
pub fn start(database: Arc<Database>) -> anyhow::Result<Sender<Order>> {
    let (orders, incoming) = channel();
    std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || run(&database, &incoming))
        .context("the store's thread cannot be started")?;
    Ok(orders)
}

fn run(database: &Database, incoming: &Receiver<Order>) {
    loop {
        match incoming.recv_timeout(SWEEP) {
            Ok(first) => {
                let mut orders = vec![first];
                orders.extend(incoming.try_iter().take(TOGETHER - 1));
                carry_out(database, orders);
            }
            Err(RecvTimeoutError::Timeout) => {
                let swept = sweep(database, now().0).and_then(|_| counting::sweep(database, now().0, SWEPT));
                if let Err(error) = swept {
                    tracing::warn!("the store could not be swept: {error}");
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// All of them or none: one that fails takes the others with it, and each is told so.
fn carry_out(database: &Database, orders: Vec<Order>) {
    let (changes, waiting): (Vec<_>, Vec<_>) =
        orders.into_iter().map(|order| (order.change, order.done)).unzip();
    match transact(database, &changes) {
        Ok(changed) => waiting.into_iter().zip(changed).for_each(|(done, changed)| done(Ok(changed))),
        Err(error) => waiting.into_iter().for_each(|done| done(Err(error.clone()))),
    }
}

fn transact(database: &Database, changes: &[Change]) -> Result<Vec<Changed>, StoreError> {
    let writing = database.begin_write().map_err(failed)?;
    let changed = changed(&writing, changes)?;
    writing.commit().map_err(failed)?;
    Ok(changed)
}

/// In the order in which they came. Tables are opened where they are needed.
fn changed(writing: &WriteTransaction, changes: &[Change]) -> Result<Vec<Changed>, StoreError> {
    let (mut values, mut counts) = (None, None);
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        if let Change::Count(counted) | Change::GiveBack(counted) = change {
            let counts = match &mut counts {
                Some(counts) => counts,
                counts => counts.insert(counting::Tables::open(writing)?),
            };
            let verdicts = match change {
                Change::GiveBack(_) => counts.give_back(counted).map(|()| Vec::new()),
                _ => counts.count(counted),
            };
            done.push(Changed::Counted(verdicts?));
            continue;
        }
        let values = match &mut values {
            Some(values) => values,
            values => values.insert(writing.open_table(VALUES).map_err(failed)?),
        };
        done.push(match change {
            Change::Add { label, key, delta } => Changed::Sum(add(values, label, key, *delta)?),
            other => Changed::Known(apply(values, other)?),
        });
    }
    if let Some(mut counts) = counts {
        counts.collect()?;
    }
    Ok(done)
}

/// The inner error is the one asker's: what stands under the key is no number.
fn add(
    table: &mut Values<'_>,
    label: &str,
    key: &str,
    delta: i64,
) -> Result<Result<i64, StoreError>, StoreError> {
    let found = table.get((label, key)).map_err(failed)?;
    let sum = sum(found.as_ref().map(|found| found.value().1), delta);
    drop(found);
    if let Ok(sum) = sum {
        table.insert((label, key), (u64::MAX, &sum.to_le_bytes()[..])).map_err(failed)?;
    }
    Ok(sum)
}

type Values<'a> = Table<'a, (&'static str, &'static str), (u64, &'static [u8])>;

fn commit<T>(
    database: &Database,
    work: impl FnOnce(&mut Values<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let writing = database.begin_write().map_err(failed)?;
    let worked = work(&mut writing.open_table(VALUES).map_err(failed)?)?;
    writing.commit().map_err(failed)?;
    Ok(worked)
}

fn apply(table: &mut Values<'_>, change: &Change) -> Result<bool, StoreError> {
    let before = match change {
        Change::Swap { before, set } => {
            let Change::Set { label, key, .. } = &**set else { return Ok(false) };
            let found = table.get((&**label, &**key)).map_err(failed)?;
            let same = found.is_some_and(|found| found.value().1 == &**before);
            return if same { apply(table, set) } else { Ok(false) };
        }
        Change::Set { label, key, value, expires } => table.insert((&**label, &**key), (*expires, &**value)),
        Change::Delete { label, key } => table.remove((&**label, &**key)),
        Change::Add { .. } | Change::Count(_) | Change::GiveBack(_) => return Ok(false),
    };
    Ok(before.map_err(failed)?.is_some())
}

/// Looks first: a transaction that changes nothing would wait for the disk all the same.
fn sweep(database: &Database, now: u64) -> Result<usize, StoreError> {
    let over = over(database, now)?;
    if over.is_empty() {
        return Ok(0);
    }
    commit(database, |table| {
        for (label, key) in &over {
            // It may have been set again meanwhile.
            let still =
                table.get((&**label, &**key)).map_err(failed)?.is_some_and(|entry| entry.value().0 <= now);
            if still {
                table.remove((&**label, &**key)).map_err(failed)?;
            }
        }
        Ok(over.len())
    })
}

/// Labels and keys.
fn over(database: &Database, now: u64) -> Result<Vec<(String, String)>, StoreError> {
    let reading = database.begin_read().map_err(failed)?;
    let table = match reading.open_table(VALUES) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        opened => opened.map_err(failed)?,
    };
    let mut over = Vec::new();
    for entry in table.iter().map_err(failed)? {
        let (key, value) = entry.map_err(failed)?;
        if value.value().0 <= now {
            let (label, key) = key.value();
            over.push((label.to_owned(), key.to_owned()));
        }
        if over.len() == SWEPT {
            break;
        }
    }
    Ok(over)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use redb::backends::InMemoryBackend;

    use super::*;

    #[test]
    fn only_what_is_over_is_swept() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        commit(&database, |table| {
            for (key, expires) in [("a", 9), ("b", 10), ("c", 11), ("d", u64::MAX)] {
                table.insert(("l", key), (expires, &b""[..])).unwrap();
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(sweep(&database, 10), Ok(2));
        assert_eq!(sweep(&database, 10), Ok(0));
        let reading = database.begin_read().unwrap();
        let table = reading.open_table(VALUES).unwrap();
        let left: Vec<_> = table.iter().unwrap().map(|entry| entry.unwrap().0.value().1.to_owned()).collect();
        assert_eq!(left, ["c", "d"]);
    }
}
