//! Thousands of seeds: refusals, resets, partitions, targets that stall, flap or are slow.

use std::time::Duration;

use http::{Method, StatusCode};

use crate::world::{Chance, Mood, World, moods};

const TARGETS: usize = 4;

/// Every request has a second; a try has less than a fourth of it, so that each target can be tried.
fn config(more: &str) -> String {
    let targets: Vec<_> =
        (0..TARGETS).map(|at| format!("{{ name = \"t{at}\", url = \"http://t{at}.test\" }}")).collect();
    format!(
        r#"
[upstreams.up]
targets = [{}]
{more}
[[routes]]
id = "all"
auth = "public"
upstream = "up"
timeouts = {{ request = "1s", connect = "150ms" }}
"#,
        targets.join(", ")
    )
}

/// Requests spread over six seconds, every fifth not idempotent.
fn clients(chance: &mut Chance, count: usize) -> Vec<(Duration, Method)> {
    (0..count)
        .map(|number| {
            let method = if number % 5 == 0 { Method::POST } else { Method::GET };
            (chance.millis(0, 6_000), method)
        })
        .collect()
}

const RETRIES: &str = r#"
[upstreams.up.retries]
attempts = 4
backoff = "5ms"
per_try = "200ms"
budget = { percent = 100, per_second = 1000 }
"#;

#[test]
fn whoever_may_be_served_is_and_nobody_waits_too_long() {
    for seed in 0..2_000 {
        let mut chance = Chance(seed);
        let remembers = seed % 2 == 0;
        let world = World::new(&config(RETRIES), seed, remembers, TARGETS, moods(seed, TARGETS));
        let clients = clients(&mut chance, 40);
        let got = world.serve(clients);
        let sent = world.sent();
        for got in &got {
            let times = sent.get(&got.request).copied().unwrap_or(0);
            assert!(got.took <= Duration::from_secs(1), "seed {seed}: {got:?} waits past its deadline");
            assert!(times <= TARGETS, "seed {seed}: {got:?} was sent {times} times");
            if got.method == Method::GET {
                assert_eq!(got.status, StatusCode::OK, "seed {seed}: {got:?}, though a target is well");
            }
        }
        let receipts = world.receipts.borrow();
        for got in got.iter().filter(|got| got.method == Method::POST) {
            // Once somebody may have acted on it, nobody else is asked.
            let of_it: Vec<_> = receipts.iter().filter(|receipt| receipt.request == got.request).collect();
            let acted = of_it.iter().position(|it| !matches!(it.mood, Mood::Refuses | Mood::Partitioned));
            assert!(acted.is_none_or(|at| at + 1 == of_it.len()), "seed {seed}: {got:?} {of_it:?}");
        }
    }
}

#[test]
fn no_target_starves() {
    let world = World::new(&config(RETRIES), 1, true, TARGETS, |_, _| Mood::Well);
    let mut chance = Chance(3);
    world.serve(clients(&mut chance, 4_000));
    for target in 0..TARGETS {
        let share = world.receipts.borrow().iter().filter(|receipt| receipt.target == target).count();
        assert!((850..1_150).contains(&share), "target {target} got {share} of 4000");
    }
}

#[test]
fn a_second_request_saves_whoever_met_a_slow_target() {
    let hedged = format!("{RETRIES}\n[upstreams.up.hedge]\nafter = \"30ms\"\n");
    let slow = |target: usize, _| if target == 0 { Mood::Slow } else { Mood::Well };
    for seed in 0..200 {
        let world = World::new(&config(&hedged), seed, seed % 2 == 0, TARGETS, slow);
        let got = world.serve(clients(&mut Chance(seed), 50));
        for got in got.iter().filter(|got| got.method == Method::GET) {
            assert_eq!(got.status, StatusCode::OK, "seed {seed}: {got:?}");
            assert!(got.took <= Duration::from_millis(40), "seed {seed}: {got:?}");
        }
        let sent = world.sent();
        assert!(got.iter().all(|got| sent[&got.request] <= 2), "seed {seed}");
    }
}
