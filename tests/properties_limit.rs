//! Laws of limits: that counting in memory admits what a log of everything says, and what can be admitted at most.

#![allow(clippy::unwrap_used)]

#[path = "limits/model.rs"]
mod model;
#[path = "limits/schedule.rs"]
mod schedule;

use std::collections::BTreeMap;

use model::{Counts, check};
use proptest::prelude::*;
use schedule::{Kinds, schedule};
use tollgate::limit::{Ask, Counters, Key, State};

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
