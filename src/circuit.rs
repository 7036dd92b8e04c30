//! Upstreams and targets that fail are left alone for a while, and come back slowly.
//!
//! A circuit is *closed* while all goes well: everybody passes, and what comes of it is counted over a sliding window. Where
//! enough was asked and the share of failures is reached, it *opens*: nobody passes, for a time that doubles with each opening
//! in a row up to a cap. Then it is *half open*: so many probes pass and no more; one failure among them opens it again, and
//! when all have succeeded it *recovers*: the share of requests let pass grows linearly from nothing to all. A failure share
//! as above opens it from there, too; else it is closed, and the next opening is the first again.
//!
//! Hosts that remember nothing share a circuit in a store: there failures in a row open it, and while it is half open each
//! request passes by chance, until so many have succeeded.

use std::time::Duration;

use crate::host::Tick;
use crate::retry::{Came, Outcome};

mod state;
mod window;

#[cfg(test)]
mod tests;

pub use state::{Facts, Pass, State, phase};
pub use window::Window;

/// The circuits of an upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Of the upstream as a whole.
    pub upstream: Option<Rule>,
    /// Of each target.
    pub target: Option<Rule>,
}

/// When a circuit opens, and how it closes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What makes it open.
    pub trip: Trip,
    /// Answers that took longer to begin are failures, too.
    pub slow: Option<Duration>,
    /// For how long it is open first.
    pub open: Duration,
    /// For how long it is open at most.
    pub most_open: Duration,
    /// How many must succeed before it recovers, and how many are let pass for that.
    pub probes: u32,
    /// How long the share of those who pass grows; zero for not at all.
    pub recovery: Duration,
}

/// What makes a circuit open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trip {
    /// So many of a hundred that were asked within a span failed, where at least so many were asked.
    Share {
        /// Failures of a hundred.
        percent: u32,
        /// How many must have been asked.
        minimum: u32,
        /// The span.
        window: Duration,
    },
    /// So many failed in a row: where nobody counts every request, because hosts remember nothing.
    InARow(u32),
}

/// Where a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Everybody passes.
    #[default]
    Closed,
    /// Nobody does.
    Open,
    /// So many do as probes.
    HalfOpen,
    /// A growing share does.
    Recovering,
}

// === impl Rule ===

impl Rule {
    /// Whether an exchange that ended so is a failure; `None` where nothing can be said.
    pub fn is_failure(&self, outcome: &Outcome) -> Option<bool> {
        match outcome.came {
            Came::Unknown => None,
            _ => Some(outcome.is_failure() || self.slow.is_some_and(|slow| outcome.took >= slow)),
        }
    }

    /// For how long it is open when it opens for the so-manieth time in a row.
    pub fn pause(&self, in_a_row: u32) -> Duration {
        let doublings = in_a_row.saturating_sub(1);
        2_u32
            .checked_pow(doublings)
            .and_then(|times| self.open.checked_mul(times))
            .map_or(self.most_open, |pause| pause.min(self.most_open))
    }

    /// Whether those who pass while it is half open are chosen by chance, because nobody sees them all.
    fn by_chance(&self) -> bool {
        matches!(self.trip, Trip::InARow(_))
    }

    /// Whether somebody with this `chance`, of all 64-bit numbers, is among those who pass at `now` in a recovery that began
    /// at `since`.
    fn lets_pass(&self, since: Tick, now: Tick, chance: u64) -> bool {
        let (elapsed, whole) = ((now - since).as_nanos(), self.recovery.as_nanos().max(1));
        // The products are of 64-bit numbers: spans of time are nanoseconds of a tick.
        u128::from(chance).saturating_mul(whole) < elapsed.saturating_mul(1 << 64)
    }
}

// === impl Phase ===

impl Phase {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Closed, Self::Open, Self::HalfOpen, Self::Recovering];

    /// Its name in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Recovering => "recovering",
        }
    }
}
