//! A store that stalls: few requests wait for it, and it is asked again by itself.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tollgate::limit::{Limits, OnFailure, Outcome, Ruling};

use super::world::{AT_ONCE, Instance, Mood, World, failing, in_store, limits, timed};

fn denying() -> Limits {
    limits(vec![failing(in_store(0, 1_000_000), OnFailure::Deny)])
}

/// A request: how long it waited, and what came of it.
async fn ask(instance: &Instance, limits: &Limits) -> (u64, Outcome) {
    let world = &instance.world;
    let begun = world.millis();
    let outcome = instance.outcomes(limits).await[0];
    (world.millis() - begun, outcome)
}

#[test]
fn a_stalled_store_costs_few_requests_their_time_out() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Stalls);
    let limits = denying();
    let told = world.run(async {
        // A request each millisecond for ten seconds.
        timed(&world, (0..10_000).map(|millis| (millis, ask(&instance, &limits))).collect()).await
    });
    assert!(told.iter().all(|(waited, outcome)| *waited <= 50 && *outcome == Outcome::Denied));
    let waited: Vec<_> =
        (0..).zip(&told).filter(|(_, (waited, _))| *waited > 0).map(|(millis, _)| millis).collect();
    // Those that were under way when the first of them had waited for long enough; the last came in that millisecond.
    let first: Vec<_> = waited.iter().copied().filter(|millis| *millis < 100).collect();
    assert!((50..=51).contains(&first.len()), "{first:?}");
    // Then one at a time: 100, 200, 400, 800, 1,000 ms after the one before had ended.
    assert_eq!(waited[first.len()..][..6], [150, 400, 850, 1_700, 2_750, 3_800]);
    let probes = waited.len() - first.len();
    assert_eq!(probes, 11);
    assert_eq!(world.calls[0].get(), waited.len());
    let totals = instance.memory.breakers.totals();
    assert_eq!((totals.failed, totals.skipped), (waited.len() as u64, 10_000 - waited.len() as u64));
}

#[test]
fn a_store_that_recovers_is_asked_again_within_a_second() {
    for mood in [Mood::Stalls, Mood::Errs, Mood::Swallows] {
        for recovers in (500..5_000).step_by(97) {
            let world = World::new();
            let instance = world.instance();
            let limits = denying();
            world.moods[0].set(mood);
            let told = world.run(async {
                let requests =
                    (0..7_000).step_by(10).map(|millis| (millis, ask(&instance, &limits))).collect();
                let recovery = async {
                    world.pass(recovers).await;
                    world.moods[0].set(AT_ONCE);
                };
                both(timed(&world, requests), recovery).await
            });
            // A probe that was under way stalls to its end, and then a second passes.
            let back = recovers + 50 + 1_000 + 10;
            for (millis, (waited, outcome)) in (0..).step_by(10).zip(told) {
                if millis >= back {
                    assert_eq!(
                        (waited, outcome),
                        (0, Outcome::Admitted),
                        "{mood:?} until {recovers}: {millis}"
                    );
                } else if millis < recovers {
                    assert_eq!(outcome, Outcome::Denied, "{mood:?} until {recovers}: {millis}");
                }
            }
        }
    }
}

#[test]
fn one_failure_alone_costs_a_tenth_of_a_second() {
    let world = World::new();
    let instance = world.instance();
    let limits = denying();
    world.run(async {
        for _ in 0..20 {
            world.moods[0].set(Mood::Errs);
            assert_eq!(instance.ruling(&limits).await, Ruling::Denied);
            world.moods[0].set(AT_ONCE);
            world.pass(99).await;
            assert_eq!(instance.ruling(&limits).await, Ruling::Denied);
            world.pass(1).await;
            assert_eq!(instance.ruling(&limits).await, Ruling::Admitted);
        }
    });
}

#[test]
fn a_probe_whose_client_goes_away_does_not_keep_the_store_out() {
    let world = World::new();
    let instance = world.instance();
    let limits = denying();
    world.run(async {
        world.moods[0].set(Mood::Stalls);
        assert_eq!(instance.ruling(&limits).await, Ruling::Denied);
        world.pass(100).await;
        {
            // The probe: asked once, and gone.
            let mut probe = pin!(instance.ruling(&limits));
            poll_fn(|cx| {
                assert!(probe.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        world.moods[0].set(AT_ONCE);
        assert_eq!(world.calls[0].get(), 2);
        assert_eq!(instance.ruling(&limits).await, Ruling::Denied, "its claim holds");
        world.pass(50).await;
        assert_eq!(instance.ruling(&limits).await, Ruling::Admitted, "and ends by itself");
    });
}

#[test]
fn one_store_does_not_answer_for_another() {
    let world = World::new();
    let instance = world.instance();
    let first = denying();
    let second = limits(vec![in_store(1, 5)]);
    world.run(async {
        world.moods[0].set(Mood::Errs);
        assert_eq!(instance.ruling(&first).await, Ruling::Denied);
        assert_eq!(instance.outcomes(&second).await, [Outcome::Admitted]);
        // Nor one instance for another, which may have a network of its own.
        world.moods[0].set(AT_ONCE);
        assert_eq!(world.instance().outcomes(&first).await, [Outcome::Admitted]);
        assert_eq!(instance.outcomes(&first).await, [Outcome::Denied]);
    });
}

#[test]
fn a_slow_store_that_answers_in_time_is_left_in_use() {
    let world = World::new();
    let instance = world.instance();
    world.moods[0].set(Mood::Answers(Duration::from_millis(48)));
    let limits = denying();
    let told = world.run(async {
        timed(&world, (0..500).map(|millis| (millis, ask(&instance, &limits))).collect()).await
    });
    assert!(told.iter().all(|told| *told == (48, Outcome::Admitted)), "{told:?}");
}

async fn both<T>(one: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    let (mut one, mut other, mut done) = (pin!(one), pin!(other), false);
    poll_fn(|cx| {
        done = done || other.as_mut().poll(cx).is_ready();
        one.as_mut().poll(cx)
    })
    .await
}
