//! Circuits and ejections as they are documented, through the whole gateway: who fails is left alone, and comes back.

use std::time::Duration;

use http::{Method, StatusCode};
use tollgate::host::Tick;

use crate::world::{Mood, World};

const SECOND: u64 = 1_000_000_000;

/// Two hundred requests a second.
fn clients(seconds: u64) -> Vec<(Duration, Method)> {
    (0..seconds * 200).map(|number| (Duration::from_millis(number * 5), Method::GET)).collect()
}

/// How many requests the target received from one second to another.
fn received(world: &World, target: usize, from: u64, to: u64) -> usize {
    let span = from * SECOND..to * SECOND;
    let receipts = world.receipts.borrow();
    receipts.iter().filter(|receipt| receipt.target == target && span.contains(&receipt.at.0)).count()
}

const CIRCUIT: &str = r#"
[upstreams.up]
url = "http://t0.test"
[upstreams.up.circuit]
upstream = { failure_percent = 50, minimum_requests = 20, window = "1s", open = "1s", most_open = "2s", probes = 3, recovery = "4s" }
[[routes]]
id = "all"
auth = "public"
upstream = "up"
"#;

#[test]
fn a_circuit_opens_probes_and_recovers() {
    for seed in 0..30 {
        // Ill from the third second to the eighth.
        let mood =
            |_, now: Tick| if (2 * SECOND..8 * SECOND).contains(&now.0) { Mood::Busy } else { Mood::Well };
        let world = World::new(CIRCUIT, seed, true, 1, mood);
        let got = world.serve(clients(20));
        assert_eq!(received(&world, 0, 0, 2), 400, "seed {seed}: closed, everybody passes");
        // Half of the requests of a second have failed before it opens.
        let noticed = received(&world, 0, 2, 3);
        assert!((90..=110).contains(&noticed), "seed {seed}: {noticed} until it opened");
        // Open for one second, then two, and two again: three probes each time at most.
        let probes = received(&world, 0, 3, 8);
        assert!((3..=12).contains(&probes), "seed {seed}: {probes} while it was ill");
        let refused = got.iter().filter(|got| got.status == StatusCode::SERVICE_UNAVAILABLE);
        let waited = refused.map(|got| got.took).max().unwrap();
        assert!(waited <= Duration::from_millis(5), "seed {seed}: nobody waits for who is left alone");
        // Well again; found out within the longest time for which it is open. Then more and more pass, for four seconds.
        let shares: Vec<_> = (8..20).map(|second| received(&world, 0, second, second + 1)).collect();
        let first = shares.iter().position(|share| *share > 10).unwrap();
        assert!(first <= 3, "seed {seed}: {shares:?}");
        let ramp = &shares[first..first + 4];
        assert!(ramp[0] < 90 && ramp[2] > ramp[0] && ramp[3] > 120, "seed {seed}: {shares:?}");
        assert_eq!(shares.last(), Some(&200), "seed {seed}: closed again, {shares:?}");
    }
}

const EJECTION: &str = r#"
[upstreams.up]
targets = [
  { name = "t0", url = "http://t0.test" },
  { name = "t1", url = "http://t1.test" },
  { name = "t2", url = "http://t2.test" },
  { name = "t3", url = "http://t3.test" },
]
retries = { attempts = 2, backoff = "1ms", budget = { percent = 100 } }
[upstreams.up.health]
eject = { consecutive_failures = 4, time = "2s", most_time = "10s", jitter_percent = 0 }
[[routes]]
id = "all"
auth = "public"
upstream = "up"
"#;

#[test]
fn who_fails_is_ejected_for_longer_each_time_and_nobody_starves() {
    for seed in 0..30 {
        let ill = usize::try_from(seed % 4).unwrap();
        let mood = move |target: usize, now: Tick| {
            if target == ill && now.0 < 15 * SECOND { Mood::Busy } else { Mood::Well }
        };
        let world = World::new(EJECTION, seed, true, 4, mood);
        let got = world.serve(clients(30));
        assert!(got.iter().all(|got| got.status == StatusCode::OK), "seed {seed}: a retry finds another");
        // Ejected after four failures for 2, 4 and 6 seconds, so four times in fifteen.
        let asked = received(&world, ill, 0, 15);
        assert!((12..=20).contains(&asked), "seed {seed}: the ill target got {asked}");
        let back = received(&world, ill, 24, 30);
        assert!((220..=380).contains(&back), "seed {seed}: well again, it got {back} of 1200");
        for target in (0..4).filter(|target| *target != ill) {
            let share = received(&world, target, 0, 15);
            assert!((850..=1_150).contains(&share), "seed {seed}: target {target} got {share} of 3000");
        }
    }
}
