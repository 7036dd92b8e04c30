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
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use redb::backends::InMemoryBackend;
use redb::{ConcurrencyMode, Database, ReadableDatabase as _, TableDefinition, TableError};
use tollgate::host::UnixMillis;

mod writer;

use writer::{Change, Order};

/// A label and a key; the moment in milliseconds since 1970 from which the value is gone (`u64::MAX` for never), and the
/// value.
const VALUES: TableDefinition<'_, (&str, &str), (u64, &[u8])> = TableDefinition::new("values");

/// The longest key, in bytes: Spin's bound, so that a key that fits here fits there.
pub const LONGEST_KEY: usize = 255;
/// The longest value, in bytes: Spin's bound for its own store.
pub const LONGEST_VALUE: usize = 1 << 20;
/// Pages of the file that are kept in memory, in bytes. redb's own default is 1 GiB.
const CACHE: usize = 16 << 20;

/// The store. Cloning is cheap and gives the same store.
#[derive(Debug, Clone)]
pub struct Store {
    database: Arc<Database>,
    writer: Sender<Order>,
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
        Self::begin(database)
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
        Self::begin(database)
    }

    fn begin(database: Database) -> anyhow::Result<Self> {
        let database = Arc::new(database);
        let writer = writer::start(Arc::clone(&database))?;
        Ok(Self { database, writer })
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
        self.change(set(label, key, value, expires)?).await.map(drop)
    }

    /// Sets `key` to `after` for good, where it is `before`, and says whether it was.
    pub async fn swap(
        &self,
        label: &str,
        key: &str,
        before: &[u8],
        after: &[u8],
    ) -> Result<bool, StoreError> {
        let set = set(label, key, after, None)?;
        self.change(Change::Swap { before: before.into(), set: Box::new(set) }).await
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
        self.change_blocking(set(label, key, value, expires)?).map(drop)
    }

    /// As [`Self::delete`], where there is no runtime, or a thread that may wait.
    pub fn delete_blocking(&self, label: &str, key: &str) -> Result<bool, StoreError> {
        self.change_blocking(Change::Delete { label: label.into(), key: key.into() })
    }

    async fn change(&self, change: Change) -> Result<bool, StoreError> {
        let (reply, done) = tokio::sync::oneshot::channel();
        let order = Order { change, done: Box::new(move |result| drop(reply.send(result))) };
        self.writer.send(order).map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    fn change_blocking(&self, change: Change) -> Result<bool, StoreError> {
        let (reply, done) = std::sync::mpsc::sync_channel(1);
        let order = Order { change, done: Box::new(move |result| drop(reply.send(result))) };
        self.writer.send(order).map_err(|_| stopped())?;
        done.recv().map_err(|_| stopped())?
    }
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

fn set(label: &str, key: &str, value: &[u8], expires: Option<UnixMillis>) -> Result<Change, StoreError> {
    checked(key, value)?;
    Ok(Change::Set {
        label: label.into(),
        key: key.into(),
        value: value.into(),
        expires: expires.map_or(u64::MAX, |moment| moment.0),
    })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000);
    const L: &str = "default";

    fn text(store: &Store, key: &str) -> Option<String> {
        store.get(L, key, NOW).unwrap().map(|value| String::from_utf8(value).unwrap())
    }

    fn keys(store: &Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        store.list(L, prefix, after, limit, NOW).unwrap().into_iter().map(|entry| entry.key).collect()
    }

    fn file(name: &str) -> std::path::PathBuf {
        let file = std::env::temp_dir().join(format!("tollgate-store-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        file
    }

    #[tokio::test]
    async fn holds_what_was_set() {
        let store = Store::memory().unwrap();
        assert_eq!(text(&store, "a"), None);
        assert!(keys(&store, "", None, 9).is_empty());
        store.set(L, "a", b"1", None).await.unwrap();
        store.set(L, "a", b"2", None).await.unwrap();
        assert_eq!(text(&store, "a").as_deref(), Some("2"));
        assert!(store.delete(L, "a").await.unwrap());
        assert!(!store.delete(L, "a").await.unwrap());
        assert_eq!(text(&store, "a"), None);
    }

    #[tokio::test]
    async fn each_label_is_a_store_of_its_own() {
        let store = Store::memory().unwrap();
        store.set("a", "key", b"1", None).await.unwrap();
        store.set("b", "key", b"2", None).await.unwrap();
        assert_eq!(store.get("a", "key", NOW).unwrap().unwrap(), b"1");
        assert_eq!(store.list("a", "", None, 9, NOW).unwrap().len(), 1);
        assert!(store.delete("a", "key").await.unwrap());
        assert_eq!(store.get("b", "key", NOW).unwrap().unwrap(), b"2");
    }

    #[tokio::test]
    async fn is_swapped_only_where_it_is_what_it_was() {
        let store = Store::memory().unwrap();
        assert!(!store.swap(L, "a", b"1", b"2").await.unwrap());
        assert_eq!(text(&store, "a"), None);
        store.set(L, "a", b"1", None).await.unwrap();
        assert!(!store.swap(L, "a", b"2", b"3").await.unwrap());
        assert!(store.swap(L, "a", b"1", b"2").await.unwrap());
        assert_eq!(text(&store, "a").as_deref(), Some("2"));
    }

    #[tokio::test]
    async fn values_end() {
        let store = Store::memory().unwrap();
        store.set(L, "a", b"1", Some(UnixMillis(1_001))).await.unwrap();
        store.set(L, "b", b"1", Some(UnixMillis(1_000))).await.unwrap();
        assert_eq!(keys(&store, "", None, 9), ["a"]);
        assert_eq!(text(&store, "b"), None);
        // Set again without an end, it has none.
        store.set(L, "b", b"2", None).await.unwrap();
        assert_eq!(store.get(L, "b", UnixMillis(u64::MAX - 1)).unwrap().unwrap(), b"2");
    }

    #[tokio::test]
    async fn lists_by_prefix_page_by_page() {
        let store = Store::memory().unwrap();
        for key in ["key/1", "key/2", "key/3", "keys", "consumer/a", "l"] {
            store.set(L, key, b"", None).await.unwrap();
        }
        assert_eq!(keys(&store, "key/", None, 9), ["key/1", "key/2", "key/3"]);
        assert_eq!(keys(&store, "key/", None, 2), ["key/1", "key/2"]);
        assert_eq!(keys(&store, "key/", Some("key/2"), 2), ["key/3"]);
        assert_eq!(keys(&store, "key/", Some("a"), 1), ["key/1"]);
        assert!(keys(&store, "m", None, 9).is_empty());
    }

    #[tokio::test]
    async fn keys_and_values_are_bounded() {
        let store = Store::memory().unwrap();
        assert!(store.set(L, "", b"", None).await.is_err());
        assert!(store.set(L, &"a".repeat(LONGEST_KEY + 1), b"", None).await.is_err());
        assert!(store.set(L, "a", &vec![0; LONGEST_VALUE + 1], None).await.is_err());
        assert!(store.set(L, &"a".repeat(LONGEST_KEY), &vec![0; LONGEST_VALUE], None).await.is_ok());
    }

    #[test]
    fn two_that_share_a_file_see_the_same() {
        let file = file("shared");
        let (one, other) = (Store::open(&file).unwrap(), Store::open(&file).unwrap());
        one.set_blocking(L, "a", b"1", None).unwrap();
        assert_eq!(text(&other, "a").as_deref(), Some("1"));
        other.set_blocking(L, "a", b"2", None).unwrap();
        assert_eq!(text(&one, "a").as_deref(), Some("2"));
        assert!(one.delete_blocking(L, "a").unwrap());
        assert_eq!(text(&other, "a"), None);
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_file_keeps_what_it_was_given_and_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = file("kept");
        Store::open(&file).unwrap().set_blocking(L, "a", b"1", None).unwrap();
        assert_eq!(text(&Store::open(&file).unwrap(), "a").as_deref(), Some("1"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn what_is_no_store_is_refused_and_left_alone() {
        let file = file("other");
        std::fs::write(&file, "name = \"value\"\n").unwrap();
        let error = format!("{:#}", Store::open(&file).unwrap_err());
        assert!(error.contains("cannot be opened"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "name = \"value\"\n");
        std::fs::remove_file(file).unwrap();
    }

    #[tokio::test]
    async fn many_writers_at_once_lose_nothing() {
        let store = Store::memory().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..500 {
            let store = store.clone();
            tasks.spawn(async move { store.set(L, &format!("k/{number:03}"), b"v", None).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!(keys(&store, "k/", None, 1_000).len(), 500);
    }
}
