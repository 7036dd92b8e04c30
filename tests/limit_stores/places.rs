//! Several places, one request: what one refuses is given back by the others, and what a store does not answer is
//! answered as each limit says.

use std::time::Duration;

use tollgate::deadline::Deadline;
use tollgate::host::Clock as _;
use tollgate::limit::judge::look;
use tollgate::limit::{Limit, Limits, OnFailure, Outcome, Ruling, judge};

use super::world::{
    AT_ONCE, Instance, Mood, World, failing, in_memory, in_store, limits, outcomes, together, wanted,
};

/// What is left of each limit.
async fn left(instance: &Instance, limits: &Limits) -> Vec<u64> {
    let wanted: Vec<_> = (0..limits.all.len()).map(|limit| wanted(limit, 1)).collect();
    let seen = look(instance, limits, &wanted, instance.unix(), Deadline::never()).await;
    (0..limits.all.len()).map(|index| seen.iter().find(|it| it.limit == index).unwrap().remaining).collect()
}

#[test]
fn everybody_takes_or_nobody() {
    for tight in 0..4 {
        let world = World::new();
        let instance = world.instance();
        let mut all =
            vec![in_memory(5), in_store(0, 5), in_store(1, 5), Limit { lease: 2, ..in_store(1, 5) }];
        all[tight].algorithm = super::world::minute(1);
        let limits = limits(all);
        world.run(async {
            assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
            let before = left(&instance, &limits).await;
            assert_eq!(before.iter().sum::<u64>(), 4 * 3, "each one is charged");
            for _ in 0..3 {
                let judgement = instance.judge(&limits, 1).await;
                assert_eq!(judgement.ruling, Ruling::Refused);
                let refused = judgement.judged.iter().filter(|it| it.outcome == Outcome::Refused);
                assert_eq!(refused.map(|it| it.limit).collect::<Vec<_>>(), [tight]);
            }
            assert_eq!(left(&instance, &limits).await, before, "{tight} refuses, and nobody else is charged");
        });
    }
}

#[test]
fn a_request_that_memory_refuses_costs_no_store_anything() {
    let world = World::new();
    let instance = world.instance();
    let limits = limits(vec![in_store(0, 5), in_memory(1), in_store(1, 5)]);
    world.run(async {
        for expected in [Ruling::Admitted, Ruling::Refused, Ruling::Refused] {
            assert_eq!(instance.ruling(&limits).await, expected);
        }
    });
    assert_eq!(world.calls.each_ref().map(|calls| calls.get()), [1, 1]);
}

#[test]
fn a_store_is_asked_once_for_all_its_limits() {
    let world = World::new();
    let instance = world.instance();
    let limits = limits(vec![in_store(1, 5), in_store(0, 5), in_store(1, 6), in_store(1, 7)]);
    world.run(async {
        let judgement = instance.judge(&limits, 2).await;
        let told: Vec<_> = judgement.judged.iter().map(|it| (it.limit, it.remaining)).collect();
        assert_eq!(told, [(1, 3), (0, 3), (2, 4), (3, 5)]);
    });
    assert_eq!(world.calls.each_ref().map(|calls| calls.get()), [1, 1]);
}

#[test]
fn shadows_refuse_nobody_in_any_place() {
    let shadow = |limit| Limit { shadow: true, ..limit };
    let world = World::new();
    let instance = world.instance();
    let all = vec![shadow(in_memory(1)), shadow(in_store(0, 1)), in_store(1, 3)];
    let limits = limits(all);
    world.run(async {
        assert_eq!(instance.outcomes(&limits).await, [Outcome::Admitted; 3]);
        let told = instance.outcomes(&limits).await;
        assert_eq!(told, [Outcome::Shadowed, Outcome::Shadowed, Outcome::Admitted]);
        assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
        assert_eq!(left(&instance, &limits).await, [0, 0, 0]);
    });
}

#[test]
fn a_limit_does_what_its_author_said_when_its_store_fails() {
    for mood in [Mood::Errs, Mood::Stalls, Mood::Swallows] {
        let world = World::new();
        let instance = world.instance();
        world.moods[0].set(mood);
        let allow = limits(vec![in_store(0, 1)]);
        let deny = limits(vec![in_memory(5), failing(in_store(0, 5), OnFailure::Deny), in_store(1, 5)]);
        let local = limits(vec![failing(in_store(0, 20), OnFailure::Local(10))]);
        let shadow = limits(vec![Limit { shadow: true, ..failing(in_store(0, 5), OnFailure::Deny) }]);
        world.run(async {
            for _ in 0..3 {
                assert_eq!(instance.outcomes(&allow).await, [Outcome::Allowed], "{mood:?}");
                let judgement = instance.judge(&deny, 1).await;
                assert_eq!(judgement.ruling, Ruling::Denied);
                assert_eq!(outcomes(&judgement), [Outcome::Admitted, Outcome::Denied]);
                assert_eq!(instance.outcomes(&shadow).await, [Outcome::Allowed]);
            }
            // Ten percent of twenty.
            let ruled = [instance.ruling(&local).await, instance.ruling(&local).await];
            assert_eq!(ruled, [Ruling::Admitted; 2]);
            assert_eq!(instance.ruling(&local).await, Ruling::Refused);
            // What never fits the share may fit the store when it is back.
            let heavy = instance.judge(&local, 5).await;
            assert_eq!((heavy.ruling, heavy.judged[0].retry), (Ruling::Refused, 1_000));
            world.moods[0].set(AT_ONCE);
            world.pass(2_000).await;
            // Memory was given back what the denied requests took, and the other store was never asked.
            assert_eq!(left(&instance, &deny).await[0], 5);
            assert_eq!(world.calls[1].get(), 1);
        });
    }
}

#[test]
fn what_is_denied_gives_its_share_back_too() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Errs);
    let share = failing(in_store(0, 2), OnFailure::Local(100));
    let both = limits(vec![share, failing(in_store(0, 2), OnFailure::Deny)]);
    let alone = limits(vec![failing(in_store(0, 2), OnFailure::Local(100))]);
    world.run(async {
        for _ in 0..5 {
            assert_eq!(instance.ruling(&both).await, Ruling::Denied);
        }
        let ruled = [instance.ruling(&alone).await, instance.ruling(&alone).await];
        assert_eq!(ruled, [Ruling::Admitted; 2]);
        assert_eq!(instance.ruling(&alone).await, Ruling::Refused);
        // Where one refuses and one does not know, it is refused: that much is known.
        assert_eq!(instance.ruling(&both).await, Ruling::Refused);
    });
}

#[test]
fn the_most_impatient_limit_decides_how_long_a_store_has() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Answers(Duration::from_millis(30)));
    let patient = Limit { timeout: Duration::from_secs(5), ..in_store(0, 5) };
    let impatient = Limit { timeout: Duration::from_millis(20), ..in_store(0, 5) };
    let both = limits(vec![patient, impatient]);
    let alone = limits(vec![Limit { timeout: Duration::from_secs(5), ..in_store(0, 5) }]);
    world.run(async {
        assert_eq!(instance.outcomes(&both).await, [Outcome::Allowed; 2]);
        assert_eq!(world.millis(), 20);
        world.pass(1_000).await;
        assert_eq!(instance.outcomes(&alone).await, [Outcome::Admitted]);
        assert_eq!(world.millis(), 1_050);
    });
}

#[test]
fn no_store_has_longer_than_the_request() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Stalls);
    let limits = limits(vec![Limit { timeout: Duration::from_secs(5), ..in_store(0, 5) }]);
    world.run(async {
        let deadline = Deadline::after(instance.tick(), Some(Duration::from_millis(20)));
        let judgement = judge(&instance, &limits, &[wanted(0, 1)], instance.unix(), deadline).await;
        assert_eq!(outcomes(&judgement), [Outcome::Allowed]);
        assert_eq!(world.millis(), 20);
        // The store was not out of time, the request was: others ask it still.
        world.moods[0].set(AT_ONCE);
        assert_eq!(instance.outcomes(&limits).await, [Outcome::Admitted]);
    });
}

#[test]
fn permits_that_cannot_be_given_back_are_told_and_admit_nobody() {
    let world = World::new();
    let instance = world.instance();
    let limits = limits(vec![in_store(0, 3), in_store(1, 1)]);
    world.run(async {
        assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
        assert_eq!(*world.given_back.borrow(), [(0, 1)]);
        assert_eq!(instance.memory.breakers.totals().lost, 0);
        // The first store is gone by the time at which the second has refused.
        world.moods[0].set(Mood::Answers(Duration::from_millis(10)));
        world.moods[1].set(Mood::Answers(Duration::from_millis(20)));
        let fails = async {
            world.pass(15).await;
            world.moods[0].set(Mood::Stalls);
            Ruling::Admitted
        };
        let begun = world.millis();
        let refused = async { instance.ruling(&limits).await };
        let (refused, _) = pair(refused, fails).await;
        assert_eq!(refused, Ruling::Refused);
        assert_eq!(world.millis() - begun, 10 + 20 + 50, "a refusal waits no longer than the time-out");
        assert_eq!(instance.memory.breakers.totals().lost, 1);
        world.moods.iter().for_each(|mood| mood.set(AT_ONCE));
        world.pass(1_000).await;
        assert_eq!(left(&instance, &limits).await, [1, 0]);
    });
}

#[test]
fn a_host_without_memory_asks_its_stores_all_the_same() {
    let world = World::new();
    let instance = Instance { remembers: false, ..world.instance() };
    let all = vec![in_store(0, 1), Limit { lease: 10, ..in_store(1, 100) }];
    let limits = limits(all);
    world.run(async {
        assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
        assert_eq!(instance.ruling(&limits).await, Ruling::Refused);
        assert_eq!(left(&instance, &limits).await, [0, 99]);
        world.moods[0].set(Mood::Stalls);
        for _ in 0..3 {
            let begun = world.millis();
            assert_eq!(instance.outcomes(&limits).await, [Outcome::Allowed, Outcome::Admitted]);
            assert_eq!(world.millis() - begun, 50);
        }
    });
}

/// Two side by side.
async fn pair<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> (T, T) {
    let futures: Vec<std::pin::Pin<Box<dyn Future<Output = T> + '_>>> = vec![Box::pin(one), Box::pin(other)];
    let mut both = together(futures).await;
    let other = both.pop().unwrap();
    (both.pop().unwrap(), other)
}
