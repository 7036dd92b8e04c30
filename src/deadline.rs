//! One deadline a request: made once, passed down.

use std::time::Duration;

use crate::host::Tick;

/// When a request must be over. [`Tick`]'s greatest value stands for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Tick);

// === impl Deadline ===

impl Deadline {
    /// `span` after `begun`; never without one.
    pub fn after(begun: Tick, span: Option<Duration>) -> Self {
        Self(span.map_or(Tick(u64::MAX), |span| begun + span))
    }

    /// None.
    pub fn never() -> Self {
        Self(Tick(u64::MAX))
    }

    /// This one, or `span` after `begun` where that is earlier.
    pub fn and_after(self, begun: Tick, span: Duration) -> Self {
        Self(self.0.min(begun + span))
    }

    /// The moment itself.
    pub fn tick(self) -> Tick {
        self.0
    }

    /// Whether it has passed.
    pub fn has_passed(self, now: Tick) -> bool {
        now >= self.0
    }

    /// The earlier of the deadline and `span` after `since`.
    pub fn or_after(self, since: Tick, span: Option<Duration>) -> Tick {
        span.map_or(self.0, |span| self.0.min(since + span))
    }
}
