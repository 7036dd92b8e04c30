//! The token bucket, in whole numbers: what is missing in it is counted in `1/per` permits, of which `permits` come back
//! in each millisecond, so that nothing is ever rounded.

use super::{State, Verdict};

/// A bucket, and what follows from what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// What comes back in a millisecond, in `1/per` permits.
    permits: u64,
    /// How many parts one permit is.
    per: u64,
    /// How many permits there are at most.
    burst: u64,
    /// The same in parts.
    capacity: u64,
}

// === impl Bucket ===

impl Bucket {
    /// Of what is configured; the plan refuses zeros.
    pub(super) fn new(permits: u64, per: u64, burst: u64) -> Self {
        let (permits, per) = (permits.max(1), per.max(1));
        Self { permits, per, burst, capacity: burst.saturating_mul(per) }
    }

    pub(super) fn take(self, state: State, now: u64, least: u64, most: u64) -> (State, Verdict) {
        let at = state.at.max(now);
        let missing = self.missing(state, at);
        let left = (self.capacity - missing) / self.per;
        let enough = left >= least;
        let taken = if enough { most.min(left) } else { 0 };
        let used = missing + taken * self.per;
        // Nothing comes back before the state's own time.
        let ahead = at - now;
        let wait = |parts: u64| if parts == 0 { 0 } else { ahead.saturating_add(self.time(parts)) };
        let retry = if enough {
            0
        } else if least > self.burst {
            u64::MAX
        } else {
            wait(missing.saturating_sub(self.capacity.saturating_sub(least.saturating_mul(self.per))))
        };
        let verdict = Verdict { taken, enough, remaining: left - taken, reset: wait(used), retry };
        (State { at, used, before: 0 }, verdict)
    }

    pub(super) fn expires(self, state: &State) -> u64 {
        state.at.saturating_add(self.time(state.used.min(self.capacity)))
    }

    /// What is missing at `at`, which is not before the state. A bucket that was larger when the state was written lacks
    /// all that it holds now.
    fn missing(self, state: State, at: u64) -> u64 {
        let missing = state.used.min(self.capacity);
        // All that is missing is back by then: multiplying more would be for nothing, and too large.
        let elapsed = (at - state.at).min(self.time(missing));
        missing.saturating_sub(elapsed.saturating_mul(self.permits))
    }

    /// In how many milliseconds so many parts come back.
    fn time(self, parts: u64) -> u64 {
        parts.div_ceil(self.permits)
    }
}
