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
    /// How often Redis was away.
    times: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_denies_without_the_store_never_admits_more() {
    if !redis::is_there() {
        return;
    }
    let run = run("on_store_failure = \"deny\"", "on_store_failure = \"deny\"").await;
    let admitted = count(&run.answers, 200);
    assert!(admitted <= LIMIT, "{admitted} of {LIMIT}");
    // Redis may have counted a request whose gateway no longer waited for it: those under way when it went away, and those
    // that asked whether it was back.
    let lost = LIMIT - admitted;
    println!("{lost} permits were counted and not used");
    let denied = count(&run.answers, 503);
    assert!(denied > 0 && lost <= denied, "{lost} lost, {denied} denied");
    assert!(lost <= run.times * run.fleet.0.len() * CONNECTIONS, "{lost} lost");
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
    assert!(admitted <= LIMIT + counting * LIMIT / 10, "{admitted} of {LIMIT} and {counting} tenths");
}

/// Runs the load while Redis comes and goes, until all gateways know from Redis that the limit is reached.
async fn run(native: &str, component: &str) -> Run {
    // What it has answered is on the disk: a permit that somebody was told of is there again.
    let mut redis = Redis::lasting();
    let timeout = "store_timeout = \"200ms\"";
    let fleet = Fleet::start(
        &configuration(&redis, &format!("{native}\n{timeout}")),
        &configuration(&redis, &format!("{component}\n{timeout}")),
    );
    let load = Load::start(&fleet, RATE);
    counted(&fleet, LIMIT / 5).await;
    redis.pause();
    sleep(AWAY).await;
    redis.resume();
    counted(&fleet, LIMIT / 2).await;
    redis.kill();
    sleep(AWAY).await;
    redis.start_again();
    exhausted(&fleet, &load, Instant::now()).await;
    let answers = load.stop().await;
    fleet.await_log(answers.len()).await;
    println!("{:?}; {:?}; longest: {}", statuses(&answers), fleet.outcomes(), worst(&fleet, &answers));
    for answer in &answers {
        assert!(matches!(answer.status, Ok(200 | 429 | 503)), "{answer:?}");
        assert!(answer.took < LONGEST, "{answer:?}");
    }
    Run { fleet, answers, times: 2 }
}

/// Waits until the store has admitted so many.
async fn counted(fleet: &Fleet, count: usize) {
    let begun = Instant::now();
    while fleet.outcomes().get("admitted").is_none_or(|admitted| *admitted < count) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", fleet.outcomes());
        sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until each gateway has refused a few requests in a row since `since`.
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
