//! Upstreams and targets that fail are left alone for a while, and come back slowly.

use crate::host::Tick;
use crate::retry::Outcome;

/// The circuits of an upstream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Circuit {
    /// Of the upstream as a whole.
    pub upstream: Option<Rule>,
    /// Of each target.
    pub target: Option<Rule>,
}

/// When a circuit opens, and how it closes again.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {}

/// One circuit.
#[derive(Debug, Default)]
pub struct State {}

/// Leave to ask, with what the circuit was then, so that an answer that comes late decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pass(u64);

// === impl State ===

impl State {
    /// Whether [`Self::pass`] would let somebody pass at `now`; takes nothing.
    pub fn is_open(&self, rule: &Rule, now: Tick) -> bool {
        let _ = (rule, now);
        false
    }

    /// Leave to ask at `now`; `None` where the circuit is open, or so many are let pass already while it closes.
    pub fn pass(&self, rule: &Rule, now: Tick, chance: u64) -> Option<Pass> {
        let _ = (rule, now, chance);
        Some(Pass(0))
    }

    /// Takes note of how what was asked with `pass` ended.
    pub fn note(&self, rule: &Rule, pass: Pass, outcome: &Outcome, now: Tick) {
        let _ = (rule, pass, outcome, now);
    }
}
