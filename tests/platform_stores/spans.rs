//! Counting by adding to numbers.

use std::cell::Cell;
use std::pin::Pin;

use proptest::prelude::*;
use tollgate::host::{StoreError, UnixMillis};
use tollgate::limit::spans;
use tollgate::limit::{Algorithm, Ask, Limit, Verdict};
use tollgate::plan::StorePlan;

use crate::model::{Counts, check};
use crate::schedule::{Kinds, schedule};
use crate::store::{BEGINNING, DAY, Random, Store, ask, at_once, interleave, key, limit};

const MINUTE: u64 = 60_000;

fn count(store: &Store, asks: &mut [Ask<'_>], at: u64) -> Result<(), StoreError> {
    at_once(spans::count(store, &StorePlan::default(), asks, UnixMillis(at)))
}

fn fixed(most: u64, per: u64) -> Limit {
    limit(Algorithm::Fixed { most, per }, false)
}

/// A store that adds to numbers.
struct Adding(Store);

impl Counts for Adding {
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64) {
        count(&self.0, asks, now).unwrap();
    }

    fn give_back(&mut self, asks: &[Ask<'_>], now: u64) {
        at_once(spans::give_back(&self.0, &StorePlan::default(), asks, UnixMillis(now))).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// To the last permit and millisecond, where requests come one after another; all algorithms together, those without
    /// spans through slots.
    #[test]
    fn one_after_another_it_is_exact(schedule in schedule(Kinds::ALL), salt: u64) {
        check(&schedule, &mut Adding(Store::default()), salt);
    }
}

/// Decisions at the same time, in many orders.
fn admitted(store: &Store, seed: u64, asks: &dyn Fn(u64) -> Vec<Ask<'static>>, requests: u64) -> u64 {
    store.yields.set(true);
    let admitted = Cell::new(0);
    let decisions = (0..requests).map(|number| -> Pin<Box<dyn Future<Output = ()>>> {
        let (admitted, mut asks) = (&admitted, asks(number));
        Box::pin(async move {
            spans::count(store, &StorePlan::default(), &mut asks, UnixMillis(BEGINNING)).await.unwrap();
            let taken: u64 = asks.iter().map(|ask| ask.verdict.taken).max().unwrap_or_default();
            assert_eq!(asks.iter().any(Ask::refuses), taken == 0, "all or nothing");
            admitted.set(admitted.get() + taken);
        })
    });
    interleave(decisions.collect(), 16, &mut Random(seed), |_| ());
    store.yields.set(false);
    admitted.get()
}

fn leak(limit: Limit) -> &'static Limit {
    Box::leak(Box::new(limit))
}

#[test]
fn at_the_same_time_exactly_so_many_are_admitted() {
    let limit = leak(fixed(50, DAY));
    for seed in 0..50 {
        let store = Store::default();
        assert_eq!(admitted(&store, seed, &|_| vec![ask(limit, key(1), 1)], 300), 50, "seed {seed}");
    }
}

#[test]
fn never_more_with_weights_and_several_limits() {
    let (one, two) = (leak(fixed(50, DAY)), leak(fixed(37, DAY)));
    for seed in 0..50 {
        let store = Store::default();
        let weights = |number: u64| vec![ask(one, key(1), 1 + number % 7)];
        let weighed = admitted(&store, seed, &weights, 300);
        assert!((1..=50).contains(&weighed), "seed {seed}: {weighed}");
        let store = Store::default();
        let both = |_| vec![ask(one, key(1), 1), ask(two, key(2), 1)];
        let sum = admitted(&store, seed, &both, 300);
        assert!((1..=37).contains(&sum), "seed {seed}: {sum}");
        // All that was taken and not kept has been given back.
        let mut looks = [ask(one, key(1), 0), ask(two, key(2), 0)];
        count(&store, &mut looks, BEGINNING).unwrap();
        assert_eq!(looks.map(|ask| ask.verdict.remaining), [50 - sum, 37 - sum], "seed {seed}");
    }
}

#[test]
fn what_has_spans_and_what_has_none_are_judged_together() {
    let (spans, slots) = (fixed(2, DAY), limit(Algorithm::Sliding { most: 1, per: DAY }, false));
    let store = Store::default();
    let both = || [ask(&slots, key(1), 1), ask(&spans, key(2), 1)];
    let mut asks = both();
    count(&store, &mut asks, BEGINNING).unwrap();
    assert_eq!(asks.map(|ask| ask.verdict.taken), [1, 1]);
    // The slots refuse, and the span's permit goes back.
    let mut asks = both();
    count(&store, &mut asks, BEGINNING).unwrap();
    assert_eq!(asks.each_ref().map(|ask| ask.verdict.enough), [false, true]);
    assert_eq!(asks.map(|ask| (ask.verdict.taken, ask.verdict.remaining)), [(0, 0), (0, 1)]);
    // The span refuses, and nothing is written into a slot.
    let mut asks = [ask(&slots, key(3), 1), ask(&spans, key(2), 2)];
    count(&store, &mut asks, BEGINNING).unwrap();
    assert_eq!(asks.map(|ask| (ask.verdict.enough, ask.verdict.taken)), [(true, 0), (false, 0)]);
    let mut look = [ask(&slots, key(3), 0)];
    count(&store, &mut look, BEGINNING).unwrap();
    assert_eq!(look[0].verdict.remaining, 1);
}

#[test]
fn a_failure_at_any_operation_admits_nobody_over() {
    let (one, two) = (fixed(3, DAY), fixed(5, DAY));
    for fails_at in 0..20 {
        let store = Store::default();
        store.fails_at.set(Some(fails_at));
        let mut admitted = 0;
        for _ in 0..12 {
            let mut asks = [ask(&one, key(1), 1), ask(&two, key(2), 1)];
            let counted = count(&store, &mut asks, BEGINNING).is_ok();
            assert!(counted || asks.iter().all(|ask| ask.verdict.taken == 0), "nothing is taken by an error");
            admitted += u64::from(counted && !asks.iter().any(Ask::refuses));
        }
        assert!((2..=3).contains(&admitted), "{fails_at}: {admitted}");
    }
}

/// As many keys as live callers need, and not one for each that ever was there.
#[test]
fn what_has_passed_is_collected() {
    const CALLERS: u64 = 100_000;
    let (minute, quota) = (fixed(100, MINUTE), fixed(100, DAY));
    let store = Store::default();
    let (mut most, mut most_operations) = (0, 0);
    for caller in 0..CALLERS {
        let at = BEGINNING + caller * 7 * DAY / CALLERS;
        let before = store.operations.get();
        // The day's callers are a hundred, the minute's are others each time.
        let mut asks = [ask(&minute, key(caller), 1), ask(&quota, key(CALLERS + caller % 100), 1)];
        count(&store, &mut asks, at).unwrap();
        most = most.max(store.keys());
        most_operations = most_operations.max(store.operations.get() - before);
    }
    // Seventeen for each key that is made: a number, a note and an entry, and two that are taken out.
    // Ten callers a minute, kept for two minutes more at most, and a hundred callers a day for two days: three keys each,
    // a number and a note that it was seen and an entry in the queue, and two for each queue.
    assert!(most <= 3 * (10 * 3 + 100 * 2) + 4 + 10, "{most} keys");
    assert!(most_operations <= 2 * 17, "{most_operations} operations");
}

#[test]
fn collecting_at_the_same_time_leaves_nothing_behind() {
    for seed in 0..30 {
        let (store, mut random) = (Store::default(), Random(seed));
        let minute = leak(fixed(100, MINUTE));
        store.yields.set(true);
        for round in 0..20 {
            let at = BEGINNING + round * 3 * MINUTE;
            let decisions = (0..40).map(|caller| -> Pin<Box<dyn Future<Output = ()>>> {
                let store = &store;
                Box::pin(async move {
                    let mut asks = [ask(minute, key(round * 40 + caller), 1)];
                    let plan = StorePlan::default();
                    spans::count(store, &plan, &mut asks, UnixMillis(at)).await.unwrap();
                })
            });
            interleave(decisions.collect(), 8, &mut random, |_| ());
        }
        // Whoever is live, and what several that take at once may have left for the next.
        assert!(store.keys() <= 3 * 2 * 40 + 2, "seed {seed}: {} keys", store.keys());
    }
}

#[test]
fn giving_back_again_and_again_leaves_one_entry() {
    let limit = fixed(5, DAY);
    let store = Store::default();
    for _ in 0..100 {
        let mut asks = [ask(&limit, key(1), 1)];
        count(&store, &mut asks, BEGINNING).unwrap();
        assert_eq!(asks[0].verdict, Verdict { taken: 1, enough: true, remaining: 4, ..asks[0].verdict });
        let plan = StorePlan::default();
        at_once(spans::give_back(&store, &plan, &asks, UnixMillis(BEGINNING))).unwrap();
    }
    assert_eq!(store.keys(), 5);
    // More than there ever are: nothing is made.
    let mut asks = [ask(&limit, key(2), 6)];
    count(&store, &mut asks, BEGINNING).unwrap();
    assert_eq!((asks[0].verdict.enough, store.keys()), (false, 5));
}
