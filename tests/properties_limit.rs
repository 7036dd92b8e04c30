//! Laws of limits: that counting in memory admits what a log of everything says, and what can be admitted at most.

#![allow(clippy::unwrap_used)]

#[path = "limits/model.rs"]
mod model;
#[path = "limits/schedule.rs"]
mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use model::{Counts, check, key, limit};
use proptest::collection::vec;
use proptest::prelude::*;
use schedule::{BEGINNING, Kinds, algorithm, schedule};
use tollgate::gateway::Gateway;
use tollgate::host::Remember;
use tollgate::limit::{Algorithm, Ask, Counters, Key, Limit, State, Verdict};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;

impl Counts for Counters {
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64) {
        Self::count(self, asks, now);
    }

    fn give_back(&mut self, asks: &[Ask<'_>], now: u64) {
        Self::give_back(self, asks, now);
    }
}

/// States that are kept for ever.
#[derive(Default)]
struct Kept(BTreeMap<Key, State>);

impl Counts for Kept {
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64) {
        let mut after = Vec::new();
        for ask in asks.iter_mut() {
            let state = self.0.get(&ask.key).copied().unwrap_or_default();
            let algorithm = &ask.limit.algorithm;
            let (state, verdict) = algorithm.take(state, algorithm.span(now), now, ask.least, ask.most);
            ask.verdict = verdict;
            after.push(state);
        }
        if asks.iter().any(Ask::refuses) {
            for ask in asks.iter_mut().filter(|ask| ask.verdict.taken > 0) {
                let state = self.0.get(&ask.key).copied().unwrap_or_default();
                let algorithm = &ask.limit.algorithm;
                ask.verdict = algorithm.take(state, algorithm.span(now), now, 0, 0).1;
            }
            return;
        }
        self.0.extend(asks.iter().map(|ask| ask.key).zip(after));
    }

    fn give_back(&mut self, asks: &[Ask<'_>], now: u64) {
        for ask in asks {
            if let Some(state) = self.0.get_mut(&ask.key) {
                let algorithm = &ask.limit.algorithm;
                *state = algorithm.give_back(*state, algorithm.span(now), ask.verdict.taken);
            }
        }
    }
}

proptest! {
    #[test]
    fn memory_admits_what_the_log_does(schedule in schedule(Kinds::ALL), salt: u64) {
        check(&schedule, &mut Counters::default(), salt);
    }

    #[test]
    fn clocks_may_go_back(
        schedule in schedule(Kinds { clock_goes_back: true, given_back: false, ..Kinds::ALL })
    ) {
        check(&schedule, &mut Kept::default(), 0);
    }
}

/// A look.
fn remaining(algorithm: &Algorithm, state: State, now: u64) -> u64 {
    algorithm.take(state, algorithm.span(now), now, 0, 0).1.remaining
}

fn is_enough(algorithm: &Algorithm, state: State, now: u64, least: u64) -> bool {
    algorithm.take(state, algorithm.span(now), now, least, least).1.enough
}

/// States as stores may have them: of now, of other limits, and of nobody.
fn state() -> impl Strategy<Value = State> {
    let at = prop_oneof![
        8 => BEGINNING - 10_000_000..BEGINNING + 10_000_000,
        4 => BEGINNING - 2_000..BEGINNING + 2_000,
        1 => any::<u64>(),
    ];
    let count = || prop_oneof![8 => 0..2_000_u64, 4 => 0..2_000_000_000_u64, 1 => any::<u64>()];
    (at, count(), count()).prop_map(|(at, used, before)| State { at, used, before })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a store says, a caller is told when to come again, and is let in then and not before.
    #[test]
    fn a_retry_is_the_first_millisecond_that_has_enough(
        algorithm in algorithm(Kinds::ALL), state in state(), later in 0..100_000_u64, least in 1..12_u64,
    ) {
        let now = BEGINNING + later;
        let (after, verdict) = algorithm.take(state, algorithm.span(now), now, least, least);
        prop_assert_eq!(verdict.taken, if verdict.enough { least } else { 0 });
        prop_assert!(verdict.remaining <= algorithm.most());
        match verdict.retry {
            0 => prop_assert!(verdict.enough),
            u64::MAX => prop_assert!(least > algorithm.most()),
            retry => {
                prop_assert!(!verdict.enough);
                prop_assert_eq!(after, state);
                prop_assert!(is_enough(&algorithm, state, now + retry, least));
                prop_assert!(!is_enough(&algorithm, state, now + retry - 1, least));
            }
        }
    }

    #[test]
    fn after_a_reset_all_are_there(
        algorithm in algorithm(Kinds { spans: false, ..Kinds::ALL }), state in state(), later in 0..100_000_u64,
        least in 0..12_u64,
    ) {
        let now = BEGINNING + later;
        let (after, verdict) = algorithm.take(state, algorithm.span(now), now, least, least);
        // What is far ahead of the clock counts as none until it is not that far any more.
        prop_assume!(after.at <= now + 86_400_000);
        prop_assert_eq!(remaining(&algorithm, after, now + verdict.reset), algorithm.most());
        if verdict.reset > 0 {
            prop_assert!(remaining(&algorithm, after, now + verdict.reset - 1) < algorithm.most());
        }
    }

    #[test]
    fn an_expired_state_means_the_same_as_none(
        algorithm in algorithm(Kinds::ALL), state in state(), later in 0..10_000_000_u64, least in 0..12_u64,
    ) {
        let expires = algorithm.expires(&state);
        prop_assume!(expires < 1 << 50);
        let now = expires + later;
        let span = algorithm.span(now);
        let none = algorithm.take(State::default(), span, now, least, least);
        let some = algorithm.take(state, span, now, least, least);
        prop_assert_eq!(some.1, none.1);
        if none.1.taken > 0 {
            prop_assert_eq!(some.0, none.0);
        }
        // Not too late: what is used is still missing just before.
        if state.used > 0 && expires > state.at + 1 {
            prop_assert!(remaining(&algorithm, state, expires - 1) < algorithm.most());
        }
    }

    /// Nothing that a store or a clock says makes it panic, or give more than there is.
    #[test]
    fn anything_may_be_in_a_store(
        algorithm in algorithm(Kinds::ALL), at: u64, used: u64, before: u64, now: u64, least: u64, most: u64,
    ) {
        let state = State { at, used, before };
        let span = algorithm.span(now);
        let (after, verdict) = algorithm.take(state, span, now, least, most);
        prop_assert!(verdict.taken + verdict.remaining <= algorithm.most());
        algorithm.expires(&after);
        algorithm.expires(&state);
        algorithm.give_back(state, span, most);
    }

    /// So too with limits that no plan has.
    #[test]
    fn anything_may_be_a_limit(kind in 0..4, numbers in vec(any::<u64>(), 10)) {
        let (permits, per, most) = (numbers[0], numbers[1], numbers[2]);
        let algorithm = match kind {
            0 => Algorithm::Bucket { permits, per, burst: most },
            1 => Algorithm::Fixed { most, per },
            2 => Algorithm::Sliding { most, per },
            _ => Algorithm::Concurrent { most },
        };
        let state = State { at: numbers[3], used: numbers[4], before: numbers[5] };
        let (now, least, wanted) = (numbers[6], numbers[7], numbers[8]);
        let span = algorithm.span(now);
        algorithm.take(state, span, now, least, wanted);
        algorithm.expires(&state);
        algorithm.give_back(state, span, numbers[9]);
        algorithm.is_countable();
        algorithm.at_most();
    }

    /// Callers who take all they can, when they can, are given no more in any window than is said; and one who knows
    /// when, is given that.
    #[test]
    fn no_window_holds_more_than_is_said(
        algorithm in algorithm(Kinds::ALL), steps in vec((0..400_u64, 1..20_u64), 1..60),
    ) {
        let per = match &algorithm {
            Algorithm::Bucket { per, .. } | Algorithm::Fixed { per, .. } | Algorithm::Sliding { per, .. } => *per,
            // The length of the period that is measured.
            _ => algorithm.span(BEGINNING).end - algorithm.span(BEGINNING).start,
        };
        let (mut now, mut state, mut given) = (BEGINNING, State::default(), Vec::new());
        for (part, most) in steps {
            // Steps of hundredths of the span, so that some are much shorter and some longer.
            now += part * per / 100;
            let (after, verdict) = algorithm.take(state, algorithm.span(now), now, 1, most.max(algorithm.most() / 3));
            state = after;
            given.push((now, verdict.taken));
        }
        for (start, _) in &given {
            let within = given.iter().filter(|(at, _)| (*start..=start + per).contains(at));
            prop_assert!(within.map(|(_, taken)| taken).sum::<u64>() <= algorithm.at_most());
        }
    }
}

/// Takes all there is at each of the times.
fn greedy(algorithm: &Algorithm, times: impl Iterator<Item = u64>) -> u64 {
    let mut state = State::default();
    let mut taken = 0;
    for now in times {
        let (after, verdict) = algorithm.take(state, algorithm.span(now), now, 1, u64::MAX);
        (state, taken) = (after, taken + verdict.taken);
    }
    taken
}

/// What is said to be the most is what somebody is given who knows when to ask.
#[test]
fn the_most_in_any_window_is_reached() {
    let start = BEGINNING / 1_000 * 1_000;
    let bucket = Algorithm::Bucket { permits: 30, per: 1_000, burst: 50 };
    assert_eq!(greedy(&bucket, start..=start + 1_000), bucket.at_most());
    let fixed = Algorithm::Fixed { most: 30, per: 1_000 };
    assert_eq!(greedy(&fixed, start + 999..=start + 1_999), fixed.at_most());
    assert_eq!(greedy(&fixed, start + 999..=start + 1_000), 60);
    let sliding = Algorithm::Sliding { most: 30, per: 1_000 };
    assert_eq!(sliding.at_most(), 59);
    assert_eq!(greedy(&sliding, start + 999..=start + 1_999), 59);
    // Not at once: in a tenth of the span, only a tenth more.
    assert_eq!(greedy(&sliding, start + 999..=start + 1_100), 33);
}

#[test]
fn what_lua_cannot_count_is_not_countable() {
    let sliding = |most, per| Algorithm::Sliding { most, per }.is_countable();
    let bucket = |permits, per, burst| Algorithm::Bucket { permits, per, burst }.is_countable();
    let fixed = |most, per| Algorithm::Fixed { most, per }.is_countable();
    let day = 86_400_000;
    assert!(sliding(26_000_000, day) && !sliding(27_000_000, day) && !sliding(u64::MAX, 2));
    assert!(bucket(1, day, 26_000_000) && !bucket(1, day, 27_000_000) && !bucket(1, 2, u64::MAX));
    assert!(!bucket(1 << 52, 1, 1) && !fixed(1 << 52, 1) && !fixed(1, 1 << 52) && fixed(1 << 50, day));
    assert!(!sliding(0, day) && !sliding(1, 0) && !fixed(0, 1) && !fixed(1, 0));
    assert!(!bucket(0, 1, 1) && !bucket(1, 0, 1) && !bucket(1, 1, 0));
}

/// A reload makes old states mean something sensible: who used all of more is not refused for longer than the new limit
/// says, and who used some of less has not used all of it.
#[test]
fn a_limit_may_be_changed() {
    let old = Algorithm::Sliding { most: 1_000, per: 60_000 };
    let now = BEGINNING + 59_000;
    let (state, _) = old.take(State::default(), old.span(now), now, 800, 800);
    let new = Algorithm::Sliding { most: 10, per: 60_000 };
    let verdict = new.take(state, new.span(now), now, 1, 1).1;
    assert!(!verdict.enough && verdict.retry <= 1_000 + 6_000, "{verdict:?}");
    let wider = Algorithm::Sliding { most: 2_000, per: 60_000 };
    assert_eq!(remaining(&wider, state, now), 1_200);
    let bucket = Algorithm::Bucket { permits: 1, per: 1_000, burst: 5 };
    let verdict = bucket.take(state, bucket.span(now), now, 1, 1).1;
    assert!(verdict.reset <= 5_000, "{verdict:?}");
}

fn ask(limit: &Limit, key: Key, permits: u64) -> Ask<'_> {
    Ask { limit, key, least: permits, most: permits, verdict: Verdict::default() }
}

fn caller(number: u64) -> Key {
    key(number, 0, 0)
}

#[test]
fn many_threads_are_given_exactly_what_there_is() {
    let counters = Counters::default();
    let hourly = |most| limit(0, &(Algorithm::Fixed { most, per: 3_600_000 }, false));
    let (shared, others) = (hourly(1_000), hourly(700));
    let (all, some) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..8_u64 {
            let (counters, shared, others, all, some) = (&counters, &shared, &others, &all, &some);
            scope.spawn(move || {
                for turn in 0..400 {
                    // Half ask for two, in one order or the other: none waits for ever, and none is given one of them.
                    let mut asks = [ask(shared, caller(0), 1), ask(others, caller(1 + number % 2), 1)];
                    asks.rotate_left(turn % 2);
                    let asks = &mut asks[..if number < 4 { 2 } else { 1 }];
                    counters.count(asks, BEGINNING);
                    for ask in asks.iter().filter(|ask| ask.verdict.taken > 0) {
                        assert!(!asks.iter().any(Ask::refuses));
                        let of = if ask.key == caller(0) { all } else { some };
                        of.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(all.into_inner(), 1_000);
    let look = |limit, number| {
        let mut asks = [ask(limit, caller(number), 0)];
        counters.count(&mut asks, BEGINNING);
        asks[0].verdict.remaining
    };
    assert_eq!(look(&shared, 0), 0);
    assert_eq!(1_400 - look(&others, 1) - look(&others, 2), some.into_inner());
}

#[test]
fn a_plan_says_how_many_keys_are_remembered() {
    let written = r#"{"rate_limiting":{"most_keys":64},"defaults":{"auth":"public"},
        "routes":[{"id":"a","match":{"path":"/a"},"respond":{}}]}"#;
    let documents = [("tollgate.json".to_owned(), serde_json::from_str(written).unwrap())];
    let plan = Plan::compile(&documents, &Abilities::NATIVE).unwrap().0;
    let gateway = Gateway::new(Arc::new(plan), SimHost::new(1));
    let counters = &gateway.host().memory().unwrap().limits;
    let limit = limit(0, &(Algorithm::Fixed { most: 1, per: 1_000 }, false));
    for number in 0..1_000 {
        counters.count(&mut [ask(&limit, caller(number), 1)], BEGINNING);
    }
    assert!(counters.len() <= 64, "{}", counters.len());
}
