//! Which targets are fit to be asked: what probes and their own answers show.
//!
//! A target is unfit while it is *ejected*, because requests to it failed, and while *probes* fail. Both are told of here;
//! what becomes of requests where too few are left is the affair of [`crate::balance`].

use std::sync::Arc;

use crate::host::Tick;
use crate::plan::StorePlan;
use crate::pool::TargetState;
use crate::retry::Outcome;

pub mod passive;
pub mod probe;
pub mod shared;
pub mod sharing;

pub use passive::Passive;
pub use probe::Probe;

/// What makes a target fit or unfit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Who fails too often is ejected for a while.
    pub passive: Option<Passive>,
    /// Targets are asked how they are.
    pub probe: Option<Probe>,
    /// The store in which instances share what they know.
    pub share: Option<StorePlan>,
}

/// What is known about the health of one target. Changed by many at once, without a lock.
#[derive(Debug, Default)]
pub struct State {
    /// What its answers show.
    pub passive: passive::State,
    /// What probes show.
    pub probed: probe::State,
}

/// Why a target is not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Ejected until then.
    Ejected(Tick),
    /// Probes fail.
    Probed,
}

// === impl State ===

impl State {
    /// Whether it should be asked at `now`.
    pub fn is_fit(&self, health: &Health, now: Tick) -> bool {
        self.unfit(health, now).is_none()
    }

    /// Why it should not be asked at `now`, where that is so.
    pub fn unfit(&self, health: &Health, now: Tick) -> Option<Unfit> {
        let until = health.passive.as_ref().map_or(Tick(0), |_| self.passive.until());
        if now < until {
            return Some(Unfit::Ejected(until));
        }
        let probed = health.probe.as_ref().is_some_and(|probe| !self.probed.passes(probe));
        probed.then_some(Unfit::Probed)
    }
}

/// How long it is until a target that is not fit may be fit again, where that is known.
pub fn back(state: &State, health: &Health, now: Tick) -> Option<std::time::Duration> {
    match state.unfit(health, now)? {
        Unfit::Ejected(until) => Some(until - now),
        Unfit::Probed => None,
    }
}

/// Takes note of how an exchange with the target at `at` of `states` ended. Whether something is known now that was not known
/// before. `chance`: random bits, wanted seldom.
pub fn note(
    health: &Health,
    states: &[Arc<TargetState>],
    at: usize,
    outcome: &Outcome,
    now: Tick,
    chance: impl FnOnce() -> u64,
) -> bool {
    let (Some(rule), Some(state)) = (&health.passive, states.get(at)) else { return false };
    let (changed, too_much) = state.health.passive.note(rule, outcome, now);
    if too_much && may_eject(health, rule, states, at, now) {
        eject(health, rule, states, at, now, chance());
    }
    changed
}

/// Ejects, and takes that back where too many are ejected now, because somebody else did the same at this moment.
fn eject(health: &Health, rule: &Passive, states: &[Arc<TargetState>], at: usize, now: Tick, chance: u64) {
    let Some(state) = states.get(at) else { return };
    let Some(until) = state.health.passive.eject(rule, now, chance) else { return };
    if !may_eject(health, rule, states, at, now) {
        state.health.passive.take_back(until);
        return;
    }
    state.health.passive.ejected();
    state.health.probed.begin_again();
    // Slow start counts from when it is back.
    state.joined.store(until.0, std::sync::atomic::Ordering::Relaxed);
}

/// Whether the target at `at` may be ejected beside those that are: no more than the rule says, and some other target stays.
fn may_eject(health: &Health, rule: &Passive, states: &[Arc<TargetState>], at: usize, now: Tick) -> bool {
    let (mut ejected, mut fit) = (0, 0);
    for (_, other) in states.iter().enumerate().filter(|(index, _)| *index != at) {
        match other.health.unfit(health, now) {
            None => fit += 1,
            Some(Unfit::Ejected(_)) => ejected += 1,
            Some(Unfit::Probed) => {}
        }
    }
    fit > 0 && ejected < rule.most_ejected(states.len())
}

/// Takes note of how a probe of `state` ended; whether something is known now that was not known before.
pub fn note_probe(
    health: &Health,
    rule: &Probe,
    state: &TargetState,
    ended: Result<(), String>,
    now: Tick,
) -> bool {
    let was_fit = state.health.is_fit(health, now);
    let turned = state.health.probed.note(rule, ended);
    if state.health.probed.row() >= rule.healthy && health.passive.is_some() {
        state.health.passive.pardon(now);
    }
    let is_fit = state.health.is_fit(health, now);
    if is_fit && !was_fit {
        state.joined.store(now.0, std::sync::atomic::Ordering::Relaxed);
    }
    turned || is_fit != was_fit
}

#[cfg(test)]
mod tests;
