//! What every store is to do, asked of every one of them: in memory, in a file, in Redis, and in the simulated host.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use native_runner::host::trust::Trust;
use native_runner::host::{Client, NativeHost, Shared, Stores, Variables};
use native_runner::observe::{AccessLog, Observer};
use tokio::sync::Barrier;
use tollgate::cache::key::{Digest, Keys};
use tollgate::cache::lease::{self, Lease};
use tollgate::cache::policy::{KeyParts, Lifetimes, Passes, Place};
use tollgate::cache::shelf::{self, Sought};
use tollgate::cache::{Caching, Policy};
use tollgate::config::Document;
use tollgate::deadline::Deadline;
use tollgate::host::{Host, KeyValue};
use tollgate::plan::{Abilities, Plan, StorePlan};
use tollgate::sim::SimHost;

use crate::redis::{Redis, is_there};
use crate::support::{gateway::Directory, within};

/// How long something is kept in these tests, where it is to end.
const SHORT: Duration = Duration::from_millis(200);
/// The same where it is not.
const LONG: Duration = Duration::from_secs(3_600);

/// A native host with the store that `store` says, in TOML.
pub fn native(directory: &Path, store: &str) -> (NativeHost, StorePlan) {
    let text =
        format!("[store]\n{store}\n[[routes]]\nid = \"a\"\nauth = \"public\"\nrespond = {{ body = \"\" }}\n");
    let document: Document = toml::from_str(&text).unwrap();
    let (plan, _) = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE).unwrap();
    let variables = Arc::new(Variables::new(BTreeMap::new()));
    let stores = Stores::new(directory, Arc::clone(&variables));
    stores.open(&plan, None).unwrap();
    let observer = Observer::new(AccessLog::to(false, std::io::sink()).unwrap());
    let client = Client::new(Arc::new(Trust::new(directory)), Arc::default());
    let shared = Arc::new(Shared::new(stores));
    let host = NativeHost::new(tokio::time::Instant::now(), client, variables, shared, observer);
    (host, plan.auth.store.unwrap())
}

/// What holds whatever the store is.
#[expect(clippy::cognitive_complexity, reason = "a list of what must hold, one after the other")]
async fn keeps<H: Host>(host: &H, store: &StorePlan) {
    let get = async |key: &str| host.get(store, key).await.unwrap();
    let swap = async |key: &str, before: Option<&[u8]>, after: &'static [u8], keep| {
        host.swap(store, key, before, Bytes::from_static(after), keep).await.unwrap()
    };
    assert_eq!(get("a").await, None);
    host.set_for(store, "a", Bytes::from_static(b"\x00\r\n\xff"), LONG).await.unwrap();
    assert_eq!(get("a").await.unwrap(), &b"\x00\r\n\xff"[..]);
    host.set(store, "a", Bytes::from_static(b"1")).await.unwrap();
    assert_eq!(get("a").await.unwrap(), "1");
    // There is something, and it is something else.
    assert!(!swap("a", None, b"2", None).await);
    assert!(!swap("a", Some(b"2"), b"3", Some(LONG)).await);
    assert!(!swap("a", Some(b""), b"3", None).await);
    assert_eq!(get("a").await.unwrap(), "1");
    assert!(swap("a", Some(b"1"), b"", Some(LONG)).await);
    // Nothing is not an empty value.
    assert_eq!(get("a").await.unwrap(), "");
    assert!(!swap("a", None, b"2", None).await);
    assert!(swap("a", Some(b""), b"2", None).await);
    host.delete(store, "a").await.unwrap();
    host.delete(store, "a").await.unwrap();
    assert_eq!(get("a").await, None);
    assert!(!swap("a", Some(b""), b"2", None).await);
    assert!(swap("a", None, b"2", None).await);
    assert_eq!(get("a").await.unwrap(), "2");
    host.delete(store, "a").await.unwrap();
}

/// What holds where a store forgets.
#[expect(clippy::cognitive_complexity, reason = "a list of what must hold, one after the other")]
async fn forgets<H: Host>(host: &H, store: &StorePlan) {
    assert!(host.forgets(store));
    let get = async |key: &str| host.get(store, key).await.unwrap();
    let value = Bytes::from_static(b"1");
    host.set_for(store, "set", value.clone(), SHORT).await.unwrap();
    host.set_for(store, "set again", value.clone(), SHORT).await.unwrap();
    host.set_for(store, "set for longer", value.clone(), SHORT).await.unwrap();
    assert!(host.swap(store, "swapped", None, value.clone(), Some(SHORT)).await.unwrap());
    host.set_for(store, "swapped for good", value.clone(), SHORT).await.unwrap();
    host.set_for(store, "at once", value.clone(), Duration::ZERO).await.unwrap();
    host.set(store, "set again", value.clone()).await.unwrap();
    host.set_for(store, "set for longer", value.clone(), LONG).await.unwrap();
    let after = Bytes::from_static(b"2");
    // Where the machine stood still, it has ended already, and then it is not there.
    let swapped = host.swap(store, "swapped for good", Some(b"1"), after, None).await.unwrap();
    host.sleep_until(host.tick() + SHORT + Duration::from_millis(50)).await;
    for gone in ["set", "swapped", "at once"] {
        assert_eq!(get(gone).await, None, "{gone}");
    }
    assert_eq!(get("set again").await.unwrap(), "1");
    assert_eq!(get("set for longer").await.unwrap(), "1");
    assert_eq!(get("swapped for good").await.is_some(), swapped);
    // What has ended is not there for a swap either.
    assert!(!host.swap(store, "set", Some(b"1"), value.clone(), None).await.unwrap());
    assert!(host.swap(store, "set", None, value, None).await.unwrap());
    assert_eq!(get("set").await.unwrap(), "1");
}

/// What holds where a store swaps in one step, on threads of their own: whoever is told that they did it did it alone.
async fn swaps_exactly(host: &NativeHost, store: &StorePlan) {
    const SWAPPERS: usize = 16;
    const ROUNDS: usize = 20;
    assert!(host.swaps_exactly(store));
    let barrier = Arc::new(Barrier::new(SWAPPERS));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..SWAPPERS {
        let (host, store, barrier) = (host.clone(), store.clone(), Arc::clone(&barrier));
        tasks.spawn(async move {
            let mut first = 0;
            for round in 0..ROUNDS {
                // The first for each round, as leases are taken; then a number that grows, as purges are written.
                barrier.wait().await;
                let mine = Bytes::from(number.to_string());
                let key = format!("round/{round}");
                first += usize::from(host.swap(&store, &key, None, mine, Some(LONG)).await.unwrap());
                add(&host, &store, "sum").await;
            }
            first
        });
    }
    let firsts: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(firsts, ROUNDS);
    let sum = host.get(store, "sum").await.unwrap().unwrap();
    assert_eq!(sum, (SWAPPERS * ROUNDS).to_string());
}

/// Adds one to a number, again and again until nobody came between.
async fn add(host: &NativeHost, store: &StorePlan, key: &str) {
    loop {
        let before = host.get(store, key).await.unwrap();
        let number: u64 =
            before.as_ref().map_or(0, |before| std::str::from_utf8(before).unwrap().parse().unwrap());
        let after = Bytes::from((number + 1).to_string());
        if host.swap(store, key, before.as_deref(), after, None).await.unwrap() {
            return;
        }
    }
}

/// Of instances that ask at the same time, one has the lease.
async fn leases(hosts: &[NativeHost], store: &StorePlan) {
    let (caching, key) = (Caching { timeout: LONG, ..Caching::default() }, Digest([9; 32]));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (host, store, caching) = (hosts[number % hosts.len()].clone(), store.clone(), caching.clone());
        tasks.spawn(async move { lease::take(&host, &caching, &store, &key, LONG, Deadline::never()).await });
    }
    let taken = tasks.join_all().await;
    let mine: Vec<_> =
        taken.iter().filter_map(|it| if let Lease::Mine(it) = it { Some(*it) } else { None }).collect();
    assert_eq!(mine.len(), 1, "{taken:?}");
    assert_eq!(taken.iter().filter(|lease| **lease == Lease::Theirs).count(), 31);
    for host in hosts {
        assert!(lease::is_held(host, &caching, store, &key, Deadline::never()).await);
    }
    // Whoever has the token may give it back.
    let last = hosts.last().unwrap();
    lease::give_back(last, &caching, store, &key, mine[0], Deadline::never()).await;
    assert!(!lease::is_held(&hosts[0], &caching, store, &key, Deadline::never()).await);
    let again = async {
        while lease::take(&hosts[0], &caching, store, &key, LONG, Deadline::never()).await == Lease::Theirs {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within("what was given back is taken", again).await;
}

async fn all(store: &str) {
    let directory = Directory::new();
    let (host, plan) = native(directory.path(), store);
    keeps(&host, &plan).await;
    forgets(&host, &plan).await;
    swaps_exactly(&host, &plan).await;
    leases(&[host], &plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory() {
    all("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_file() {
    all("file = \"store.redb\"").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_redis() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    all(&format!("redis = \"{}\"", redis.url())).await;
}

#[test]
fn in_the_simulated_host() {
    let (host, store) = (SimHost::new(1), StorePlan::default());
    host.run(async {
        keeps(&host, &store).await;
        forgets(&host, &store).await;
        // As Spin's, where each request meets a fresh instance.
        host.forget(true);
        keeps(&host, &store).await;
        assert!(!host.forgets(&store) && !host.swaps_exactly(&store));
        host.set_for(&store, "kept", Bytes::from_static(b"1"), SHORT).await.unwrap();
        host.sleep(LONG).await;
        assert!(host.get(&store, "kept").await.unwrap().is_some());
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_share_a_file_have_one_lease() {
    let directory = Directory::new();
    let store = "file = \"store.redb\"";
    let ((one, plan), (other, _)) = (native(directory.path(), store), native(directory.path(), store));
    leases(&[one, other], &plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_share_redis_have_one_lease() {
    if !is_there() {
        return;
    }
    let (redis, directory) = (Redis::start(), Directory::new());
    let store = format!("redis = \"{}\"", redis.url());
    let ((one, plan), (other, _)) = (native(directory.path(), &store), native(directory.path(), &store));
    leases(&[one, other], &plan).await;
    // What the server forgets of scripts it is told again, and what stands there ends by itself.
    redis.cli(&["script", "flush"]);
    redis.cli(&["flushall"]);
    let (host, caching) = (native(directory.path(), &store).0, Caching::default());
    let taken = lease::take(&host, &caching, &plan, &Digest([1; 32]), LONG, Deadline::never()).await;
    assert!(matches!(taken, Lease::Mine(_)), "{taken:?}");
    let key = redis.cli(&["keys", "*"]);
    assert!(key.starts_with("tollgate:value:tollgate/cache/lease/"), "{key}");
    let lives: u64 = redis.cli(&["pttl", &key]).parse().unwrap();
    assert!((3_500_000..=3_600_000).contains(&lives), "{lives}");
}

/// Every request has room for all that it may wait for, in each worker's stack and as long as it lives.
#[tokio::test]
async fn what_waits_for_a_store_is_small() {
    const MOST: usize = 12 << 10;
    let directory = Directory::new();
    let (host, store) = native(directory.path(), "redis = \"redis://127.0.0.1:1\"");
    let (key, headers) = (Digest([1; 32]), http::HeaderMap::new());
    let keys = Keys { address: key, part: None };
    let sought = Sought { keys: &keys, headers: &headers, host: "a", target: "/" };
    let caching = Caching { stores: vec![store.clone()], ..Caching::default() };
    let size = size_of_val(&host.swap(&store, "a", None, Bytes::new(), None));
    assert!(size < 1 << 10, "{size}");
    let size = size_of_val(&lease::take(&host, &caching, &store, &key, LONG, Deadline::never()));
    assert!(size < 4 << 10, "{size}");
    let policy = Policy {
        place: Place::Store(0),
        digest: [0; 16],
        key: KeyParts::default(),
        passes: Passes::default(),
        lifetimes: Lifetimes::default(),
        ignore_client: false,
        set_cookie: false,
        etag: false,
        largest: 0,
        coalesce: LONG,
    };
    let size = size_of_val(&shelf::find(&host, &caching, &policy, &sought, Deadline::never()));
    assert!(size < MOST, "{size}");
}
