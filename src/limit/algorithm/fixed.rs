//! Spans that follow one another, each with a count of its own.

use super::{Span, State, Verdict};

/// The span of `per` milliseconds that `now` is in.
pub(super) fn span(per: u64, now: u64) -> Span {
    let per = per.max(1);
    let start = now - now % per;
    Span { start, end: start.saturating_add(per) }
}

/// Counts in `span`, which is the state's own where the state is later than the clock.
pub(super) fn take(all: u64, state: State, span: Span, now: u64, least: u64, most: u64) -> (State, Verdict) {
    let used = if state.at >= span.start { state.used.min(all) } else { 0 };
    let left = all - used;
    let enough = left >= least;
    let taken = if enough { most.min(left) } else { 0 };
    let reset = span.end.saturating_sub(now);
    let retry = match enough {
        true => 0,
        false if least > all => u64::MAX,
        false => reset,
    };
    let state = State { at: span.start, used: used + taken, before: 0 };
    (state, Verdict { taken, enough, remaining: left - taken, reset, retry })
}

/// Gives back what was taken in `span`.
pub(super) fn give_back(state: State, span: Span, permits: u64) -> State {
    if state.at < span.start || state.at >= span.end {
        return state;
    }
    State { used: state.used.saturating_sub(permits), ..state }
}
