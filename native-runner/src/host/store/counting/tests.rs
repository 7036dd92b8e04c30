//! Counting in the store.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use redb::ReadableTableMetadata as _;
use tollgate::limit::{Counters, Limit, OnFailure, Place, Weight};

use super::*;

const BEGINNING: u64 = 1_767_225_600_000;
const DAY: u64 = 86_400_000;
const L: &str = "default";

fn limit(algorithm: Algorithm) -> Limit {
    Limit {
        name: "a".into(),
        algorithm,
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place: Place::Store(0),
        lease: 1,
        shadow: false,
        on_failure: OnFailure::Deny,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

fn ask(limit: &Limit, key: u128, least: u64) -> Ask<'_> {
    Ask { limit, key: Key(key.to_be_bytes()), least, most: least, verdict: Verdict::default() }
}

fn quota(most: u64) -> Limit {
    limit(Algorithm::Fixed { most, per: DAY })
}

struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let file = std::env::temp_dir().join(format!("tollgate-count-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        Self(file)
    }

    fn open(&self) -> Store {
        Store::open(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How many of `requests` are admitted, half of them asking each of two stores, sixteen at a time in each.
async fn admitted(stores: &[Store], requests: usize, most: u64) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for store in stores {
        for _ in 0..16 {
            let (store, requests) = (store.clone(), requests / stores.len() / 16);
            tasks.spawn(async move {
                let (limit, mut admitted) = (quota(most), 0);
                for _ in 0..requests {
                    let mut asks = [ask(&limit, 1, 1)];
                    store.count(L, &mut asks, UnixMillis(BEGINNING)).await.unwrap();
                    admitted += usize::from(asks[0].verdict.enough);
                }
                admitted
            });
        }
    }
    tasks.join_all().await.into_iter().sum()
}

fn rows(store: &Store) -> (u64, u64) {
    let reading = store.database.begin_read().unwrap();
    (reading.open_table(STATES).unwrap().len().unwrap(), reading.open_table(ENDS).unwrap().len().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_share_a_file_admit_exactly_so_many() {
    let file = File::new("two");
    let stores = [file.open(), file.open()];
    assert_eq!(admitted(&stores, 640, 200).await, 200);
    assert_eq!(admitted(&[file.open()], 32, 200).await, 0, "a restart forgets nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_counts_in_memory() {
    let store = Store::memory().unwrap();
    assert_eq!(admitted(&[store.clone(), store], 640, 200).await, 200);
}

/// In a random schedule with looks, weights, several limits and permits that are given back.
#[tokio::test]
async fn is_the_same_as_in_memory() {
    let file = File::new("same");
    let (store, memory) = (file.open(), Counters::default());
    let limits = [
        limit(Algorithm::Fixed { most: 7, per: 10_000 }),
        limit(Algorithm::Sliding { most: 9, per: 15_000 }),
        limit(Algorithm::Bucket { permits: 2, per: 1_000, burst: 6 }),
        Limit { shadow: true, ..limit(Algorithm::Fixed { most: 3, per: 5_000 }) },
    ];
    let (mut seed, mut at) = (1_u64, BEGINNING);
    let mut below = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % bound).unwrap()
    };
    for step in 0..400 {
        at += [0, 1, 40, 700, 6_000, 40_000][below(6)];
        let caller = below(3);
        let mut asks = Vec::new();
        for (index, limit) in limits.iter().enumerate() {
            if below(2) == 0 {
                asks.push(ask(limit, (index * 10 + caller) as u128, [0, 1, 1, 1, 2, 8][below(6)]));
            }
        }
        store.count(L, &mut asks, UnixMillis(at)).await.unwrap();
        let by_store: Vec<_> = asks.iter().map(|ask| ask.verdict).collect();
        memory.count(&mut asks, at);
        let by_memory: Vec<_> = asks.iter().map(|ask| ask.verdict).collect();
        assert_eq!(by_store, by_memory, "step {step}");
        if below(8) == 0 {
            store.give_back(L, &asks, UnixMillis(at)).await.unwrap();
            memory.give_back(&asks, at);
        }
    }
}

#[tokio::test]
async fn labels_are_stores_of_their_own() {
    let (file, limit) = (File::new("labels"), quota(1));
    let store = file.open();
    for label in ["a", "b"] {
        let mut asks = [ask(&limit, 1, 1)];
        store.count(label, &mut asks, UnixMillis(BEGINNING)).await.unwrap();
        assert!(asks[0].verdict.enough, "{label}");
    }
}

/// Three weeks of virtual time: some thousand callers, of whom a few are live at a time.
#[tokio::test]
async fn what_has_ended_is_forgotten() {
    let file = File::new("ended");
    let store = file.open();
    let (minute, bucket) = (
        limit(Algorithm::Fixed { most: 100, per: 60_000 }),
        limit(Algorithm::Bucket { permits: 1, per: 1_000, burst: 60 }),
    );
    let mut most = (0, 0);
    for round in 0..60_u64 {
        let at = BEGINNING + round * 30_000;
        let mut tasks = Vec::new();
        for caller in 0..50_u64 {
            let (store, minute, bucket) = (&store, &minute, &bucket);
            tasks.push(async move {
                let key = u128::from(round * 50 + caller);
                let mut asks = [ask(minute, key, 1), ask(bucket, key + (1 << 64), 30)];
                store.count(L, &mut asks, UnixMillis(at)).await.unwrap();
            });
        }
        futures_util::future::join_all(tasks).await;
        let now = rows(&store);
        most = (most.0.max(now.0), most.1.max(now.1));
    }
    // Both live for a minute at most, which is two rounds of fifty callers with two states each; and one more round of what
    // has just ended. Six thousand states were there in all.
    assert!(most.0 <= 100 * 4 && most.1 <= most.0, "{most:?}");
    assert!(sweep(&store.database, BEGINNING + DAY, 10_000).unwrap() > 0);
    assert_eq!(rows(&store), (0, 0));
    assert_eq!(sweep(&store.database, BEGINNING + DAY, 10_000), Ok(0));
}

#[tokio::test]
async fn a_state_that_lives_longer_than_it_was_to_is_kept() {
    let file = File::new("longer");
    let (store, bucket) = (file.open(), limit(Algorithm::Bucket { permits: 1, per: 1_000, burst: 100 }));
    for second in 0..30 {
        let at = UnixMillis(BEGINNING + second * 1_000);
        store.count(L, &mut [ask(&bucket, 1, 3)], at).await.unwrap();
        store.count(L, &mut [ask(&bucket, 100 + u128::from(second), 1)], at).await.unwrap();
    }
    let mut look = [ask(&bucket, 1, 0)];
    store.count(L, &mut look, UnixMillis(BEGINNING + 29_000)).await.unwrap();
    assert_eq!(look[0].verdict.remaining, 100 - 30 * 3 + 29);
}

#[test]
fn refusals_and_looks_write_nothing() {
    let (file, limit) = (File::new("reads"), quota(1));
    let store = file.open();
    let counted = |least| Counted::new(L, &[ask(&limit, 1, least)], UnixMillis(BEGINNING));
    assert!(store.without_change(&counted(1)).unwrap().is_none());
    assert!(store.without_change(&counted(0)).unwrap().unwrap()[0].enough);
    assert!(!store.without_change(&counted(2)).unwrap().unwrap()[0].enough);
}

#[test]
fn numbers_are_added_to() {
    for store in [Store::memory().unwrap(), File::new("add").open()] {
        assert_eq!(store.add_blocking(L, "n", 5), Ok(5));
        assert_eq!(store.add_blocking(L, "n", -2), Ok(3));
        assert_eq!(store.add_blocking(L, "n", 0), Ok(3));
        assert_eq!(store.get(L, "n", UnixMillis(0)).unwrap().unwrap(), 3_i64.to_le_bytes());
        assert_eq!(store.add_blocking(L, "n", i64::MAX).unwrap_err().0, "the sum is too large");
        store.set_blocking(L, "text", b"abc", None).unwrap();
        assert!(store.add_blocking(L, "text", 1).is_err());
        assert!(store.add_blocking(L, "", 1).is_err());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                std::thread::spawn(move || {
                    (0..25).for_each(|_| assert!(store.add_blocking(L, "m", 1).is_ok()))
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(store.add_blocking(L, "m", 0), Ok(100));
    }
}

/// What the next test starts, and kills: counts until it is, and says each permit that it has.
#[test]
#[ignore = "a part of the next"]
fn counts_until_it_is_killed() {
    let Some(file) = std::env::var_os("TOLLGATE_COUNTS_IN") else { return };
    let (store, limit) = (Store::open(Path::new(&file)).unwrap(), quota(1_000_000));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for number in 1..1_000_000 {
        runtime.block_on(store.count(L, &mut [ask(&limit, 1, 1)], UnixMillis(BEGINNING))).unwrap();
        println!("\ncounted {number}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let file = File::new("killed");
    let mut said = 0;
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--nocapture", "--exact"])
            .arg("host::store::counting::tests::counts_until_it_is_killed")
            .env("TOLLGATE_COUNTS_IN", &file.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        said += lines.filter(|line| line.starts_with("counted")).take(25).count() as u64;
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        let (store, limit) = (file.open(), quota(1_000_000));
        let mut look = [ask(&limit, 1, 0)];
        store.count(L, &mut look, UnixMillis(BEGINNING)).await.unwrap();
        let used = 1_000_000 - look[0].verdict.remaining;
        assert!(used >= said && said > 0, "{used} are counted, and {said} were said");
        said = used;
    }
}
