//! The key-value store: what lasts longer than a request, and perhaps longer than the process.
//!
//! Under each label is a store of its own, as on Spin. One per process, shared by all workers. In memory, or in a file that several processes may have open (redb's
//! multi-writer mode), so that `tollgate keys` works beside a running server and two servers may share one file. A
//! value that was written is there for every reader whose `get` begins afterwards, in any of them.
//!
//! Reads are made where they are asked for: a few microseconds from the cache. Writes wait for the disk, and are made
//! by a thread of their own, many in one transaction where many wait.

use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use redb::backends::InMemoryBackend;
use redb::{ConcurrencyMode, Database, ReadableDatabase as _, TableError};
use tollgate::host::UnixMillis;
use tollgate::limit::Counters;

mod counting;
mod values;
mod writer;

use values::{End, NEVER, VALUES};
use writer::{Change, Changed, Order};

/// The longest key, in bytes: Spin's bound, so that a key that fits here fits there.
pub const LONGEST_KEY: usize = 255;
/// The longest value, in bytes: Spin's bound for its own store.
pub const LONGEST_VALUE: usize = 1 << 20;
/// Pages of the file that are kept in memory, in bytes. redb's own default is 1 GiB.
const CACHE: usize = 16 << 20;

/// How many bytes values may take together that were set for a while, and that nothing depends on: answers, above all, of
/// which clients can ask for any number. What there is no room for goes before its end, the oldest first.
const ROOM_IN_FILE: u64 = 1 << 30;
/// The same where the store is in memory: as much as answers take there by default.
const ROOM_IN_MEMORY: u64 = 64 << 20;

/// The store. Cloning is cheap and gives the same store.
#[derive(Debug, Clone)]
pub struct Store {
    database: Arc<Database>,
    writer: Sender<Order>,
    /// What is counted, where the store is in memory: nothing has to be on a disk before it counts.
    counters: Option<Arc<Counters>>,
}

/// Why the store could not do something; for the operator. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(pub String);

/// A value that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
}

// === impl Store ===

impl Store {
    /// A store in memory: gone with the process.
    pub fn memory() -> anyhow::Result<Self> {
        let database =
            Database::builder().set_cache_size(CACHE).create_with_backend(InMemoryBackend::new())?;
        Ok(Self { counters: Some(Arc::default()), ..Self::begin(database, ROOM_IN_MEMORY)? })
    }

    /// The store in `file`, which is made where there is none, readable by its owner only.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        let options = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file);
        options.with_context(|| format!("the store {} cannot be opened", file.display()))?;
        let database = Database::builder()
            .set_cache_size(CACHE)
            .set_concurrency_mode(ConcurrencyMode::MultiWriter)
            .create(file)
            .with_context(|| format!("the store {} cannot be opened", file.display()))?;
        Self::begin(database, ROOM_IN_FILE)
    }

    fn begin(database: Database, room: u64) -> anyhow::Result<Self> {
        let database = Arc::new(database);
        values::index(&database)?;
        let writer = writer::start(Arc::clone(&database), room)?;
        Ok(Self { database, writer, counters: None })
    }

    /// The value of `key`, where there is one at `now`.
    pub fn get(&self, label: &str, key: &str, now: UnixMillis) -> Result<Option<Vec<u8>>, StoreError> {
        let reading = self.database.begin_read().map_err(failed)?;
        let table = match reading.open_table(VALUES) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let found = table.get((label, key)).map_err(failed)?;
        Ok(found.and_then(|entry| {
            let (expires, value) = entry.value();
            (expires > now.0).then(|| value.to_vec())
        }))
    }

    /// What is there under keys that begin with `prefix`, in the order of the keys: those after `after`, and `limit` at
    /// most.
    pub fn list(
        &self,
        label: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        now: UnixMillis,
    ) -> Result<Vec<Entry>, StoreError> {
        let reading = self.database.begin_read().map_err(failed)?;
        let table = match reading.open_table(VALUES) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            opened => opened.map_err(failed)?,
        };
        let from = match after.filter(|after| *after >= prefix) {
            Some(after) => Bound::Excluded((label, after)),
            None => Bound::Included((label, prefix)),
        };
        let mut found = Vec::new();
        for entry in table.range((from, Bound::Unbounded)).map_err(failed)? {
            let (key, value) = entry.map_err(failed)?;
            let (under, key) = key.value();
            if under != label || !key.starts_with(prefix) || found.len() == limit {
                break;
            }
            let (expires, value) = value.value();
            if expires > now.0 {
                found.push(Entry { key: key.to_owned(), value: value.to_vec() });
            }
        }
        Ok(found)
    }

    /// Sets `key`, until `expires` where that is said. Done means that it is on the disk.
    pub async fn set(
        &self,
        label: &str,
        key: &str,
        value: &[u8],
        expires: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        self.change(set(label, key, value, end(expires))?).await.map(drop)
    }

    /// Sets `key` for a while; it may go sooner, where there is no room for it.
    pub async fn set_for(
        &self,
        label: &str,
        key: &str,
        value: &[u8],
        keep: Duration,
    ) -> Result<(), StoreError> {
        self.change(set(label, key, value, after(keep))?).await.map(drop)
    }

    /// Sets `key` to `after`, for good or as [`Self::set_for`], where it is `before` (`None`: where there is none), and says
    /// whether it was.
    pub async fn swap(
        &self,
        label: &str,
        key: &str,
        before: Option<&[u8]>,
        after: &[u8],
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let set = set(label, key, after, keep.map_or(End::NEVER, self::after))?;
        self.change(Change::Swap { before: before.map(Into::into), set: Box::new(set) }).await
    }

    /// Takes `key` away, and says whether there was one.
    pub async fn delete(&self, label: &str, key: &str) -> Result<bool, StoreError> {
        self.change(Change::Delete { label: label.into(), key: key.into() }).await
    }

    /// As [`Self::set`], where there is no runtime, or a thread that may wait.
    pub fn set_blocking(
        &self,
        label: &str,
        key: &str,
        value: &[u8],
        expires: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        self.change_blocking(set(label, key, value, end(expires))?).map(drop)
    }

    /// As [`Self::delete`], where there is no runtime, or a thread that may wait.
    pub fn delete_blocking(&self, label: &str, key: &str) -> Result<bool, StoreError> {
        self.change_blocking(Change::Delete { label: label.into(), key: key.into() })
    }

    /// Adds `delta` to the number under `key`, 0 where there is none, and nothing comes between; the sum. A number is a value
    /// of 8 bytes, the least significant first. Where there is no runtime, or a thread that may wait.
    pub fn add_blocking(&self, label: &str, key: &str, delta: i64) -> Result<i64, StoreError> {
        set(label, key, &[], End::NEVER)?;
        match self.order_blocking(Change::Add { label: label.into(), key: key.into(), delta })? {
            Changed::Sum(sum) => sum,
            Changed::Known(_) | Changed::Counted(_) => Err(stopped()),
        }
    }

    async fn change(&self, change: Change) -> Result<bool, StoreError> {
        self.order(change).await.map(|changed| matches!(changed, Changed::Known(true)))
    }

    fn change_blocking(&self, change: Change) -> Result<bool, StoreError> {
        self.order_blocking(change).map(|changed| matches!(changed, Changed::Known(true)))
    }

    async fn order(&self, change: Change) -> Result<Changed, StoreError> {
        let (reply, done) = tokio::sync::oneshot::channel();
        let order = Order { change, done: Box::new(move |result| drop(reply.send(result))) };
        self.writer.send(order).map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    fn order_blocking(&self, change: Change) -> Result<Changed, StoreError> {
        let (reply, done) = std::sync::mpsc::sync_channel(1);
        let order = Order { change, done: Box::new(move |result| drop(reply.send(result))) };
        self.writer.send(order).map_err(|_| stopped())?;
        done.recv().map_err(|_| stopped())?
    }
}

/// A number that is kept as a value, and `delta` more; there is none where there is nothing.
pub fn sum(value: Option<&[u8]>, delta: i64) -> Result<i64, StoreError> {
    let number = match value.map(<[u8; 8]>::try_from) {
        None => 0,
        Some(Ok(bytes)) => i64::from_le_bytes(bytes),
        Some(Err(_)) => return Err(StoreError("there is no number under this key".to_owned())),
    };
    number.checked_add(delta).ok_or_else(|| StoreError("the sum is too large".to_owned()))
}

/// Whether a key and its value can be kept.
pub fn checked(key: &str, value: &[u8]) -> Result<(), StoreError> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(StoreError(format!("a key has 1 to {LONGEST_KEY} bytes")));
    }
    if value.len() > LONGEST_VALUE {
        return Err(StoreError(format!("a value has {LONGEST_VALUE} bytes at most")));
    }
    Ok(())
}

fn set(label: &str, key: &str, value: &[u8], end: End) -> Result<Change, StoreError> {
    checked(key, value)?;
    Ok(Change::Set { label: label.into(), key: key.into(), value: value.into(), end })
}

fn end(expires: Option<UnixMillis>) -> End {
    End { expires: expires.map_or(NEVER, |moment| moment.0), spare: false }
}

/// So long from now, or until there is no room.
fn after(keep: Duration) -> End {
    let expires = now().0.saturating_add(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX));
    // For ever would be for good.
    End { expires: expires.min(NEVER - 1), spare: true }
}

/// The time, for those who have no host to ask.
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    StoreError(error.into().to_string())
}

fn stopped() -> StoreError {
    StoreError("the store has stopped".to_owned())
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for tollgate::host::StoreError {
    fn from(error: StoreError) -> Self {
        Self { cause: error.0 }
    }
}

#[cfg(test)]
mod tests;
