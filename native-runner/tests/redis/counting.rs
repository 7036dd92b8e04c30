//! What is kept in Redis of a count, and for how long.

use native_runner::host::store::now;
use tollgate::host::values::SWAP;
use tollgate::limit::redis::{DECIDE, GIVE_BACK, count_key};
use tollgate::limit::{Algorithm, Ask, Limit, Verdict};

use crate::fixture::{ask, hourly, key, limit, plan, store};
use crate::model;
use crate::redis::{Redis, is_there};

/// The verdicts of one request of caller 1 on each of `limits`.
async fn count(store: &native_runner::host::Redis, limits: &[&Limit]) -> Vec<Verdict> {
    let mut asks: Vec<Ask<'_>> = (1..).zip(limits).map(|(caller, limit)| ask(limit, caller)).collect();
    store.count(&mut asks, now()).await.unwrap();
    asks.iter().map(|ask| ask.verdict).collect()
}

#[test]
fn scripts_are_called_by_their_digests() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    for script in [DECIDE, GIVE_BACK, SWAP] {
        assert_eq!(redis.cli(&["script", "load", script.text]), script.digest);
    }
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_again() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let (store, limit) = (store(&plan(&redis)), hourly(9));
    for left in [8, 7, 6] {
        let mut asks = [ask(&limit, 1)];
        store.count(&mut asks, now()).await.unwrap();
        assert_eq!(asks[0].verdict.remaining, left);
        redis.cli(&["script", "flush"]);
        if left == 7 {
            store.give_back(&asks, now()).await.unwrap();
            store.count(&mut asks, now()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn all_or_nothing_and_looks_take_nothing() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let store = store(&plan(&redis));
    let (many, few) = (hourly(9), hourly(1));
    assert!(count(&store, &[&many, &few]).await.iter().all(|verdict| verdict.taken == 1));
    let refused = count(&store, &[&many, &few]).await;
    assert_eq!((refused[0].taken, refused[0].enough, refused[0].remaining), (0, true, 8));
    assert_eq!((refused[1].taken, refused[1].enough, refused[1].remaining), (0, false, 0));
    let shadow = Limit { shadow: true, ..hourly(1) };
    let seen = count(&store, &[&many, &shadow]).await;
    assert_eq!((seen[0].taken, seen[0].remaining, seen[1].taken), (1, 7, 0));
    let mut look = [Ask { least: 0, most: 0, ..ask(&many, 1) }];
    store.count(&mut look, now()).await.unwrap();
    assert_eq!((look[0].verdict.taken, look[0].verdict.remaining), (0, 7));
    let mut lease = [Ask { most: 100, ..ask(&many, 1) }];
    store.count(&mut lease, now()).await.unwrap();
    assert_eq!((lease[0].verdict.taken, lease[0].verdict.remaining), (7, 0));
    store.give_back(&lease, now()).await.unwrap();
    store.count(&mut look, now()).await.unwrap();
    assert_eq!(look[0].verdict.remaining, 7);
}

#[tokio::test]
async fn one_that_is_asked_for_twice_is_taken_twice() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let (store, limit) = (store(&plan(&redis)), hourly(3));
    let mut asks = [ask(&limit, 1), ask(&limit, 1)];
    store.count(&mut asks, now()).await.unwrap();
    assert_eq!(asks.each_ref().map(|ask| ask.verdict.remaining), [2, 1]);
    store.count(&mut asks, now()).await.unwrap();
    assert_eq!(asks.each_ref().map(|ask| (ask.verdict.enough, ask.verdict.taken)), [(true, 0), (false, 0)]);
    assert_eq!(asks[0].verdict.remaining, 1);
}

#[tokio::test]
async fn what_cannot_be_read_counts_as_none_and_is_written_over() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let plan = plan(&redis);
    let (store, limit) = (store(&plan), hourly(5));
    let at = count_key(&plan, &key(1));
    let ours = |used: &str| format!("f{} {used} 0", now().0 / 3_600_000 * 3_600_000);
    let bad = [
        String::new(),
        "f1 2".to_owned(),
        "b1 2 3".to_owned(),
        "f1 -2 3".to_owned(),
        "f1 1e3 3".to_owned(),
        " f1 2 3".to_owned(),
        "f1 2 3 ".to_owned(),
        "f99999999999999999 2 3".to_owned(),
        ours("nan"),
        ours("99999999999999999999"),
        format!("f1 2 {}", "3".repeat(1_000_000)),
        "\u{7f}\u{0}f1 2 3".to_owned(),
    ];
    for value in &bad {
        redis.cli(&["set", &at, "x"]);
        let connection = std::net::TcpStream::connect(redis.address()).unwrap();
        set_raw(connection, &at, value.as_bytes());
        let verdict = count(&store, &[&limit]).await[0];
        assert_eq!((verdict.taken, verdict.remaining), (1, 4), "{:?}", &value[..value.len().min(40)]);
    }
    for command in [&["lpush", &at, "x"][..], &["hset", &at, "x", "y"], &["sadd", &at, "x"]] {
        redis.cli(&["del", &at]);
        redis.cli(command);
        assert_eq!(count(&store, &[&limit]).await[0].remaining, 4, "{command:?}");
        assert_eq!(redis.cli(&["get", &at]), ours("1"));
    }
    // What can be read is: as if four had been taken.
    redis.cli(&["set", &at, &ours("4")]);
    assert_eq!(count(&store, &[&limit]).await[0].remaining, 0);
}

/// `redis-cli` cannot say every byte.
fn set_raw(mut connection: std::net::TcpStream, key: &str, value: &[u8]) {
    use std::io::{Read as _, Write as _};
    let head = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${}\r\n", key.len(), value.len());
    connection.write_all(&[head.as_bytes(), value, b"\r\n"].concat()).unwrap();
    let mut said = [0; 5];
    connection.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"+OK\r\n");
}

#[tokio::test]
async fn a_count_is_forgotten_when_it_means_nothing_any_more() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let plan = plan(&redis);
    let store = store(&plan);
    let hour = 3_600_000;
    let zone = tollgate::limit::Zone::named("UTC").unwrap();
    let period = tollgate::config::Period::Hour;
    let cases = [
        // Ten of a hundred are back after six minutes.
        (Algorithm::Bucket { permits: 100, per: hour, burst: 100 }, 359_000, 360_000),
        (Algorithm::Fixed { most: 100, per: hour }, 0, hour),
        (Algorithm::Sliding { most: 100, per: hour }, hour, 2 * hour),
        // The gateway's clock may be behind by a minute.
        (Algorithm::Calendar { most: 100, period, zone }, 60_000 - 1_000, hour + 60_000),
    ];
    for (caller, (algorithm, least, most)) in (1..).zip(cases) {
        let limit = limit(algorithm);
        let mut asks = [Ask { least: 10, most: 10, ..ask(&limit, caller) }];
        store.count(&mut asks, now()).await.unwrap();
        let lives = |_: ()| redis.cli(&["pttl", &count_key(&plan, &key(caller))]).parse::<u64>().unwrap();
        let first = lives(());
        assert!((least..=most).contains(&first), "{:?}: {first}", limit.algorithm);
        // Giving back leaves it as it is.
        store.give_back(&asks, now()).await.unwrap();
        let after = lives(());
        assert!(after <= first && after + 20_000 > first, "{first} {after}");
    }
    // Of a tenth of a second nothing is left after two.
    for algorithm in [Algorithm::Fixed { most: 1, per: 100 }, Algorithm::Sliding { most: 1, per: 100 }] {
        let limit = limit(algorithm);
        store.count(&mut [ask(&limit, 99)], now()).await.unwrap();
        crate::support::eventually("the count goes", || {
            redis.cli(&["exists", &count_key(&plan, &key(99))]) == "0"
        })
        .await;
    }
}

#[tokio::test]
async fn two_stores_count_together_by_the_servers_clock() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let (one, other) = (store(&plan(&redis)), store(&plan(&redis)));
    let limit = limit(Algorithm::Bucket { permits: 50, per: 86_400_000, burst: 50 });
    let mut admitted = 0;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200_u64 {
        let store = if number % 2 == 0 { one.clone() } else { other.clone() };
        let limit = model::limit(0, &(limit.algorithm.clone(), false));
        tasks.spawn(async move {
            let mut asks = [ask(&limit, 1)];
            // What an instance's own clock says does not matter.
            let wrong = tollgate::host::UnixMillis(number * 1_000_000_000);
            store.count(&mut asks, wrong).await.unwrap();
            asks[0].verdict.taken
        });
    }
    while let Some(taken) = tasks.join_next().await {
        admitted += taken.unwrap();
    }
    assert_eq!(admitted, 50);
}
