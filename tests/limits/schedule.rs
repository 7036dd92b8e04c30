//! Schedules to run through stores: callers, weights, several limits at once, leases, shadows and the passing of time.

#![allow(dead_code, clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tollgate::config::Period;
use tollgate::limit::{Algorithm, Zone};

use super::model::{Call, Schedule, Wish};

/// The last days of October 2026: clocks in Europe are put back, and a month ends.
pub const BEGINNING: u64 = 1_792_800_000_000;

/// What may be in schedules.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    /// Token buckets.
    pub buckets: bool,
    /// Windows that slide.
    pub sliding: bool,
    /// Windows that follow one another, and periods of the calendar.
    pub spans: bool,
    /// Whether what was taken may be given back.
    pub given_back: bool,
    /// Whether the clock may go back.
    pub clock_goes_back: bool,
}

impl Kinds {
    /// All that a store with one clock may meet.
    pub const ALL: Self =
        Self { buckets: true, sliding: true, spans: true, given_back: true, clock_goes_back: false };
}

/// Schedules of these kinds.
pub fn schedule(kinds: Kinds) -> impl Strategy<Value = Schedule> {
    vec((algorithm(kinds), prop::bool::weighted(0.2)), 1..5).prop_flat_map(move |limits| {
        let calls = vec(call(kinds, limits.len()), 1..60);
        (Just(limits), calls).prop_map(move |(limits, calls)| at_times(kinds, limits, calls))
    })
}

/// A limit's algorithm.
pub fn algorithm(kinds: Kinds) -> impl Strategy<Value = Algorithm> {
    let per = || select(vec![1, 7, 100, 1_000, 1_001, 60_000, 3_600_000]);
    let most = || prop_oneof![8 => 1..12_u64, 1 => 900..1_000_000_u64];
    let bucket = (1..20_u64, per(), most()).prop_map(|(permits, per, burst)| Algorithm::Bucket {
        permits,
        per,
        burst,
    });
    let sliding = (most(), per()).prop_map(|(most, per)| Algorithm::Sliding { most, per });
    let fixed = (most(), per()).prop_map(|(most, per)| Algorithm::Fixed { most, per });
    let periods = select(vec![Period::Hour, Period::Day, Period::Week, Period::Month]);
    let zones = select(vec!["UTC", "Europe/Berlin"]);
    let calendar = (most(), periods, zones).prop_map(|(most, period, zone)| Algorithm::Calendar {
        most,
        period,
        zone: Zone::named(zone).unwrap(),
    });
    prop_oneof![
        u32::from(kinds.buckets) => bucket,
        u32::from(kinds.sliding) => sliding,
        u32::from(kinds.spans) => fixed,
        u32::from(kinds.spans) => calendar,
    ]
}

/// How long after the one before, whether the clock goes back so far instead, what is asked for, and whether it is given
/// back.
type Step = (u64, bool, Vec<Wish>, bool);

fn call(kinds: Kinds, limits: usize) -> impl Strategy<Value = Step> {
    let after = prop_oneof![
        4 => Just(0),
        8 => 1..200_u64,
        4 => 200..5_000_u64,
        2 => 5_000..5_000_000_u64,
        1 => 5_000_000..2_000_000_000_u64,
    ];
    let wishes = subsequence((0..limits).collect::<Vec<_>>(), 1..=limits)
        .prop_flat_map(|limits| limits.into_iter().map(wish).collect::<Vec<_>>());
    let back = prop::bool::weighted(if kinds.clock_goes_back { 0.2 } else { 0.0 });
    let gives_back = prop::bool::weighted(if kinds.given_back { 0.1 } else { 0.0 });
    (after, back, wishes, gives_back)
}

fn wish(limit: usize) -> impl Strategy<Value = Wish> {
    let least = prop_oneof![1 => Just(0), 8 => Just(1), 3 => 2..6_u64, 1 => 6..1_000_u64];
    (0..3_u8, least, prop_oneof![4 => Just(0), 1 => 1..10_u64]).prop_map(move |(caller, least, more)| Wish {
        limit,
        caller,
        least,
        most: least + if least == 0 { 0 } else { more },
    })
}

fn at_times(kinds: Kinds, limits: Vec<(Algorithm, bool)>, steps: Vec<Step>) -> Schedule {
    let mut now = BEGINNING;
    let mut calls = Vec::new();
    for (after, back, wishes, gives_back) in steps {
        now = if back && kinds.clock_goes_back { now - after.min(now / 2) } else { now + after };
        calls.push(Call { now, wishes, gives_back });
    }
    Schedule { limits, calls }
}
