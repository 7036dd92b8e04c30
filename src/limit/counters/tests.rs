//! Counting in memory: together, for many, and for longer than anybody is remembered. By many threads at once:
//! `tests/properties_limit.rs`.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::limit::{Algorithm, Limit, OnFailure, Place, Verdict, Weight};

const HOUR: u64 = 3_600_000;

/// A full hour.
const NOW: u64 = 500_000 * HOUR;

fn limit(algorithm: Algorithm, shadow: bool) -> Limit {
    Limit {
        name: "test".into(),
        algorithm,
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place: Place::Memory,
        lease: 1,
        shadow,
        on_failure: OnFailure::Allow,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

fn hourly(most: u64) -> Limit {
    limit(Algorithm::Fixed { most, per: HOUR }, false)
}

/// As a digest is: all bytes depend on all of the number.
fn key(number: u64) -> Key {
    let mix = |salt: u64| {
        let mixed = (number ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        u128::from(mixed ^ mixed >> 32)
    };
    Key((mix(1) << 64 | mix(0x5555_5555)).to_le_bytes())
}

fn ask(limit: &Limit, key: Key, permits: u64) -> Ask<'_> {
    Ask { limit, key, least: permits, most: permits, verdict: Verdict::default() }
}

fn take(counters: &Counters, limit: &Limit, number: u64, now: u64) -> Verdict {
    let mut asks = [ask(limit, key(number), 1)];
    counters.count(&mut asks, now);
    asks[0].verdict
}

#[test]
fn who_is_refused_by_one_takes_nothing_of_others() {
    let (counters, narrow, wide) = (Counters::default(), hourly(1), hourly(10));
    let shadow = limit(Algorithm::Fixed { most: 1, per: HOUR }, true);
    let together = |expected: [(bool, u64, u64); 3]| {
        let mut asks = [ask(&wide, key(1), 1), ask(&narrow, key(2), 1), ask(&shadow, key(3), 1)];
        counters.count(&mut asks, NOW);
        let said = asks.map(|ask| (ask.verdict.enough, ask.verdict.taken, ask.verdict.remaining));
        assert_eq!(said, expected);
    };
    together([(true, 1, 9), (true, 1, 0), (true, 1, 0)]);
    // The ten of the first are nine, and stay nine.
    together([(true, 0, 9), (false, 0, 0), (false, 0, 0)]);
    together([(true, 0, 9), (false, 0, 0), (false, 0, 0)]);
}

#[test]
fn one_key_twice_takes_twice() {
    let (counters, limit) = (Counters::default(), hourly(3));
    let twice = |permits| {
        let mut asks = [ask(&limit, key(1), permits), ask(&limit, key(1), permits)];
        counters.count(&mut asks, NOW);
        asks.map(|ask| ask.verdict.taken)
    };
    assert_eq!(twice(1), [1, 1]);
    assert_eq!(twice(1), [0, 0]);
    assert_eq!(take(&counters, &limit, 1, NOW).remaining, 0);
}

#[test]
fn many_limits_are_judged_together_too() {
    let (counters, limit) = (Counters::default(), hourly(2));
    for left in [Some(1), Some(0), None] {
        let mut asks: Vec<_> = (0..100).map(|number| ask(&limit, key(number), 1)).collect();
        counters.count(&mut asks, NOW);
        for ask in &asks {
            assert_eq!(ask.verdict.enough.then_some(ask.verdict.remaining), left);
        }
        if left == Some(0) {
            counters.give_back(&asks[..50], NOW);
            counters.count(&mut asks[50..], NOW);
            assert!(asks[50..].iter().all(Ask::refuses));
            counters.count(&mut asks[..50], NOW);
            assert!(!asks[..50].iter().any(Ask::refuses));
        }
    }
}

#[test]
fn what_was_taken_in_a_span_is_not_given_to_the_next() {
    let (counters, limit) = (Counters::default(), hourly(1));
    let mut before = [ask(&limit, key(1), 1)];
    counters.count(&mut before, NOW + HOUR - 1);
    assert!(take(&counters, &limit, 1, NOW + HOUR).enough);
    counters.give_back(&before, NOW + HOUR - 1);
    assert!(!take(&counters, &limit, 1, NOW + HOUR).enough);
}

#[test]
fn what_fades_is_given_back_from_where_it_fades() {
    let (counters, limit) = (Counters::default(), limit(Algorithm::Sliding { most: 10, per: HOUR }, false));
    let mut before = [ask(&limit, key(1), 10)];
    counters.count(&mut before, NOW + HOUR - 1);
    // A half is there again after half an hour, of which one is taken.
    assert_eq!(take(&counters, &limit, 1, NOW + HOUR * 3 / 2).remaining, 4);
    counters.give_back(&before, NOW + HOUR - 1);
    assert_eq!(take(&counters, &limit, 1, NOW + HOUR * 3 / 2).remaining, 8);
}

/// A week in which a million callers ask a few times each, none of them for long.
#[test]
fn who_is_gone_is_forgotten() {
    const CALLERS: u64 = 1_000_000;
    const WEEK: u64 = 7 * 24 * HOUR;
    let (counters, limit) = (Counters::default(), hourly(10));
    let an_hour = usize::try_from(CALLERS / (7 * 24)).unwrap() + 1;
    let mut most = 0;
    for caller in 0..CALLERS {
        let now = NOW + caller * (WEEK / CALLERS);
        assert!(take(&counters, &limit, caller, now).enough);
        // And those who asked a little before.
        if caller % 4 == 0 {
            take(&counters, &limit, caller.saturating_sub(7), now);
        }
        if caller % 997 == 0 {
            most = most.max(counters.len());
        }
    }
    // Who asked in this hour is remembered, and of those before only who was not come across yet. Only now and then it is
    // looked how many there are.
    assert!(most >= an_hour - 997, "{most} of {an_hour}");
    assert!(most <= an_hour * 3 / 2, "{most} of {an_hour}");
    // A day later, a few new callers are enough for the others to be forgotten.
    for caller in 0..5_000 {
        take(&counters, &limit, CALLERS + caller, NOW + WEEK + 24 * HOUR);
    }
    assert!(counters.len() <= 5_100, "{}", counters.len());
}

#[test]
fn who_is_at_the_limit_is_not_washed_out() {
    let (counters, limit) = (Counters::default(), hourly(5));
    counters.remember(1_000);
    let spent = || (0..64).filter(|victim| !take(&counters, &limit, *victim, NOW).enough).count();
    for _ in 0..5 {
        assert_eq!(spent(), 0);
    }
    // Many addresses that ask once each, all within the hour.
    for caller in 0..50_000 {
        assert!(take(&counters, &limit, 1_000 + caller, NOW + 1).enough);
        assert!(caller % 500 != 0 || counters.len() <= 1_000);
    }
    assert!(counters.len() > 900, "{}", counters.len());
    assert_eq!(spent(), 64);
    // Fewer may be remembered from now on: those who are there go as others come.
    counters.remember(128);
    for caller in 0..5_000 {
        take(&counters, &limit, 100_000 + caller, NOW + 2);
    }
    assert!(counters.len() <= 128, "{}", counters.len());
}

#[test]
fn a_bound_of_nothing_is_one_for_each_shard() {
    let (counters, limit) = (Counters::default(), hourly(1));
    counters.remember(0);
    for caller in 0..1_000 {
        assert!(take(&counters, &limit, caller, NOW).enough);
    }
    assert!(!counters.is_empty() && counters.len() <= SHARDS);
}
