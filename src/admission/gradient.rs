//! A limit that finds itself: the gradient controller that Envoy documents for adaptive concurrency
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter>).
//!
//! How long an upstream takes that has little to do is measured now and then, by asking it little: the limit is at its least
//! until enough answers came. Otherwise the median of each window is compared with that: as long as answers come nearly as fast,
//! the limit grows, and where they come slower, requests queue up somewhere behind the gateway, and it shrinks in proportion:
//! `limit × (idle latency + buffer) ∕ latency + √limit`. The root is room to find out whether more is possible.
//!
//! A limit that is not used does not grow, as in Netflix's `concurrency-limits`: nothing shows that it could. Beyond both, a
//! window looks only at requests that began in it: others show what came of the limit before, and a limit that answers to
//! them swings (tests/admission/gradient.rs).

use std::time::Duration;

use super::Adaptive;
use crate::host::Tick;
use crate::problem::Problem;
use crate::retry::{Came, Outcome};

/// How many answers of a window are looked at: their median is no better for more.
const MOST_SAMPLES: usize = 512;

/// A window with fewer answers goes on: a median of less says too little.
const FEWEST_SAMPLES: usize = 10;

/// After so many windows at the least limit, the idle latency that they are compared with is doubted (Envoy's number).
const DOUBTED: u32 = 5;

/// How far a limit moves in one window at most, before the headroom: to a half or the double.
const MOST_CHANGE: u64 = 2;

/// What was learnt of an upstream.
#[derive(Debug, Default)]
pub(super) struct Gradient {
    /// 0 before the first measurement has ended.
    limit: u32,
    /// How long it takes when it has little to do, in nanoseconds; `None` while that is measured.
    idle: Option<u64>,
    /// When it is measured again.
    remeasure: Tick,
    /// Since when the window, or the measurement, goes on.
    since: Tick,
    /// How long its answers took, in nanoseconds.
    samples: Vec<u64>,
    /// How many were in flight at most in it.
    most_in_flight: u32,
    /// Windows in a row after which the limit was the least.
    least: u32,
}

// === impl Gradient ===

impl Gradient {
    /// How many may be in flight.
    pub(super) fn limit(&self, adaptive: &Adaptive) -> u32 {
        match self.idle {
            None => adaptive.min,
            Some(_) => self.limit.clamp(adaptive.min, adaptive.max),
        }
    }

    /// So many are in flight.
    pub(super) fn note_in_flight(&mut self, in_flight: u32) {
        self.most_in_flight = self.most_in_flight.max(in_flight);
    }

    /// Takes note at `now` of an attempt of a request that was admitted as one of `among`.
    pub(super) fn note(&mut self, adaptive: &Adaptive, outcome: &Outcome, among: u32, now: Tick) {
        let Some(took) = latency(outcome) else { return };
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        if now.0.saturating_sub(nanos) < self.since.0 {
            // It began under another limit. What it says would be heard too late, and the limit would swing.
            return;
        }
        match self.idle {
            // What failed says nothing of how fast an answer can be, and what came among more had others beside it.
            None if among > adaptive.min || outcome.is_failure() => {}
            None => self.measure(adaptive, nanos, now),
            Some(idle) => self.sample(adaptive, idle, nanos, now),
        }
    }

    /// An answer of an upstream that has little to do.
    fn measure(&mut self, adaptive: &Adaptive, nanos: u64, now: Tick) {
        self.samples.push(nanos);
        if self.samples.len() < (adaptive.samples as usize).min(MOST_SAMPLES) {
            return;
        }
        self.idle = self.median();
        // Gateways that began together do not measure together for ever: no two count nanoseconds alike.
        let apart = Duration::from_nanos(now.0 % nanos_of(adaptive.remeasure / 8).max(1));
        self.remeasure = now + adaptive.remeasure + apart;
        self.limit = self.limit.clamp(adaptive.min, adaptive.max);
        self.begin(now);
    }

    /// An answer of an upstream that has to do.
    fn sample(&mut self, adaptive: &Adaptive, idle: u64, nanos: u64, now: Tick) {
        if self.samples.len() < MOST_SAMPLES {
            self.samples.push(nanos);
        }
        if self.samples.len() < FEWEST_SAMPLES || now - self.since < adaptive.window {
            return;
        }
        let Some(median) = self.median() else { return };
        let before = self.limit(adaptive);
        let after = next(adaptive, before, idle, median);
        // A limit that nobody came near to was not tried.
        let tried = self.most_in_flight.saturating_mul(2) >= before;
        if after < before || tried {
            self.limit = after;
        }
        self.least = if self.limit == adaptive.min { self.least + 1 } else { 0 };
        if now >= self.remeasure || self.least >= DOUBTED {
            self.idle = None;
        }
        self.begin(now);
    }

    fn begin(&mut self, now: Tick) {
        if self.idle.is_none() {
            self.least = 0;
        }
        self.samples.clear();
        self.since = now;
        self.most_in_flight = 0;
    }

    fn median(&mut self) -> Option<u64> {
        let middle = self.samples.len() / 2;
        (middle < self.samples.len()).then(|| *self.samples.select_nth_unstable(middle).1)
    }
}

/// How long the upstream took, where that can be said: a time-out is an answer that took at least so long; another failure may
/// have been fast because nothing was done.
fn latency(outcome: &Outcome) -> Option<Duration> {
    match outcome.came {
        Came::Answer(status) if !status.is_server_error() => Some(outcome.took),
        Came::Nothing(Problem::UpstreamTimeout, _) => Some(outcome.took),
        Came::Answer(_) | Came::Nothing(..) | Came::Unknown => None,
    }
}

/// The limit after `limit`, where an upstream with little to do takes `idle`, and took `median`.
fn next(adaptive: &Adaptive, limit: u32, idle: u64, median: u64) -> u32 {
    let limit = u64::from(limit);
    let fine = u128::from(idle) * u128::from(100 + adaptive.buffer) / 100;
    let scaled = u128::from(limit) * fine / u128::from(median.max(1));
    let scaled = u64::try_from(scaled).unwrap_or(u64::MAX).clamp(limit / MOST_CHANGE, limit * MOST_CHANGE);
    let after = scaled + scaled.isqrt().max(1);
    u32::try_from(after).unwrap_or(u32::MAX).clamp(adaptive.min, adaptive.max)
}

fn nanos_of(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
