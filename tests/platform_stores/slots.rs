//! Counting in a store that can read and write and nothing else, against counting in memory.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use proptest::prelude::*;
use tollgate::host::{StoreError, UnixMillis};
use tollgate::limit::slots::{self, SLOTS, record};
use tollgate::limit::{Algorithm, Ask};
use tollgate::plan::StorePlan;

use crate::model::{Counts, check};
use crate::schedule::{Kinds, schedule};
use crate::store::{BEGINNING, DAY, Random, Store, ask, at_once, interleave, key, limit};

fn count(store: &Store, asks: &mut [Ask<'_>], at: u64) -> Result<(), StoreError> {
    at_once(slots::count(store, &StorePlan::default(), asks, UnixMillis(at)))
}

fn give_back(store: &Store, asks: &[Ask<'_>], at: u64) -> Result<(), StoreError> {
    at_once(slots::give_back(store, &StorePlan::default(), asks, UnixMillis(at)))
}

impl Counts for &Store {
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64) {
        count(self, asks, now).unwrap();
    }

    fn give_back(&mut self, asks: &[Ask<'_>], now: u64) {
        give_back(self, asks, now).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// To the last permit and millisecond, where requests come one after another.
    #[test]
    fn one_after_another_it_is_exact(schedule in schedule(Kinds::ALL), salt: u64) {
        check(&schedule, &mut &Store::default(), salt);
    }
}

#[test]
fn what_takes_nothing_writes_nothing() {
    let fixed = limit(Algorithm::Fixed { most: 7, per: 10_000 }, false);
    let store = Store::default();
    let all = |least| [ask(&fixed, key(1), least), ask(&fixed, key(2), least)];
    count(&store, &mut all(0), BEGINNING).unwrap();
    count(&store, &mut all(8), BEGINNING).unwrap();
    assert_eq!((store.writes.get(), store.operations.get()), (0, 4));
    count(&store, &mut all(1), BEGINNING).unwrap();
    assert_eq!((store.writes.get(), store.operations.get()), (2, 8));
    give_back(&store, &all(1), BEGINNING).unwrap();
    assert_eq!(store.operations.get(), 8, "nothing was taken, and nothing is given back");
    // Two keys in one slot are one operation.
    let (mut one, mut two) = (key(1), key(2));
    (one.0[0], two.0[0]) = (7, 7);
    count(&store, &mut [ask(&fixed, one, 1), ask(&fixed, two, 1)], BEGINNING).unwrap();
    assert_eq!((store.writes.get(), store.operations.get()), (3, 10));
}

#[test]
fn a_failure_at_any_operation_leaves_whole_states_and_admits_nobody_over() {
    let fixed = limit(Algorithm::Fixed { most: 7, per: 10_000 }, false);
    for fails_at in 0..4 {
        let store = Store::default();
        let two = || [ask(&fixed, key(1), 1), ask(&fixed, key(2), 1)];
        store.fails_at.set(Some(fails_at));
        assert!(count(&store, &mut two(), BEGINNING).is_err());
        store.fails_at.set(None);
        let mut looks = [ask(&fixed, key(1), 0), ask(&fixed, key(2), 0)];
        count(&store, &mut looks, BEGINNING).unwrap();
        // What is written is written whole: the first of two where the second could not be.
        let first = if fails_at == 3 { 6 } else { 7 };
        assert_eq!(looks.map(|ask| ask.verdict.remaining), [first, 7], "{fails_at}");
        let mut admitted = 0;
        for _ in 0..20 {
            let mut asks = two();
            count(&store, &mut asks, BEGINNING).unwrap();
            admitted += usize::from(asks.iter().all(|ask| ask.verdict.enough));
        }
        assert_eq!(admitted, usize::try_from(first).unwrap());
    }
}

#[test]
fn a_failure_while_giving_back_takes_nothing_from_others() {
    let fixed = limit(Algorithm::Fixed { most: 7, per: 10_000 }, false);
    for fails_at in 0..2 {
        let store = Store::default();
        let mut asks = [ask(&fixed, key(1), 3)];
        count(&store, &mut asks, BEGINNING).unwrap();
        store.fails_at.set(Some(store.operations.get() + fails_at));
        assert!(give_back(&store, &asks, BEGINNING).is_err());
        let mut look = [ask(&fixed, key(1), 0)];
        count(&store, &mut look, BEGINNING).unwrap();
        assert_eq!(look[0].verdict.remaining, 4, "{fails_at}");
    }
}

#[test]
fn what_cannot_be_read_counts_as_empty_and_is_replaced() {
    let fixed = limit(Algorithm::Fixed { most: 7, per: 10_000 }, false);
    let store = Store::default();
    let mut asks = [ask(&fixed, key(1), 3)];
    count(&store, &mut asks, BEGINNING).unwrap();
    let (place, good) = store.values.borrow().iter().next().map(|(k, v)| (k.clone(), v.clone())).unwrap();
    let other = [asks[0].key.0[0].wrapping_add(1)];
    let mut foreign = record::Slot::read(other[0], b"", BEGINNING);
    let damaged = [
        Bytes::new(),
        Bytes::from_static(b"{}"),
        good.slice(..good.len() - 1),
        foreign.write(BEGINNING).into(),
    ];
    for value in damaged {
        store.values.borrow_mut().insert(place.clone(), value);
        let mut asks = [ask(&fixed, key(1), 1)];
        count(&store, &mut asks, BEGINNING).unwrap();
        assert_eq!(asks[0].verdict.remaining, 6);
        count(&store, &mut asks, BEGINNING).unwrap();
        assert_eq!(asks[0].verdict.remaining, 5);
    }
}

/// A million callers in a week of virtual time: what is stored follows from those who called in the last few minutes.
#[test]
fn a_week_with_a_million_callers_is_bounded_by_live_ones() {
    const CALLERS: u64 = 1_000_000;
    let fixed = limit(Algorithm::Fixed { most: 100, per: 60_000 }, false);
    let bucket = limit(Algorithm::Bucket { permits: 10, per: 1_000, burst: 100 }, false);
    let (store, mut random) = (Store::default(), Random(1));
    let mut most_bytes = 0;
    for caller in 0..CALLERS {
        let at = BEGINNING + caller * 7 * DAY / CALLERS;
        let limit = if random.below(2) == 0 { &fixed } else { &bucket };
        let mut asks = [ask(limit, key(caller), 1)];
        count(&store, &mut asks, at).unwrap();
        assert!(asks[0].verdict.enough);
        if caller % 1_000 == 0 {
            most_bytes = most_bytes.max(store.bytes());
        }
    }
    // A slot is written every 155 seconds here, and keeps what was live then: with 1.65 requests a second, 256 slots of a
    // head and the callers of some minutes each.
    assert_eq!(store.values.borrow().len(), SLOTS);
    let entry = 49;
    assert!(most_bytes < SLOTS * 8 + 500 * entry, "{most_bytes} bytes");
}

/// Live callers by the ten thousand, and each still has what is theirs.
#[test]
fn many_live_callers_keep_what_they_have() {
    const CALLERS: u64 = 20_000;
    let quota = limit(Algorithm::Fixed { most: 2, per: DAY }, false);
    let store = Store::default();
    let admitted = |at: u64| {
        let ask = |caller| {
            let mut asks = [ask(&quota, key(caller), 1)];
            count(&store, &mut asks, at).unwrap();
            asks[0].verdict.enough
        };
        (0..CALLERS).filter(|caller| ask(*caller)).count()
    };
    let callers = usize::try_from(CALLERS).unwrap();
    assert_eq!(
        [admitted(BEGINNING), admitted(BEGINNING + 1), admitted(BEGINNING + 2)],
        [callers, callers, 0]
    );
    assert!(store.bytes() <= SLOTS * 8 + callers * 49, "{}", store.bytes());
    // Nobody has asked for two days: the first to ask in each slot leaves all others out.
    assert_eq!(admitted(BEGINNING + 2 * DAY), callers);
    assert!(store.bytes() <= SLOTS * 8 + callers * 49, "{}", store.bytes());
}

/// What the bound says: where N others are judged while one is, at most N + 1 times the limit is admitted.
#[test]
fn at_the_same_time_it_stays_within_its_bound() {
    const MOST: u64 = 20;
    let fixed = limit(Algorithm::Fixed { most: MOST, per: DAY }, false);
    for seed in 0..20 {
        let store = Store::default();
        store.yields.set(true);
        // When each decision began and ended, in decisions that had ended before.
        let (ended, admitted) = (Cell::new(0_u64), Cell::new(0_u64));
        let others = RefCell::new(vec![0; 600]);
        let decisions = (0..600).map(|number| -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
            let (store, fixed, ended, admitted, others) = (&store, &fixed, &ended, &admitted, &others);
            Box::pin(async move {
                let begun = ended.get();
                let mut asks = [ask(fixed, key(1), 1)];
                slots::count(store, &StorePlan::default(), &mut asks, UnixMillis(BEGINNING)).await.unwrap();
                admitted.set(admitted.get() + u64::from(asks[0].verdict.enough));
                others.borrow_mut()[number] = ended.get() - begun;
                ended.set(ended.get() + 1);
            })
        });
        interleave(decisions.collect(), 16, &mut Random(seed), |_| ());
        let most_others = others.borrow().iter().copied().max().unwrap();
        let admitted = admitted.get();
        assert!(admitted >= MOST, "{admitted}");
        assert!(admitted <= (most_others + 1) * MOST, "{admitted} with {most_others} others");
    }
}
