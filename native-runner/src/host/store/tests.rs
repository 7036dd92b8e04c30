//! The store.

#![allow(clippy::unwrap_used)]
use super::*;

/// In the year 2096: writers take out by the real clock what has ended.
const NOW: UnixMillis = UnixMillis(4_000_000_000_000);
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
    assert!(!store.swap(L, "a", Some(b"1"), b"2", None).await.unwrap());
    assert_eq!(text(&store, "a"), None);
    store.set(L, "a", b"1", None).await.unwrap();
    assert!(!store.swap(L, "a", Some(b"2"), b"3", None).await.unwrap());
    assert!(!store.swap(L, "a", None, b"3", None).await.unwrap());
    assert!(store.swap(L, "a", Some(b"1"), b"2", None).await.unwrap());
    assert_eq!(text(&store, "a").as_deref(), Some("2"));
}

#[tokio::test]
async fn values_end() {
    let store = Store::memory().unwrap();
    store.set(L, "a", b"1", Some(UnixMillis(NOW.0 + 1))).await.unwrap();
    store.set(L, "b", b"1", Some(NOW)).await.unwrap();
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
