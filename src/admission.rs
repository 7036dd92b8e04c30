//! How much an upstream is asked at once: requests in flight, and those that wait for one to end.
//!
//! A request takes a place before its upstream is asked and keeps it until the last byte of its answer, so that what is
//! bounded is the work an upstream has, not only the questions it has not begun to answer. Where all places are taken it
//! waits in a line that is sorted by importance first and by arrival second; where the line is full, the least important
//! and youngest of all is refused, which may be one that waits already.

use std::time::Duration;

use crate::problem::{Failure, Problem};

mod gate;
mod gradient;
mod line;

pub use gate::{Gate, Ticket, View};

/// The least important there is; 0 is the most important, as in RFC 9218 section 4.1, whose urgencies these are.
pub const LEAST_IMPORTANT: u8 = 7;

/// What a route has that says nothing: the default urgency of RFC 9218 section 4.1.
pub const DEFAULT_PRIORITY: u8 = 3;

/// What a refused client is told to wait, in seconds: when an answer of another request ends, nobody knows, and it is the
/// shortest wait that `Retry-After` can say.
const RETRY_AFTER: u64 = 1;

/// How much an upstream is asked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// How many requests may be in flight; `None` where any number may.
    pub limit: Option<Limit>,
    /// How many may wait.
    pub pending: u32,
    /// How long they wait at most.
    pub pending_timeout: Duration,
    /// Percent of the places that the least important may not take; those in between in proportion.
    pub reserve: u32,
    /// How many requests may be in flight at one target.
    pub per_target: Option<u32>,
}

/// How many requests may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Fixed(u32),
    /// As many as show to be good.
    Adaptive(Adaptive),
}

/// How a limit is found: see `gradient`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adaptive {
    /// The least it ever is, and what it is while the latency of an idle upstream is measured.
    pub min: u32,
    /// The most it ever is.
    pub max: u32,
    /// How much slower than an idle upstream answers may come, in percent.
    pub buffer: u32,
    /// How often the limit is set anew.
    pub window: Duration,
    /// How often the latency of an idle upstream is measured.
    pub remeasure: Duration,
    /// How many answers such a measurement takes.
    pub samples: u32,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// As many wait as may, and none of them is less important.
    LineFull,
    /// It has waited as long as it may.
    TooLong,
    /// It waited, and a more important one came when the line was full.
    Displaced,
    /// Every target that could be asked has as many requests as it may have.
    TargetsFull,
}

// === impl Admission ===

impl Admission {
    /// How many places a request of this `priority` finds where there are `limit` in all: all for the most important, and at
    /// least one for each.
    fn places(&self, limit: u32, priority: u8) -> u32 {
        let priority = u64::from(priority.min(LEAST_IMPORTANT));
        let kept = u64::from(limit) * u64::from(self.reserve) * priority / (100 * u64::from(LEAST_IMPORTANT));
        limit.saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX)).max(1)
    }
}

// === impl Reason ===

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::LineFull, Self::TooLong, Self::Displaced, Self::TargetsFull];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LineFull => "pending-full",
            Self::TooLong => "pending-timeout",
            Self::Displaced => "displaced",
            Self::TargetsFull => "targets-full",
        }
    }

    /// What the client is told: that it may come again, but not why, which is the operator's affair.
    pub fn failure(self) -> Failure {
        let cause = match self {
            Self::LineFull => "as many requests wait for the upstream as may",
            Self::TooLong => "no request to the upstream ended in time",
            Self::Displaced => "a more important request took its place in the line",
            Self::TargetsFull => "every target has as many requests in flight as it may have",
        };
        Failure::from(Problem::UpstreamBusy).cause(cause).field(http::header::RETRY_AFTER, RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests;
