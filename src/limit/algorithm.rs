//! What limits count, as functions of what was counted before and of the time.
//!
//! Everything is in whole numbers, milliseconds and permits, and small enough for the doubles of Redis' Lua: what is
//! counted there and here is the same to the last permit ([`Algorithm::is_countable`]).
//!
//! A state is what a store says, which may be of another limit (before a reload) or of nobody: its numbers are bounded by
//! what the limit has, and its time by the clock, before anything is worked out.

use crate::config::Period;

mod bucket;
mod calendar;
mod fixed;
mod sliding;

pub use calendar::Zone;

/// What Lua's doubles count exactly: whole numbers below 2^53.
const EXACT: u64 = 1 << 53;

/// How far a state may be ahead of the clock, in milliseconds: a day. Instances' clocks differ, and a state that one of
/// them wrote a little later than another's clock says still counts. What is further ahead was written by no clock that
/// tells the time, and counts as none: else a single wrong write would refuse its caller for years.
const MOST_AHEAD: u64 = 86_400_000;

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
        /// The time zone in which periods begin.
        zone: Zone,
    },
    /// `most` at the same time.
    Concurrent {
        /// How many.
        most: u64,
    },
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

    /// Whether Lua counts it as this does, and there is something to count: each product that is made while judging
    /// stays below 2^53.
    pub fn is_countable(&self) -> bool {
        let below = |product: Option<u64>| product.is_some_and(|product| product < EXACT / 4);
        match self {
            // What comes back in the time in which all does is at most `permits` more than the bucket holds.
            Self::Bucket { permits, per, burst } => {
                let capacity = burst.checked_mul(*per);
                *permits > 0 && *per > 0 && *burst > 0 && below(capacity) && below(Some(*permits))
            }
            Self::Fixed { most, per } => *most > 0 && *per > 0 && below(Some(*most)) && below(Some(*per)),
            // Both sides of its inequality together are at most three times this.
            Self::Sliding { most, per } => *most > 0 && *per > 0 && below(most.checked_mul(*per)),
            Self::Calendar { most, .. } | Self::Concurrent { most } => *most > 0 && below(Some(*most)),
        }
    }

    /// The span that `now` is in.
    pub fn span(&self, now: u64) -> Span {
        match self {
            Self::Fixed { per, .. } | Self::Sliding { per, .. } => fixed::span(*per, now),
            Self::Calendar { period, zone, .. } => zone.span(*period, now),
            Self::Bucket { .. } | Self::Concurrent { .. } => Span::default(),
        }
    }

    /// Takes as many permits as there are of `least` to `most`, or none where there are fewer than `least`. The state
    /// afterwards, and what is said of it. With `least` 0 nothing changes: that is a look. `span` is what [`Self::span`]
    /// says of `now`.
    pub fn take(&self, state: State, span: Span, now: u64, least: u64, most: u64) -> (State, Verdict) {
        let most = if least == 0 { 0 } else { most.max(least) };
        let seen = if state.at > now.saturating_add(MOST_AHEAD) { State::default() } else { state };
        let (after, verdict) = match self {
            Self::Bucket { permits, per, burst } => {
                bucket::Bucket::new(*permits, *per, *burst).take(seen, now, least, most)
            }
            Self::Fixed { most: all, .. } | Self::Calendar { most: all, .. } => {
                // A clock that is behind counts where others do already.
                let span = if seen.at >= span.end { self.span(seen.at) } else { span };
                fixed::take(*all, seen, span, now, least, most)
            }
            Self::Sliding { most: all, per } => {
                let span = if seen.at >= span.end { self.span(seen.at) } else { span };
                sliding::Sliding::new(*all, *per).take(seen, span, now, least, most)
            }
            Self::Concurrent { most: all } => {
                let span = Span { start: 0, end: u64::MAX };
                let (after, verdict) = fixed::take(*all, State { at: 0, ..seen }, span, now, least, most);
                // How long those who are there stay is not known.
                let retry = if least <= *all { 0 } else { u64::MAX };
                (after, Verdict { reset: 0, retry: if verdict.enough { 0 } else { retry }, ..verdict })
            }
        };
        (if verdict.taken == 0 { state } else { after }, verdict)
    }

    /// Gives `permits` back that were taken in `span` (what [`Self::span`] said then). What was taken in a span that has
    /// passed is not given to the next.
    pub fn give_back(&self, state: State, span: Span, permits: u64) -> State {
        match self {
            Self::Bucket { per, .. } => {
                State { used: state.used.saturating_sub(permits.saturating_mul(*per)), ..state }
            }
            Self::Fixed { .. } | Self::Calendar { .. } => fixed::give_back(state, span, permits),
            Self::Sliding { .. } => sliding::give_back(state, span, permits),
            Self::Concurrent { .. } => State { used: state.used.saturating_sub(permits), ..state },
        }
    }

    /// From when a state means the same as none, in milliseconds since 1970.
    pub fn expires(&self, state: &State) -> u64 {
        match self {
            Self::Bucket { permits, per, burst } => {
                bucket::Bucket::new(*permits, *per, *burst).expires(state)
            }
            Self::Fixed { .. } | Self::Calendar { .. } if state.used == 0 => state.at,
            Self::Fixed { .. } | Self::Calendar { .. } => self.span(state.at).end,
            Self::Sliding { per, .. } => sliding::expires(*per, state),
            Self::Concurrent { .. } if state.used == 0 => 0,
            Self::Concurrent { .. } => u64::MAX,
        }
    }
}
