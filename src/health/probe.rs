//! Targets are asked how they are: what is asked, and what has come of it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use crate::host::Tick;

pub mod check;
pub mod grpc;

pub use check::check;

/// The longest body of an answer to a probe that is read, in bytes: what tells that a service is well is short.
pub const LARGEST: usize = 64 << 10;

/// How targets are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// What is asked.
    pub kind: Kind,
    /// The port, where it is not the one that requests go to.
    pub port: Option<u16>,
    /// How often.
    pub interval: Duration,
    /// How much longer at most, by chance, in hundredths of the interval.
    pub jitter: u32,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many must pass in a row for an unfit target to be fit.
    pub healthy: u32,
    /// How many must fail in a row for a fit target to be unfit.
    pub unhealthy: u32,
    /// Whether a target that was not asked yet is fit.
    pub initially_fit: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A request, and what its answer must be.
    Http(HttpCheck),
    /// `grpc.health.v1.Health/Check` of this service; the empty name is the server as a whole.
    Grpc(Box<str>),
    /// Whether a connection can be made.
    Tcp,
}

/// A request, and what its answer must be.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCheck {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: PathAndQuery,
    /// Further fields; `Host` is the target's own where it does not stand here.
    pub headers: HeaderMap,
    /// Statuses that are good, as ranges with both ends.
    pub statuses: Box<[(u16, u16)]>,
    /// What its body must have in it, which is then no longer than [`LARGEST`].
    pub contains: Option<Box<str>>,
}

/// What probes have shown. Written by whoever probes, one at a time, and read by all.
#[derive(Debug, Default)]
pub struct State {
    /// [`UNKNOWN`], [`PASSES`] or [`FAILS`].
    verdict: AtomicU32,
    /// How many in a row passed, or failed: as [`Self::last`] says.
    row: AtomicU32,
    /// Whether the last passed.
    last: AtomicBool,
    /// How many passed.
    passed: AtomicU64,
    /// How many failed.
    failed: AtomicU64,
    /// When it is asked next; 0 where that is not settled.
    due: AtomicU64,
    /// It is being asked.
    asked: AtomicBool,
    /// Why the last one failed.
    why: Mutex<Option<Box<str>>>,
}

/// Not asked yet.
const UNKNOWN: u32 = 0;
/// Fit.
const PASSES: u32 = 1;
/// Not fit.
const FAILS: u32 = 2;

/// What others know of probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// None ended.
    Unknown,
    /// The target is fit.
    Passes,
    /// It is not.
    Fails,
}

// === impl Verdict ===

impl Verdict {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Passes => "passing",
            Self::Fails => "failing",
        }
    }
}

// === impl State ===

impl State {
    /// Whether the target is fit, as far as probes go.
    pub fn passes(&self, probe: &Probe) -> bool {
        match self.verdict() {
            Verdict::Unknown => probe.initially_fit,
            Verdict::Passes => true,
            Verdict::Fails => false,
        }
    }

    /// What they have shown.
    pub fn verdict(&self) -> Verdict {
        match self.verdict.load(Ordering::Acquire) {
            UNKNOWN => Verdict::Unknown,
            PASSES => Verdict::Passes,
            _ => Verdict::Fails,
        }
    }

    /// Takes over what somebody else found.
    pub fn learn(&self, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Unknown => UNKNOWN,
            Verdict::Passes => PASSES,
            Verdict::Fails => FAILS,
        };
        self.verdict.store(verdict, Ordering::Release);
    }

    /// How many passed, and how many failed.
    pub fn totals(&self) -> (u64, u64) {
        (self.passed.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    /// Why the last one failed, where it did.
    pub fn why(&self) -> Option<Box<str>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many passed in a row.
    pub(super) fn row(&self) -> u32 {
        if self.last.load(Ordering::Relaxed) { self.row.load(Ordering::Relaxed) } else { 0 }
    }

    /// What passed before says nothing of what comes: the target was ejected.
    pub(super) fn begin_again(&self) {
        self.row.store(0, Ordering::Relaxed);
    }

    /// Takes note of one that ended; whether the verdict is another one now.
    pub(super) fn note(&self, probe: &Probe, ended: Result<(), String>) -> bool {
        let passed = ended.is_ok();
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = ended.err().map(Into::into);
        let count = if passed { &self.passed } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        if self.last.swap(passed, Ordering::Relaxed) != passed {
            self.row.store(0, Ordering::Relaxed);
        }
        let row = self.row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let before = self.verdict();
        let after = match (before, passed) {
            // The first one decides: who was never asked has no reputation to lose.
            (Verdict::Unknown, true) => Verdict::Passes,
            (Verdict::Unknown, false) => Verdict::Fails,
            (Verdict::Fails, true) if row >= probe.healthy => Verdict::Passes,
            (Verdict::Passes, false) if row >= probe.unhealthy => Verdict::Fails,
            _ => before,
        };
        self.learn(after);
        after != before
    }

    /// Whether it is to be asked at `now`; whoever is told so asks, and says when that [ended](Self::asked). The first time
    /// is by chance within the interval, so that the probes of all targets are spread over it.
    pub fn is_due(&self, probe: &Probe, now: Tick, chance: impl FnOnce() -> u64) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        if due == 0 {
            let first = if self.verdict() == Verdict::Unknown && !probe.initially_fit {
                // Nobody asks it before it was probed: that should not take longer than it must.
                now
            } else {
                now + probe.interval.mul_f64(share(chance()))
            };
            self.due.store(first.0.max(1), Ordering::Relaxed);
            return first <= now && !self.asked.swap(true, Ordering::AcqRel);
        }
        now.0 >= due && !self.asked.swap(true, Ordering::AcqRel)
    }

    /// It was asked, and is asked again after the interval.
    pub fn asked(&self, probe: &Probe, now: Tick, chance: u64) {
        let more = probe.interval.mul_f64(f64::from(probe.jitter.min(100)) / 100.0 * share(chance));
        self.due.store((now + probe.interval + more).0, Ordering::Relaxed);
        self.asked.store(false, Ordering::Release);
    }

    /// When it is asked next; `None` where it is being asked, or that is not settled.
    pub fn due(&self) -> Option<Tick> {
        let due = self.due.load(Ordering::Relaxed);
        (due != 0 && !self.asked.load(Ordering::Acquire)).then_some(Tick(due))
    }
}

/// `chance`, of all 64-bit numbers, as a number from 0 up to 1.
fn share(chance: u64) -> f64 {
    f64::from(u32::try_from(chance >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}
