//! Which targets are fit to be asked: what probes and their own answers show.

use crate::host::Tick;
use crate::retry::Outcome;

/// What makes a target fit or unfit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {}

/// What is known about the health of one target. Changed by many at once, without a lock.
#[derive(Debug, Default)]
pub struct State {}

// === impl State ===

impl State {
    /// Whether it should be asked at `now`.
    pub fn is_fit(&self, health: &Health, now: Tick) -> bool {
        let _ = (health, now);
        true
    }

    /// Takes note of how an exchange with it ended.
    pub fn note(&self, health: &Health, outcome: &Outcome, now: Tick) {
        let _ = (health, outcome, now);
    }
}
