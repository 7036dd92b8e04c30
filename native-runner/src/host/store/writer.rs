//! The thread that writes: a commit waits for the disk, and nobody who answers requests should.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use redb::{Database, WriteTransaction};
use tollgate::limit::Verdict;

use super::counting::{self, Counted};
use super::values::{self, End};
use super::{StoreError, failed, now};

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
        /// Until when.
        end: End,
    },
    /// Sets a key that has this value.
    Swap {
        /// The value; `None` where there is to be none.
        before: Option<Box<[u8]>>,
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
/// How long after the last change what has ended since is taken out.
const SWEEP: Duration = Duration::from_secs(60);
/// How many of them at once, so that changes that wait get their turn.
const SWEPT: usize = 1_000;

/// Starts the thread. It ends when nobody can send any more. Values that may go take `room` bytes at most.
pub fn start(database: Arc<Database>, room: u64) -> anyhow::Result<Sender<Order>> {
    let (orders, incoming) = channel();
    std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || run(&database, room, &incoming))
        .context("the store's thread cannot be started")?;
    Ok(orders)
}

fn run(database: &Database, room: u64, incoming: &Receiver<Order>) {
    loop {
        match incoming.recv_timeout(SWEEP) {
            Ok(first) => {
                let mut orders = vec![first];
                orders.extend(incoming.try_iter().take(TOGETHER - 1));
                carry_out(database, room, orders);
            }
            Err(RecvTimeoutError::Timeout) => {
                let swept = values::sweep(database, now().0, SWEPT)
                    .and_then(|_| counting::sweep(database, now().0, SWEPT));
                if let Err(error) = swept {
                    tracing::warn!("the store could not be swept: {error}");
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// All of them or none: one that fails takes the others with it, and each is told so.
fn carry_out(database: &Database, room: u64, orders: Vec<Order>) {
    let (changes, waiting): (Vec<_>, Vec<_>) =
        orders.into_iter().map(|order| (order.change, order.done)).unzip();
    match transact(database, room, &changes) {
        Ok(changed) => waiting.into_iter().zip(changed).for_each(|(done, changed)| done(Ok(changed))),
        Err(error) => waiting.into_iter().for_each(|done| done(Err(error.clone()))),
    }
}

fn transact(database: &Database, room: u64, changes: &[Change]) -> Result<Vec<Changed>, StoreError> {
    let writing = database.begin_write().map_err(failed)?;
    let changed = changed(&writing, room, changes)?;
    writing.commit().map_err(failed)?;
    Ok(changed)
}

/// In the order in which they came. Tables are opened where they are needed.
fn changed(writing: &WriteTransaction, room: u64, changes: &[Change]) -> Result<Vec<Changed>, StoreError> {
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
            values => values.insert(values::Tables::open(writing, now().0)?),
        };
        done.push(match change {
            Change::Add { label, key, delta } => Changed::Sum(values.add(label, key, *delta)?),
            other => Changed::Known(apply(values, other)?),
        });
    }
    if let Some(mut values) = values {
        values.collect(room)?;
    }
    if let Some(mut counts) = counts {
        counts.collect()?;
    }
    Ok(done)
}

fn apply(values: &mut values::Tables<'_>, change: &Change) -> Result<bool, StoreError> {
    match change {
        Change::Swap { before, set } => {
            let Change::Set { label, key, .. } = &**set else { return Ok(false) };
            if !values.is(label, key, before.as_deref())? {
                return Ok(false);
            }
            apply(values, set).map(|_| true)
        }
        Change::Set { label, key, value, end } => values.set(label, key, value, *end),
        Change::Delete { label, key } => values.delete(label, key),
        Change::Add { .. } | Change::Count(_) | Change::GiveBack(_) => Ok(false),
    }
}
