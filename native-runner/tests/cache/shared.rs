//! Two servers that keep answers in one store.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::harness::{Answers, Origin, Running, configuration, get};
use crate::redis::{Redis, is_there};
use crate::support::gateway::Directory;
use crate::support::within;

/// Two servers with a memory of their own each, and the same store; they have the same configuration.
async fn two(origin: &Origin, store: &str, directory: &Directory) -> [Running; 2] {
    let text = configuration(origin, store);
    [Running::start(directory.path(), 2, &text).await, Running::start(directory.path(), 2, &text).await]
}

/// Asks one server until what the other fetched has come to the store; that is all that it may take.
async fn hit(running: &Running, path: &str, body: &str) {
    let found = async {
        loop {
            let got = running.get(path).await;
            if got.is_hit() {
                return got;
            }
        }
    };
    assert_eq!(within("a hit", found).await.body, body);
}

/// What one fetched the other gives, and what one purges the other does not give any more.
async fn share(store: &str) {
    let (origin, directory) = (Origin::open().await, Directory::new());
    let [one, other] = two(&origin, store, &directory).await;
    for path in ["/a", "/b?c=d"] {
        let first = one.get(path).await;
        assert_eq!((first.status, first.is_hit()), (200, false), "{first:?}");
        // It is written after it was given.
        hit(&one, path, &first.body).await;
        let asked = origin.asked();
        let second = other.get(path).await;
        assert!(second.is_hit(), "{second:?}");
        assert_eq!((second.body, origin.asked()), (first.body, asked));
    }
    let orders = [r#"{"all": true}"#, r#"{"prefix": "/"}"#, r#"{"address": "http://a.example/a"}"#];
    for (round, order) in orders.iter().cycle().take(12).enumerate() {
        let (purges, sees) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        hit(purges, "/a", &one.get("/a").await.body).await;
        hit(sees, "/a", &one.get("/a").await.body).await;
        let asked = origin.asked();
        purges.purge(order).await;
        // At once: both have it in memory, and neither gives it.
        let after = sees.get("/a").await;
        assert!(!after.is_hit(), "round {round}: {after:?}");
        assert_eq!(after.body, format!("answer {}", asked + 1), "round {round}");
        hit(purges, "/a", &after.body).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file() {
    share("file = \"store.redb\"").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    share(&format!("redis = \"{}\"", redis.url())).await;
    // What is kept has an end, so that Redis forgets it.
    let keys = redis.cli(&["keys", "*"]);
    let lives: Vec<i64> = keys.lines().map(|key| redis.cli(&["pttl", key]).parse().unwrap()).collect();
    assert_eq!(lives.iter().filter(|lives| **lives == -1).count(), 1, "all but what was purged: {keys}");
}

/// Clients of two servers ask for the same, and the upstream is asked once: one server has the lease, the other waits for
/// what it keeps.
async fn one_lease(store: &str) {
    let (origin, directory) = (Origin::held(Answers::Well).await, Directory::new());
    let [one, other] = two(&origin, store, &directory).await;
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        clients.spawn(get(one.address, "/same"));
        clients.spawn(get(other.address, "/same"));
    }
    one.holds(16).await;
    other.holds(16).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(origin.asked(), 1);
    origin.let_go();
    while let Some(got) = within("an answer", clients.join_next()).await {
        let got = got.unwrap();
        assert_eq!((got.status, &*got.body), (200, "answer 1"), "{got:?}");
    }
    assert_eq!(origin.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_in_a_file() {
    one_lease("file = \"store.redb\"").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_in_redis() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    one_lease(&format!("redis = \"{}\"", redis.url())).await;
}

/// When the upstream fails whoever has the lease, nobody waits for it any longer: all are told, and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_given_back_when_the_upstream_fails() {
    let (origin, directory) = (Origin::held(Answers::Never).await, Directory::new());
    let [one, other] = two(&origin, "file = \"store.redb\"", &directory).await;
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        clients.spawn(get(one.address, "/same"));
        clients.spawn(get(other.address, "/same"));
    }
    one.holds(16).await;
    other.holds(16).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(origin.asked(), 1);
    origin.let_go();
    while let Some(got) = within("an answer", clients.join_next()).await {
        assert_eq!(got.unwrap().status, 502);
    }
    // One for each server, and those who had not come to wait yet.
    assert!(origin.asked() < 8, "{}", origin.asked());
}

/// A store that is gone, or stands still, is as if nothing were kept; and it is used again when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_fails_costs_nobody_an_answer() {
    if !is_there() {
        return;
    }
    let mut redis = Redis::lasting();
    let (origin, directory) = (Origin::open().await, Directory::new());
    let store = format!("redis = \"{}\"", redis.url());
    let text = configuration(&origin, &store).replace("store_timeout = \"2s\"", "store_timeout = \"50ms\"");
    let running = Running::start(directory.path(), 2, &text).await;
    let first = running.get("/a").await;
    hit(&running, "/a", &first.body).await;
    redis.kill();
    for _ in 0..20 {
        let got = running.get("/a").await;
        assert_eq!((got.status, got.is_hit()), (200, false), "{got:?}");
    }
    redis.start_again();
    // What it kept is fresh still.
    hit(&running, "/a", &first.body).await;
    redis.pause();
    for _ in 0..20 {
        assert_eq!(running.get("/a").await.status, 200);
    }
    redis.resume();
    let asked = async {
        while !running.get("/a").await.is_hit() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the store is used again", asked).await;
}
