//! Stores that just failed are left alone for a while, so that a slow store never makes a slow gateway.
//!
//! A store that fails is not asked for [`FIRST`], and for twice as long after each further failure in a row, up to
//! [`MOST`]. Then one request probes it, while the others go without it still; if it answers, everybody asks it again. So
//! its time-out is waited for by the requests that were under way when it first failed, and then by one request at a time.
//! It is back in use with the first request that comes [`MOST`] after it recovered, or earlier. A probe whose client goes
//! away says nothing: its claim ends by itself after the time-out of the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::host::Tick;
use crate::plan::StorePlan;

pub mod call;

pub use call::{Missed, Patience, guarded, within};

/// How long a store is not asked after a failure: two of its usual time-outs.
pub const FIRST: Duration = Duration::from_millis(100);

/// How long it is not asked at most, however often it failed: short, because recovery is noticed no sooner.
pub const MOST: Duration = Duration::from_secs(1);

/// How many stores are watched at most: many more than a configuration has, so that those of the last few are there too.
const MOST_STORES: usize = 64;

/// The breakers of a process, by store.
#[derive(Debug, Default)]
pub struct Breakers {
    stores: RwLock<Vec<(StorePlan, Arc<Breaker>)>>,
    failed: AtomicU64,
    skipped: AtomicU64,
    lost: AtomicU64,
}

/// What happened with stores since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Calls that a store answered with an error, or not in time.
    pub failed: u64,
    /// Calls that were not made, because the store had just failed.
    pub skipped: u64,
    /// Permits that could not be given back.
    pub lost: u64,
}

/// Whether one store is asked. All that it is stands in one number, so that workers agree without a lock.
#[derive(Debug, Default)]
pub struct Breaker {
    /// 0 while the store is asked by everybody; else the tick from which one request may probe it.
    until: AtomicU64,
    /// Failures in a row.
    failures: AtomicU64,
}

/// Leave to ask a store once. Holds what the breaker was then, so that an answer that comes late decides nothing.
#[derive(Debug)]
#[must_use]
pub struct Pass(u64);

// === impl Breakers ===

impl Breakers {
    /// The breaker of `store`.
    pub fn of(&self, store: &StorePlan) -> Arc<Breaker> {
        let find = |stores: &[(StorePlan, Arc<Breaker>)]| {
            stores.iter().find(|(known, _)| known == store).map(|(_, breaker)| Arc::clone(breaker))
        };
        if let Some(breaker) = find(&self.stores.read().unwrap_or_else(PoisonError::into_inner)) {
            return breaker;
        }
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = find(&stores) {
            return breaker;
        }
        if stores.len() == MOST_STORES {
            stores.remove(0);
        }
        let breaker = Arc::new(Breaker::default());
        stores.push((store.clone(), Arc::clone(&breaker)));
        breaker
    }

    /// What happened so far.
    pub fn totals(&self) -> Totals {
        let Self { failed, skipped, lost, .. } = self;
        let [failed, skipped, lost] = [failed, skipped, lost].map(|count| count.load(Ordering::Relaxed));
        Totals { failed, skipped, lost }
    }

    /// A call failed.
    pub fn note_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// A call was not made.
    pub fn note_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// So many permits could not be given back.
    pub fn note_lost(&self, permits: u64) {
        self.lost.fetch_add(permits, Ordering::Relaxed);
    }
}

// === impl Breaker ===

impl Breaker {
    /// Whether nobody may ask at `now`.
    pub fn is_open(&self, now: Tick) -> bool {
        let until = self.until.load(Ordering::Acquire);
        until != 0 && now.0 < until
    }

    /// Leave to ask at `now`, for a call that ends after `timeout` at the latest; `None` where the store is left alone.
    pub fn pass(&self, now: Tick, timeout: Duration) -> Option<Pass> {
        let until = self.until.load(Ordering::Acquire);
        if until == 0 {
            return Some(Pass(0));
        }
        if now.0 < until {
            return None;
        }
        // Whoever writes first is the probe. Until it has ended, the others find a moment that has not come.
        let claim = (now + timeout).0.max(until + 1);
        self.until
            .compare_exchange(until, claim, Ordering::AcqRel, Ordering::Relaxed)
            .ok()
            .map(|_| Pass(claim))
    }

    /// The store answered.
    pub fn succeeded(&self, pass: &Pass) {
        if pass.0 != 0 && self.until.load(Ordering::Acquire) == pass.0 {
            self.failures.store(0, Ordering::Relaxed);
            let _ = self.until.compare_exchange(pass.0, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// The store did not answer, as was found at `now`. Of calls that fail together only the first counts.
    pub fn failed(&self, pass: &Pass, now: Tick) {
        let failures = self.failures.load(Ordering::Relaxed) + 1;
        let until = (now + pause(failures)).0;
        if self.until.compare_exchange(pass.0, until, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.failures.store(failures, Ordering::Relaxed);
        }
    }
}

/// How long a store is left alone after so many failures in a row.
fn pause(failures: u64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    2u32.checked_pow(doublings)
        .and_then(|times| FIRST.checked_mul(times))
        .map_or(MOST, |pause| pause.min(MOST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(50);

    fn at(millis: u64) -> Tick {
        Tick(millis * 1_000_000)
    }

    #[test]
    fn pauses_double() {
        let pauses = [1, 2, 3, 4, 5, 40, u64::MAX].map(|failures| pause(failures).as_millis());
        assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
    }

    #[test]
    fn calls_that_fail_together_are_one_failure() {
        let breaker = Breaker::default();
        let passes = [0, 1, 2].map(|millis| breaker.pass(at(millis), TIMEOUT).unwrap());
        let slow = breaker.pass(at(3), TIMEOUT).unwrap();
        for pass in &passes {
            breaker.failed(pass, at(52));
        }
        // What was asked before and answered after says nothing of the store as it is.
        breaker.succeeded(&slow);
        assert!(breaker.pass(at(151), TIMEOUT).is_none());
        assert!(breaker.pass(at(152), TIMEOUT).is_some());
    }

    #[test]
    fn one_probe_at_a_time() {
        let breaker = Breaker::default();
        breaker.failed(&breaker.pass(at(0), TIMEOUT).unwrap(), at(0));
        let probe = breaker.pass(at(100), TIMEOUT).unwrap();
        assert!(breaker.pass(at(100), TIMEOUT).is_none());
        assert!(breaker.pass(at(149), TIMEOUT).is_none());
        breaker.failed(&probe, at(149));
        assert!(breaker.is_open(at(348)));
        let probe = breaker.pass(at(349), TIMEOUT).unwrap();
        breaker.succeeded(&probe);
        assert!(breaker.pass(at(349), TIMEOUT).is_some());
        // The next failure is the first in a row.
        breaker.failed(&breaker.pass(at(400), TIMEOUT).unwrap(), at(400));
        assert!(breaker.pass(at(500), TIMEOUT).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_is_followed_by_another() {
        let breaker = Breaker::default();
        breaker.failed(&breaker.pass(at(0), TIMEOUT).unwrap(), at(0));
        let gone = breaker.pass(at(100), TIMEOUT).unwrap();
        assert!(breaker.pass(at(149), TIMEOUT).is_none());
        let probe = breaker.pass(at(150), TIMEOUT).unwrap();
        breaker.failed(&gone, at(151));
        breaker.succeeded(&probe);
        assert!(!breaker.is_open(at(151)));
    }

    #[test]
    fn stores_are_told_apart_and_are_not_too_many() {
        let breakers = Breakers::default();
        let store = |label: usize| StorePlan { label: label.to_string().into(), ..StorePlan::default() };
        assert!(Arc::ptr_eq(&breakers.of(&store(1)), &breakers.of(&store(1))));
        assert!(!Arc::ptr_eq(&breakers.of(&store(1)), &breakers.of(&store(2))));
        for label in 0..1_000 {
            breakers.of(&store(label));
        }
        assert_eq!(breakers.stores.read().unwrap().len(), MOST_STORES);
    }
}
