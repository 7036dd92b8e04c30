//! Counting in memory: sharded, bounded, expiring.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Ask, Key, State};

/// What is counted in the memory of one process.
#[derive(Debug, Default)]
pub struct Counters {
    states: Mutex<HashMap<Key, State>>,
}

// === impl Counters ===

impl Counters {
    /// Judges `asks` together at `now`, in milliseconds since 1970.
    pub fn count(&self, asks: &mut [Ask<'_>], now: u64) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = Vec::with_capacity(asks.len());
        for ask in asks.iter_mut() {
            let state = states.get(&ask.key).copied().unwrap_or_default();
            let algorithm = &ask.limit.algorithm;
            let (state, verdict) = algorithm.take(state, algorithm.span(now), now, ask.least, ask.most);
            ask.verdict = verdict;
            after.push(state);
        }
        if asks.iter().any(Ask::refuses) {
            return;
        }
        for (ask, state) in asks.iter().zip(after) {
            states.insert(ask.key, state);
        }
    }

    /// Gives back what the verdicts of `asks` took at `now`: the time that they were counted at.
    pub fn give_back(&self, asks: &[Ask<'_>], now: u64) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        for ask in asks {
            if let Some(state) = states.get_mut(&ask.key) {
                let algorithm = &ask.limit.algorithm;
                *state = algorithm.give_back(*state, algorithm.span(now), ask.verdict.taken);
            }
        }
    }
}
