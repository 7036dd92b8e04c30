//! Redis is paused, goes on, is killed and comes back while gateways count in it. Every request gets an answer, and what is
//! promised of the limit holds.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::counting::{LIMIT, configuration};
use crate::fleet::Fleet;
use crate::load::{Answer, CONNECTIONS, Load, Rate, count, statuses, worst};
use crate::redis::{self, Redis};

/// How long Redis does not answer, each time.
const AWAY: Duration = Duration::from_millis(1_500);

/// How long a gateway waits for it.
const TIMEOUT: Duration = Duration::from_millis(200);

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Some hundred requests a second to each gateway, and an end.
const RATE: Rate = Rate { requests: 1_000, pause: Duration::from_millis(250) };

/// How long a request may take at most: the component's host waits for Redis, and a machine may be busy.
const LONGEST: Duration = Duration::from_secs(12);

/// What was seen.
struct Run {
    fleet: Fleet,
    answers: Vec<Answer>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_denies_without_the_store_never_admits_more() {
    if !redis::is_there() {
        return;
    }
    let run = run("on_store_failure = \"deny\"", "on_store_failure = \"deny\"").await;
    let admitted = count(&run.answers, 200);
    assert!(admitted <= LIMIT, "{admitted} of {LIMIT}");
    // Redis has counted requests whose gateways no longer waited for it: those that were denied after a wait, and those that
    // were under way when it was killed.
    let lost = LIMIT - admitted;
    let waited = run.answers.iter().filter(|it| it.status == Ok(503) && it.took >= TIMEOUT / 2).count();
    println!("{lost} permits were counted and not used; {waited} requests were denied after a wait");
    assert!(count(&run.answers, 503) > 0);
    assert!(lost <= waited + run.fleet.0.len() * CONNECTIONS, "{lost} lost, {waited} denied after a wait");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_allows_without_the_store_admits_as_many_more_as_it_says() {
    if !redis::is_there() {
        return;
    }
    let run = run("on_store_failure = \"allow\"", "on_store_failure = \"allow\"").await;
    let admitted = count(&run.answers, 200);
    let outcomes = run.fleet.outcomes();
    let without = outcomes.get("allowed without the store").copied().unwrap_or_default();
    assert!(without > 0, "{outcomes:?}");
    assert!(admitted <= LIMIT + without, "{admitted} of {LIMIT}, and {without} without the store");
    assert_eq!(count(&run.answers, 503), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_counts_alone_without_the_store_admits_its_share_more() {
    if !redis::is_there() {
        return;
    }
    // A component has no memory to count in.
    let local = "on_store_failure = \"local\"\nlocal_share = 10";
    let third = if cfg!(feature = "component") { "on_store_failure = \"deny\"" } else { local };
    let run = run(local, third).await;
    let counting = if cfg!(feature = "component") { 2 } else { 3 };
    let admitted = count(&run.answers, 200);
    println!("{admitted} admitted");
    assert!(admitted <= LIMIT + counting * LIMIT / 10, "{admitted} of {LIMIT} and {counting} tenths");
}

/// Runs the load while Redis comes and goes, until all gateways know from Redis that the limit is reached.
async fn run(native: &str, component: &str) -> Run {
    // What it has answered is on the disk: a permit that somebody was told of is there again.
    let mut redis = Redis::lasting();
    let timeout = format!("store_timeout = \"{}ms\"", TIMEOUT.as_millis());
    let fleet = Fleet::start(
        &configuration(&redis, &format!("{native}\n{timeout}")),
        &configuration(&redis, &format!("{component}\n{timeout}")),
    );
    let load = Load::start(&fleet, RATE);
    counted(&redis, LIMIT / 5).await;
    redis.pause();
    sleep(AWAY).await;
    redis.resume();
    counted(&redis, LIMIT / 2).await;
    redis.kill();
    sleep(AWAY).await;
    redis.start_again();
    counted(&redis, LIMIT).await;
    exhausted(&fleet, &load, Instant::now()).await;
    let answers = load.stop().await;
    fleet.await_log(answers.len()).await;
    println!("{:?}; {:?}; longest: {}", statuses(&answers), fleet.outcomes(), worst(&fleet, &answers));
    for answer in &answers {
        assert!(matches!(answer.status, Ok(200 | 429 | 503)), "{answer:?}");
        assert!(answer.took < LONGEST, "{answer:?}");
    }
    Run { fleet, answers }
}

/// Waits until so many are counted in Redis: nobody but the load helps gateways to find it again.
async fn counted(redis: &Redis, count: usize) {
    let begun = Instant::now();
    while in_redis(redis) < count {
        assert!(begun.elapsed() < PATIENCE, "{} of {count} are counted", in_redis(redis));
        sleep(Duration::from_millis(20)).await;
    }
}

/// What Redis has counted: the second number of the only value (src/limit/decide.lua).
fn in_redis(redis: &Redis) -> usize {
    let keys = redis.cli(&["KEYS", "*"]);
    let Some(key) = keys.lines().next() else { return 0 };
    assert_eq!(keys.lines().count(), 1, "{keys}");
    redis.cli(&["GET", key]).split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// Waits until each gateway has refused many requests in a row since `since`.
async fn exhausted(fleet: &Fleet, load: &Load, since: Instant) {
    let begun = Instant::now();
    loop {
        let answers = load.answers();
        let refuses = |member: usize| {
            let own = answers.iter().rev().filter(|answer| answer.member == member && answer.at > since);
            let last: Vec<_> = own.take(CONNECTIONS).collect();
            last.len() == CONNECTIONS && last.iter().all(|answer| answer.status == Ok(429))
        };
        if (0..fleet.0.len()).all(refuses) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{:?} {:?}", statuses(&answers), fleet.outcomes());
        sleep(Duration::from_millis(50)).await;
    }
}
