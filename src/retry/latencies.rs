//! How long an upstream took lately: enough to say what a given share of its answers did not exceed.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::{Came, Outcome};
use crate::host::Tick;

/// Cells for each doubling: what is told is at most an eighth too long.
const STEPS: u32 = 8;
/// Doublings, from a 1024th of a millisecond on, up to more than an hour.
const DOUBLINGS: u32 = 32;
const CELLS: usize = (STEPS * DOUBLINGS) as usize;
/// How long a half of what is known is collected, before it takes the place of the half before it.
const HALF: u64 = 10_000_000_000;
/// So few answers say nothing about a percentile.
const LEAST: u64 = 100;

/// How long an upstream took lately.
#[derive(Debug)]
pub struct Latencies {
    /// The half that is collected, and the one before it, in turn.
    halves: [[AtomicU32; CELLS]; 2],
    /// When the half that is collected began.
    since: AtomicU64,
}

// === impl Latencies ===

impl Default for Latencies {
    fn default() -> Self {
        let half = || std::array::from_fn(|_| AtomicU32::new(0));
        Self { halves: [half(), half()], since: AtomicU64::new(0) }
    }
}

impl Latencies {
    /// Takes note of how long an answer took.
    pub fn note(&self, outcome: &Outcome, now: Tick) {
        if let Came::Answer(status) = outcome.came
            && !status.is_server_error()
        {
            let half = self.turn(now);
            self.halves[half][cell(outcome.took)].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How long so many thousandths of the last answers did not exceed; `None` where there were too few.
    pub fn percentile(&self, thousandths: u32) -> Option<Duration> {
        let count = |at: usize| {
            self.halves.iter().map(|half| u64::from(half[at].load(Ordering::Relaxed))).sum::<u64>()
        };
        let all: u64 = (0..CELLS).map(count).sum();
        if all < LEAST {
            return None;
        }
        let rank = (all * u64::from(thousandths)).div_ceil(1_000);
        let mut passed = 0;
        (0..CELLS)
            .find(|at| {
                passed += count(*at);
                passed >= rank
            })
            .map(end)
    }

    /// Which half is collected at `now`; the other is emptied when its time is over.
    fn turn(&self, now: Tick) -> usize {
        let since = self.since.load(Ordering::Relaxed);
        let half = now.0 / HALF;
        if since < half
            && self.since.compare_exchange(since, half, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let both = half - since > 1;
            for (at, cells) in self.halves.iter().enumerate() {
                if both || at == usize::from(half % 2 == 1) {
                    cells.iter().for_each(|cell| cell.store(0, Ordering::Relaxed));
                }
            }
        }
        usize::from(half % 2 == 1)
    }
}

/// The cell of a span.
fn cell(span: Duration) -> usize {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1);
    let doubling = 63 - micros.leading_zeros();
    let step = if doubling >= 3 { (micros >> (doubling - 3)) & 7 } else { (micros << (3 - doubling)) & 7 };
    let at = u64::from(doubling * STEPS) + step;
    usize::try_from(at).unwrap_or(usize::MAX).min(CELLS - 1)
}

/// Where a cell ends.
fn end(cell: usize) -> Duration {
    let cell = cell as u64;
    let (doubling, step) = (cell / u64::from(STEPS), cell % u64::from(STEPS));
    Duration::from_micros((1 << doubling) + (((step + 1) << doubling) / u64::from(STEPS)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::StatusCode;

    use super::*;

    fn took(millis: u64) -> Outcome {
        Outcome { came: Came::Answer(StatusCode::OK), took: Duration::from_millis(millis) }
    }

    #[test]
    fn percentiles_are_an_eighth_too_long_at_most() {
        let latencies = Latencies::default();
        for millis in 1..=1_000 {
            latencies.note(&took(millis), Tick(1));
        }
        for (thousandths, truth) in [(500, 500), (950, 950), (990, 990), (999, 999)] {
            let told = latencies.percentile(thousandths).unwrap();
            let truth = Duration::from_millis(truth);
            assert!(told >= truth && told <= truth * 9 / 8, "{thousandths}: {told:?}");
        }
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let latencies = Latencies::default();
        for _ in 0..200 {
            latencies.note(&took(1_000), Tick(1));
        }
        for _ in 0..200 {
            latencies.note(&took(1), Tick(2 * HALF + 1));
        }
        assert!(latencies.percentile(999).unwrap() < Duration::from_millis(2));
        assert_eq!(Latencies::default().percentile(500), None);
    }

    #[test]
    fn every_span_has_a_cell() {
        for micros in [0, 1, 2, 3, 7, 8, 9, 1_000, 1 << 40] {
            let span = Duration::from_micros(micros);
            assert!(cell(span) == CELLS - 1 || end(cell(span)) >= span, "{micros}");
        }
        assert_eq!(cell(Duration::MAX), CELLS - 1);
    }
}
