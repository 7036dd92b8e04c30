//! The key-value store in Redis.

use native_runner::host::Redis as Store;
use native_runner::host::store::{LONGEST_KEY, LONGEST_VALUE, now};
use tollgate::host::UnixMillis;

use crate::fixture::{plan, store};
use crate::redis::{Redis, is_there};
use crate::support::eventually;

async fn keys(store: &Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    store.list(prefix, after, limit).await.unwrap().into_iter().map(|entry| entry.key).collect()
}

#[tokio::test]
async fn holds_what_was_set() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let store = store(&plan(&redis));
    assert_eq!(store.get("a").await.unwrap(), None);
    store.set("a", b"1", None).await.unwrap();
    store.set("a", b"\x00\xff\r\n", None).await.unwrap();
    assert_eq!(store.get("a").await.unwrap().unwrap(), b"\x00\xff\r\n");
    assert_eq!(redis.cli(&["exists", "tollgate:value:a"]), "1");
    assert!(store.delete("a").await.unwrap());
    assert!(!store.delete("a").await.unwrap());
    assert_eq!(store.get("a").await.unwrap(), None);
    assert!(!store.swap("a", Some(b"1"), b"2", None).await.unwrap());
    store.set("a", b"1", Some(UnixMillis(now().0 + 3_600_000))).await.unwrap();
    assert!(!store.swap("a", Some(b"2"), b"3", None).await.unwrap());
    assert!(store.swap("a", Some(b"1"), b"2", None).await.unwrap());
    assert_eq!(store.get("a").await.unwrap().unwrap(), b"2");
    // For good.
    assert_eq!(redis.cli(&["pttl", "tollgate:value:a"]), "-1");
}

#[tokio::test]
async fn values_end_and_are_bounded() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let store = store(&plan(&redis));
    store.set("a", b"1", Some(UnixMillis(now().0 + 3_600_000))).await.unwrap();
    let lives: u64 = redis.cli(&["pttl", "tollgate:value:a"]).parse().unwrap();
    assert!((3_500_000..=3_600_000).contains(&lives), "{lives}");
    for past in [0, 1, now().0] {
        store.set("b", b"1", Some(UnixMillis(past))).await.unwrap();
        eventually("the value goes", || redis.cli(&["exists", "tollgate:value:b"]) == "0").await;
    }
    assert!(store.set("", b"", None).await.is_err());
    assert!(store.set(&"a".repeat(LONGEST_KEY + 1), b"", None).await.is_err());
    assert!(store.set("a", &vec![0; LONGEST_VALUE + 1], None).await.is_err());
    store.set(&"a".repeat(LONGEST_KEY), &vec![0; LONGEST_VALUE], None).await.unwrap();
    // Somebody else may write what we would not.
    redis.cli(&["setrange", "tollgate:value:long", &LONGEST_VALUE.to_string(), "x"]);
    assert!(store.get("long").await.is_err());
    redis.cli(&["lpush", "tollgate:value:list", "x"]);
    assert!(store.get("list").await.is_err());
}

#[tokio::test]
async fn lists_by_prefix_page_by_page_whatever_else_is_there() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let one = plan(&redis);
    let mut other = one.clone();
    // Stars in a prefix mean themselves.
    other.prefix = "toll*[a]?\\".into();
    for (plan, stranger) in [(&one, &other), (&other, &one)] {
        let (store, stranger) = (store(plan), store(stranger));
        for key in ["key/1", "key/2", "key/3", "keys", "consumer/a", "l"] {
            store.set(key, b"", None).await.unwrap();
            stranger.set(&format!("{key}x"), b"", None).await.unwrap();
        }
        redis.cli(&["set", "tollgXte:value:key/9", "x"]);
        assert_eq!(keys(&store, "key/", None, 9).await, ["key/1", "key/2", "key/3"]);
        assert_eq!(keys(&store, "key/", None, 2).await, ["key/1", "key/2"]);
        assert_eq!(keys(&store, "key/", Some("key/2"), 2).await, ["key/3"]);
        assert_eq!(keys(&store, "key/", Some("a"), 1).await, ["key/1"]);
        assert!(keys(&store, "m", None, 9).await.is_empty());
        redis.cli(&["flushall"]);
    }
}

#[tokio::test]
async fn a_list_of_many_misses_none() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let store = store(&plan(&redis));
    for number in 0..3_000 {
        store.set(&format!("key/{number:05}"), b"v", None).await.unwrap();
    }
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = keys(&store, "key/", after.as_deref(), 500).await;
        after = page.last().cloned();
        let last = page.len() < 500;
        all.extend(page);
        if last {
            break;
        }
    }
    assert_eq!(all, (0..3_000).map(|number| format!("key/{number:05}")).collect::<Vec<_>>());
}
