//! Permits taken ahead of use: how often the store is asked, how much is admitted, and who waits for whom.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tollgate::config::Period;
use tollgate::host::Random as _;
use tollgate::limit::{Algorithm, Limit, Limits, OnFailure, Outcome, Place, Ruling, Zone, lease};

use super::world::{AT_ONCE, Instance, Mood, World, failing, in_store, limit, limits, timed, together};

const INSTANCES: usize = 3;

/// A limit with so much time that nobody in a storm goes without an answer.
fn leased(algorithm: Algorithm, lease: u64) -> Limits {
    let timeout = Duration::from_secs(2);
    limits(vec![Limit { lease, timeout, ..limit(algorithm, Place::Store(0)) }])
}

/// A request that was admitted, in milliseconds since the beginning.
#[derive(Debug, Clone, Copy)]
struct Admitted {
    begun: u64,
    ended: u64,
    weight: u64,
}

/// Requests of three instances at random moments of so many milliseconds, to a store that takes up to 20 ms.
fn storm(seed: u64, limits: &Limits, requests: usize, millis: u64, heaviest: u64) -> (Vec<Admitted>, usize) {
    let world = World::new();
    let mut draw = vec![0; 24 * requests];
    tollgate::sim::SimHost::new(seed).fill(&mut draw);
    let draws = draw.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    let draws: Vec<_> = draws.collect();
    let instances: Vec<_> = (0..INSTANCES).map(|_| world.instance()).collect();
    let request = |draw: &[u64]| {
        let (at, weight) = (draw[0] % millis, 1 + draw[1] % heaviest);
        let (instance, delay) = (draw[2] as usize % INSTANCES, draw[2] / 8 % 20);
        let (world, instances) = (&world, &instances);
        let story = async move {
            world.moods[0].set(Mood::Answers(Duration::from_millis(delay)));
            let judgement = instances[instance].judge(limits, weight).await;
            assert!(judgement.judged[0].outcome != Outcome::Allowed, "it was not answered");
            let admitted = judgement.ruling == Ruling::Admitted;
            admitted.then(|| Admitted { begun: at, ended: world.millis(), weight })
        };
        (at, story)
    };
    let mut requests: Vec<_> = draws.chunks_exact(3).map(request).collect();
    requests.sort_by_key(|(at, _)| *at);
    let told = world.run(timed(&world, requests));
    (told.into_iter().flatten().collect(), world.calls[0].get())
}

/// What was admitted in `from..to`, from beginning to end.
fn within(admitted: &[Admitted], from: u64, to: u64) -> u64 {
    admitted.iter().filter(|it| it.begun >= from && it.ended < to).map(|it| it.weight).sum()
}

#[test]
fn windows_are_kept_to_the_last_permit() {
    for seed in 0..20 {
        for algorithm in
            [Algorithm::Fixed { most: 100, per: 1_000 }, Algorithm::Sliding { most: 100, per: 1_000 }]
        {
            let limits = leased(algorithm.clone(), 10);
            assert_eq!((lease::over(&limits.all[0]), lease::unused(&limits.all[0])), (0, 9));
            let (admitted, calls) = storm(seed, &limits, 1_500, 4_000, 3);
            for span in 0..4 {
                let inside = within(&admitted, span * 1_000, (span + 1) * 1_000);
                assert!(inside <= 100, "{seed}, {algorithm:?}: {inside} in span {span}");
            }
            let all: u64 = admitted.iter().map(|it| it.weight).sum();
            assert!(all <= 400, "{all}");
            if matches!(algorithm, Algorithm::Fixed { .. }) {
                // Some seven times as many ask. What is missing is what instances hold.
                assert!(all >= 4 * (100 - INSTANCES as u64 * 9), "{all}");
            }
            assert!(calls < 750, "{calls} calls for {} requests", admitted.len());
        }
    }
}

#[test]
fn a_sliding_window_is_never_over_its_estimate() {
    const PER: u64 = 1_000;
    for seed in 0..20 {
        let limits = leased(Algorithm::Sliding { most: 100, per: PER }, 10);
        let (admitted, _) = storm(seed, &limits, 1_500, 5_000, 3);
        let inside: Vec<_> = admitted.into_iter().filter(|it| it.begun / PER == it.ended / PER).collect();
        for this in &inside {
            let start = this.begun / PER * PER;
            let counted = |it: &&Admitted| it.begun >= start && it.ended < this.begun;
            let used: u64 = inside.iter().filter(counted).map(|it| it.weight).sum();
            let before = if start == 0 { 0 } else { within(&inside, start - PER, start) };
            let elapsed = this.ended - start;
            assert!(
                before * (PER - elapsed) + (used + this.weight) * PER <= 100 * PER,
                "{seed}: {this:?} {before} {used}"
            );
        }
    }
}

#[test]
fn the_calendar_is_kept_too() {
    let utc = Zone::named("UTC").unwrap();
    let limits = leased(Algorithm::Calendar { most: 60, period: Period::Hour, zone: utc }, 8);
    // The world begins with an hour; an hour and a half of it.
    let (admitted, _) = storm(5, &limits, 600, 5_400_000, 2);
    assert!(within(&admitted, 0, 3_600_000) <= 60);
    assert!(within(&admitted, 3_600_000, 7_200_000) <= 60);
    assert!(admitted.iter().map(|it| it.weight).sum::<u64>() >= 2 * (60 - INSTANCES as u64 * 7));
}

#[test]
fn a_bucket_is_over_by_less_than_a_lease_for_each_instance() {
    for seed in 0..20 {
        // 50 at once, and one each 10 ms.
        let limits = leased(Algorithm::Bucket { permits: 1, per: 10, burst: 50 }, 10);
        let over = lease::over(&limits.all[0]) * INSTANCES as u64;
        assert_eq!(over, 27);
        let (mut admitted, _) = storm(seed, &limits, 1_000, 3_000, 3);
        admitted.sort_by_key(|it| it.begun);
        for (at, first) in admitted.iter().enumerate() {
            for last in &admitted[at..] {
                let inside = within(&admitted, first.begun, last.ended + 1);
                let span = (last.ended + 1).saturating_sub(first.begun);
                assert!(inside <= 50 + span.div_ceil(10) + over, "{seed}: {inside} in {span} ms");
            }
        }
        let all: u64 = admitted.iter().map(|it| it.weight).sum();
        assert!(all >= 250, "{seed}: {all} of 350");
    }
}

#[test]
fn the_store_is_asked_once_a_lease() {
    for (lease, expected) in [(2, 500), (10, 100), (100, 10)] {
        let world = World::new();
        let instance = world.instance();
        let limits = leased(super::world::minute(1_000_000), lease);
        world.run(async {
            for _ in 0..1_000 {
                assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
            }
        });
        assert_eq!(world.calls[0].get(), expected, "{lease} at a time");
    }
}

#[test]
fn what_is_told_is_what_the_store_has_and_what_is_left_here() {
    let world = World::new();
    let instance = world.instance();
    let limits = leased(super::world::minute(25), 10);
    world.run(async {
        world.pass(1_000).await;
        for expected in (0..25).rev() {
            let told = instance.judge(&limits, 1).await.judged[0];
            assert_eq!((told.remaining, told.reset), (expected, 59_000));
        }
        let told = instance.judge(&limits, 1).await.judged[0];
        assert_eq!((told.outcome, told.remaining, told.retry), (Outcome::Refused, 0, 59_000));
        // Ten, ten, five, and none.
        assert_eq!(world.calls[0].get(), 4);
    });
}

#[test]
fn a_request_that_weighs_more_than_a_lease_takes_what_it_weighs() {
    let world = World::new();
    let instance = world.instance();
    let limits = leased(super::world::minute(100), 10);
    world.run(async {
        for (weight, remaining) in [(30, 70), (3, 67), (8, 59), (51, 8), (8, 0)] {
            let judgement = instance.judge(&limits, weight).await;
            assert_eq!((judgement.ruling, judgement.judged[0].remaining), (Ruling::Admitted, remaining));
        }
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
    });
}

#[test]
fn many_that_find_nothing_ask_once() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Answers(Duration::from_millis(20)));
    let limits = leased(super::world::minute(1_000), 100);
    world.run(async {
        let ruled = together((0..100).map(|_| instance.ruling(&limits)).collect()).await;
        assert!(ruled.iter().all(|ruling| *ruling == Ruling::Admitted));
        assert_eq!((world.calls[0].get(), world.millis()), (1, 20));
    });
}

#[test]
fn callers_beyond_their_limit_ask_once_a_second() {
    let world = World::new();
    let instance = world.instance();
    let limits = leased(super::world::minute(10), 5);
    world.run(async {
        for _ in 0..10 {
            assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
        }
        let before = world.calls[0].get();
        for _ in 0..1_000 {
            assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
            world.pass(10).await;
        }
        assert_eq!(world.calls[0].get() - before, 10);
        // In the next span there are some again, however long the refusal was to hold.
        world.pass(59_990 - world.millis()).await;
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
        world.pass(10).await;
        assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
    });
}

#[test]
fn whoever_asks_and_goes_away_gives_the_turn_to_the_next() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Stalls);
    let limits = leased(super::world::minute(10), 5);
    world.run(async {
        let mut next = pin!(instance.ruling(&limits));
        {
            let mut first = pin!(instance.ruling(&limits));
            poll_fn(|cx| {
                assert!(first.as_mut().poll(cx).is_pending() && next.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(world.calls[0].get(), 1);
            world.moods[0].set(AT_ONCE);
        }
        assert_eq!(next.await, Ruling::Admitted);
        assert_eq!((world.calls[0].get(), world.millis()), (2, 0));
    });
}

#[test]
fn nobody_waits_longer_than_the_time_out_for_a_turn() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Stalls);
    let limits = limits(vec![Limit { lease: 5, ..failing(in_store(0, 10), OnFailure::Local(50)) }]);
    world.run(async {
        let request = |instance: Instance, limits| async move { instance.judge(limits, 1).await };
        let told = together((0..20).map(|_| request(instance.clone(), &limits)).collect()).await;
        assert_eq!(world.millis(), 50);
        assert_eq!(told.iter().filter(|it| it.ruling == Ruling::Admitted).count(), 5, "half of ten");
        // While the store is left alone, nobody waits.
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
        assert_eq!((world.millis(), world.calls[0].get()), (50, 1));
    });
}

#[test]
fn what_another_limit_refuses_stays_in_the_lease() {
    let world = World::new();
    let instance = world.instance();
    let lease = Limit { lease: 10, ..in_store(0, 10) };
    let both = limits(vec![lease, in_store(1, 1)]);
    world.run(async {
        assert_eq!(instance.ruling(&both).await, Ruling::Admitted);
        for _ in 0..50 {
            assert_eq!(instance.ruling(&both).await, Ruling::Refused);
        }
        assert_eq!(world.calls[0].get(), 1);
        let alone = leased(super::world::minute(10), 10);
        for _ in 0..9 {
            assert_eq!(instance.ruling(&alone).await, Ruling::Admitted);
        }
        assert_eq!(instance.ruling(&alone).await, Ruling::Refused);
        assert_eq!(instance.memory.breakers.totals().lost, 0);
    });
}

#[test]
fn permits_of_a_bucket_are_void_once_they_would_have_come_back() {
    let world = World::new();
    let (one, other) = (world.instance(), world.instance());
    let limits = leased(Algorithm::Bucket { permits: 1, per: 100, burst: 10 }, 10);
    world.run(async {
        assert_eq!(one.ruling(&limits).await, Ruling::Admitted);
        assert_eq!(other.ruling(&limits).await, Ruling::Refused, "the first instance has them all");
        world.pass(999).await;
        assert_eq!(one.ruling(&limits).await, Ruling::Admitted);
        world.pass(1).await;
        // All ten have come back, and the eight that one kept are no more.
        let mut admitted = 0;
        for _ in 0..20 {
            admitted += u64::from(other.ruling(&limits).await == Ruling::Admitted);
            admitted += u64::from(one.ruling(&limits).await == Ruling::Admitted);
        }
        assert_eq!(admitted, 10);
    });
}
