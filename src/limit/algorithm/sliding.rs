//! The sliding window, estimated from two counts: that of the span that `now` is in, and that of the span before, of
//! which counts the part that is less than `per` ago as if its requests had come evenly.

use super::{Span, State, Verdict};

/// A window, and what it holds in parts: `per` to a permit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sliding {
    all: u64,
    per: u64,
}

// === impl Sliding ===

impl Sliding {
    pub(super) fn new(all: u64, per: u64) -> Self {
        Self { all, per: per.max(1) }
    }

    /// Counts in `span`, which is the state's own where the state is later than the clock.
    pub(super) fn take(self, state: State, span: Span, now: u64, least: u64, most: u64) -> (State, Verdict) {
        let State { used, before, .. } = self.seen(state, span);
        let elapsed = now.max(span.start) - span.start;
        let faded = before.saturating_mul(self.per.saturating_sub(elapsed));
        let room = self.all.saturating_mul(self.per).saturating_sub(faded) / self.per;
        let left = room.saturating_sub(used);
        let enough = left >= least;
        let taken = if enough { most.min(left) } else { 0 };
        let used = used + taken;
        let reset = match (used, before) {
            (0, 0) => 0,
            (0, _) => span.end,
            _ => span.end.saturating_add(self.per),
        };
        let retry = match enough {
            true => 0,
            false if least > self.all => u64::MAX,
            false => self.enough_at(used, before, span, least).saturating_sub(now),
        };
        let verdict =
            Verdict { taken, enough, remaining: left - taken, reset: reset.saturating_sub(now), retry };
        (State { at: span.start, used, before }, verdict)
    }

    /// The state as of `span`: what was counted in the span before moves there, and what is older is gone. Counts of
    /// when more was allowed are what is allowed now.
    fn seen(self, state: State, span: Span) -> State {
        let (used, before) = (state.used.min(self.all), state.before.min(self.all));
        if state.at >= span.start {
            State { at: span.start, used, before }
        } else if state.at >= span.start.saturating_sub(self.per) {
            State { at: span.start, used: 0, before: used }
        } else {
            State { at: span.start, used: 0, before: 0 }
        }
    }

    /// When `least` permits, which are not more than all, are there first if nobody takes any.
    fn enough_at(self, used: u64, before: u64, span: Span, least: u64) -> u64 {
        let faded = |count: u64, room: u64| match room.saturating_mul(self.per).checked_div(count) {
            // After so many milliseconds of a span, `count` of the one before has faded to `room`.
            Some(part) => self.per.saturating_sub(part),
            None => 0,
        };
        if used.saturating_add(least) <= self.all {
            let after = faded(before, self.all - used - least);
            if after < self.per {
                return span.start.saturating_add(after);
            }
        }
        span.end.saturating_add(faded(used, self.all - least))
    }
}

/// Gives back what was taken in `span`, also from where it fades.
pub(super) fn give_back(state: State, span: Span, permits: u64) -> State {
    if state.at >= span.start && state.at < span.end {
        State { used: state.used.saturating_sub(permits), ..state }
    } else if state.at == span.end {
        State { before: state.before.saturating_sub(permits), ..state }
    } else {
        state
    }
}

/// From when nothing of it counts.
pub(super) fn expires(per: u64, state: &State) -> u64 {
    let end = super::fixed::span(per, state.at).end;
    match (state.used, state.before) {
        (0, 0) => state.at,
        (0, _) => end,
        _ => end.saturating_add(per),
    }
}
