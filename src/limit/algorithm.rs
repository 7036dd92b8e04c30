//! What limits count, as functions of what was counted before and of the time.
//!
//! Everything is in whole numbers, milliseconds and permits, and small enough for the doubles of Redis' Lua: what is
//! counted there and here is the same to the last permit ([`Algorithm::is_countable`]).

use crate::config::Period;

/// What a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Algorithm {
    /// Token bucket: `burst` permits at most, of which `permits` come back evenly in each `per` milliseconds.
    Bucket {
        /// How many come back.
        permits: u64,
        /// In how long, in milliseconds.
        per: u64,
        /// How many there are at most.
        burst: u64,
    },
    /// `most` in each span of `per` milliseconds; spans begin at multiples of `per` since 1970.
    Fixed {
        /// How many.
        most: u64,
        /// In how long, in milliseconds.
        per: u64,
    },
    /// `most` in the last `per` milliseconds, estimated: what was counted in the fixed span before counts in proportion to
    /// how much of it is less than `per` ago.
    Sliding {
        /// How many.
        most: u64,
        /// In how long, in milliseconds.
        per: u64,
    },
    /// `most` in each period of the calendar in a time zone.
    Calendar {
        /// How many.
        most: u64,
        /// The period.
        period: Period,
        /// The zone's rules as a POSIX `TZ` text, and its name for people.
        zone: Zone,
    },
    /// `most` at the same time.
    Concurrent {
        /// How many.
        most: u64,
    },
}

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: Box<str>,
    /// Its rules from now on: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX.1-2024 section 8.3).
    pub rules: Box<str>,
}

/// What was counted. No state is the same as one in which nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// For a bucket when it was last looked at, else when the span began; milliseconds since 1970.
    pub at: u64,
    /// For a bucket what is missing in it, in `1/per` permits; else what was counted since `at`.
    pub used: u64,
    /// For a sliding window what was counted in the span before.
    pub before: u64,
}

/// What a limit says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// How many permits were taken; 0 where it was refused.
    pub taken: u64,
    /// Whether there were enough.
    pub enough: bool,
    /// How many there are left.
    pub remaining: u64,
    /// In how many milliseconds all are there again.
    pub reset: u64,
    /// In how many milliseconds there are enough for this request, where there were not: `u64::MAX` for never.
    pub retry: u64,
}

/// The span in which a window counts: from `start` until before `end`, in milliseconds since 1970. A bucket has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Its first millisecond.
    pub start: u64,
    /// The first after it.
    pub end: u64,
}

// === impl Algorithm ===

impl Algorithm {
    /// How many permits there are when nothing was taken.
    pub fn most(&self) -> u64 {
        match self {
            Self::Bucket { burst, .. } => *burst,
            Self::Fixed { most, .. }
            | Self::Sliding { most, .. }
            | Self::Calendar { most, .. }
            | Self::Concurrent { most } => *most,
        }
    }

    /// The span that `now` is in.
    pub fn span(&self, now: u64) -> Span {
        match self {
            Self::Fixed { per, .. } | Self::Sliding { per, .. } => {
                let start = now - now % per;
                Span { start, end: start + per }
            }
            _ => Span::default(),
        }
    }

    /// Takes as many permits as there are of `least` to `most`, or none where there are fewer than `least`. The state
    /// afterwards, and what is said of it. With `least` 0 nothing changes: that is a look.
    pub fn take(&self, state: State, span: Span, now: u64, least: u64, most: u64) -> (State, Verdict) {
        let used = if state.at == span.start { state.used } else { 0 };
        let left = self.most().saturating_sub(used);
        let enough = left >= least;
        let taken = if enough { most.min(left) } else { 0 };
        let state = State { at: span.start, used: used + taken, before: 0 };
        let reset = span.end.saturating_sub(now);
        (state, Verdict { taken, enough, remaining: left - taken, reset, retry: reset })
    }

    /// Gives `permits` back that were taken from `state` before.
    pub fn give_back(&self, state: State, permits: u64) -> State {
        State { used: state.used.saturating_sub(permits), ..state }
    }

    /// From when a state means the same as none, in milliseconds since 1970.
    pub fn expires(&self, state: &State) -> u64 {
        self.span(state.at).end
    }
}
