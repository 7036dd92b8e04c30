//! For how long an answer is good.

use std::time::Duration;

use crate::host::UnixMillis;

/// For how long an answer is good, found out once when it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Life {
    /// When its head arrived (RFC 9111 section 4.2.3: `response_time`).
    pub received: UnixMillis,
    /// How old it was then (`corrected_initial_age`).
    pub age: Duration,
    /// For how long it is fresh, from when it was made (`freshness_lifetime`).
    pub fresh: Duration,
    /// How long after that it may be given while a new one is fetched.
    pub while_revalidate: Duration,
    /// How long after that it may be given where the upstream fails.
    pub if_error: Duration,
    /// It must be validated before each use (`no-cache`).
    pub always_validate: bool,
    /// It must never be given stale (`must-revalidate`, `proxy-revalidate`, `s-maxage`).
    pub never_stale: bool,
}

// === impl Life ===

impl Life {
    /// How old the answer is at `now` (`current_age`). Where the clock went back, it was not kept for any time.
    pub fn age_at(&self, now: UnixMillis) -> Duration {
        self.age.saturating_add(Duration::from_millis(now.0.saturating_sub(self.received.0)))
    }

    /// For how long it has not been fresh at `now`; zero while it is.
    pub fn staleness_at(&self, now: UnixMillis) -> Duration {
        self.age_at(now).saturating_sub(self.fresh)
    }
}
