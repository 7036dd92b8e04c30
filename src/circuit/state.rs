//! One circuit, told by many at once how what they asked ended.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::window::Window;
use super::{Phase, Rule, Trip};
use crate::host::Tick;
use crate::retry::Outcome;

/// Of how many requests one passes a half-open circuit, where hosts remember nothing and each decides by chance.
const ONE_IN: u64 = 10;

/// One circuit. While it is closed nobody takes its lock; whoever does holds it for a few instructions.
#[derive(Debug, Default)]
pub struct State {
    /// Grows with each change of phase; the lowest two bits are the phase.
    serial: AtomicU64,
    /// What was asked lately, while it is closed or recovers.
    window: Window,
    /// Failures in a row, while it is closed or recovers.
    row: AtomicU32,
    turn: Mutex<Turn>,
    /// How often it opened since it was made.
    opened: AtomicU64,
}

/// What changes with the phase.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// Open: until when. Half open: when as many may pass again, should some never end. Recovering: since when.
    moment: Tick,
    /// Probes that were let pass.
    passed: u32,
    /// Probes that succeeded.
    succeeded: u32,
    /// Openings in a row.
    openings: u32,
}

/// Leave to ask, with what the circuit was then, so that an answer that comes late decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pass(u64);

/// All there is to know about a circuit, so that it can be told of and be made again elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Grows with each change of phase.
    pub serial: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Open: until when. Half open: when as many may pass again. Recovering: since when.
    pub moment: Tick,
    /// Probes that were let pass.
    pub passed: u32,
    /// Probes that succeeded.
    pub succeeded: u32,
    /// Openings in a row.
    pub openings: u32,
    /// Failures in a row.
    pub row: u32,
}

// === impl State ===

impl State {
    /// Whether nobody would be let pass at `now`; takes nothing. A circuit that recovers lets some pass, by chance.
    pub fn is_open(&self, rule: &Rule, now: Tick) -> bool {
        if phase(self.serial.load(Ordering::Acquire)) == Phase::Closed {
            return false;
        }
        let turn = self.turn();
        match phase(self.serial.load(Ordering::Relaxed)) {
            Phase::Open => now < turn.moment,
            Phase::HalfOpen => !rule.by_chance() && turn.passed >= rule.probes && now < turn.moment,
            Phase::Closed | Phase::Recovering => false,
        }
    }

    /// Leave to ask at `now`; `None` where the circuit is open, or so many are let pass already while it closes. `chance` is
    /// any 64-bit number.
    pub fn pass(&self, rule: &Rule, now: Tick, chance: u64) -> Option<Pass> {
        let serial = self.serial.load(Ordering::Acquire);
        if phase(serial) == Phase::Closed {
            return Some(Pass(serial));
        }
        let mut turn = self.turn();
        let serial = self.serial.load(Ordering::Relaxed);
        match phase(serial) {
            Phase::Closed => Some(Pass(serial)),
            Phase::Open if now < turn.moment => None,
            // Nobody knows how many pass elsewhere at this moment.
            Phase::Open | Phase::HalfOpen if rule.by_chance() && !chance.is_multiple_of(ONE_IN) => None,
            Phase::Open => {
                (turn.passed, turn.succeeded) = (1, 0);
                turn.moment = now + rule.pause(turn.openings);
                Some(Pass(self.change(Phase::HalfOpen)))
            }
            Phase::HalfOpen => {
                if now >= turn.moment {
                    // A probe that never ended, because nobody waits for it any more, must not keep the circuit open. One
                    // that is only late counts all the same.
                    turn.passed = turn.succeeded;
                    turn.moment = now + rule.pause(turn.openings);
                }
                if turn.passed >= rule.probes && !rule.by_chance() {
                    return None;
                }
                turn.passed = turn.passed.saturating_add(1);
                Some(Pass(serial))
            }
            Phase::Recovering if now - turn.moment >= rule.recovery => Some(Pass(self.close(&mut turn))),
            Phase::Recovering => rule.lets_pass(turn.moment, now, chance).then_some(Pass(serial)),
        }
    }

    /// Takes note of how what was asked with `pass` ended. Whether the circuit is another one now.
    pub fn note(&self, rule: &Rule, pass: Pass, outcome: &Outcome, now: Tick) -> bool {
        if self.serial.load(Ordering::Acquire) != pass.0 {
            return false;
        }
        let failed = rule.is_failure(outcome);
        match phase(pass.0) {
            Phase::Closed | Phase::Recovering => {
                failed.is_some_and(|failed| self.count(rule, failed, now) && self.open(rule, pass, now))
            }
            Phase::HalfOpen => self.probed(rule, pass, failed, now),
            Phase::Open => false,
        }
    }

    /// Stands where it stood when `pass` was given at `now`: the same steps lead to the same serials.
    pub fn follow(&self, rule: &Rule, pass: Pass, now: Tick) {
        if self.serial.load(Ordering::Acquire) != pass.0 {
            let _ = self.pass(rule, now, 0);
        }
    }

    /// How long somebody who was not let pass should wait.
    pub fn wait(&self, now: Tick) -> Duration {
        let turn = self.turn();
        match phase(self.serial.load(Ordering::Relaxed)) {
            Phase::Open => turn.moment - now,
            _ => Duration::ZERO,
        }
    }

    /// How often it opened since it was made.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// All there is to know about it.
    pub fn facts(&self) -> Facts {
        let Turn { moment, passed, succeeded, openings } = *self.turn();
        let serial = self.serial.load(Ordering::Relaxed);
        let row = self.row.load(Ordering::Relaxed);
        Facts { serial, phase: phase(serial), moment, passed, succeeded, openings, row }
    }

    /// A circuit of which this is known.
    pub fn of(facts: &Facts) -> Self {
        let Facts { serial, phase, moment, passed, succeeded, openings, row } = *facts;
        Self {
            serial: AtomicU64::new((serial & !3) | bits(phase)),
            row: AtomicU32::new(row),
            turn: Mutex::new(Turn { moment, passed, succeeded, openings }),
            ..Self::default()
        }
    }

    /// Counts one more; whether there are enough failures.
    fn count(&self, rule: &Rule, failed: bool, now: Tick) -> bool {
        match rule.trip {
            Trip::Share { percent, minimum, window } => {
                self.window.note(window, failed, now);
                // The share grows with failures only.
                failed && self.window.counted(window, now).reaches(percent, minimum)
            }
            Trip::InARow(most) if failed => self.row.fetch_add(1, Ordering::Relaxed) + 1 >= most,
            Trip::InARow(_) => {
                // A store for each success would be a line that all workers write.
                if self.row.load(Ordering::Relaxed) != 0 {
                    self.row.store(0, Ordering::Relaxed);
                }
                false
            }
        }
    }

    fn open(&self, rule: &Rule, pass: Pass, now: Tick) -> bool {
        let mut turn = self.turn();
        let stands = self.serial.load(Ordering::Relaxed) == pass.0;
        if stands {
            turn.openings = turn.openings.saturating_add(1);
            turn.moment = now + rule.pause(turn.openings);
            self.opened.fetch_add(1, Ordering::Relaxed);
            self.change(Phase::Open);
        }
        stands
    }

    fn probed(&self, rule: &Rule, pass: Pass, failed: Option<bool>, now: Tick) -> bool {
        if failed == Some(true) {
            return self.open(rule, pass, now);
        }
        let mut turn = self.turn();
        if self.serial.load(Ordering::Relaxed) != pass.0 {
            return false;
        }
        if failed.is_none() {
            turn.passed = turn.passed.saturating_sub(1).max(turn.succeeded);
            return true;
        }
        turn.succeeded += 1;
        if turn.succeeded >= rule.probes {
            self.window.clear();
            self.row.store(0, Ordering::Relaxed);
            if rule.recovery.is_zero() {
                self.close(&mut turn);
            } else {
                turn.moment = now;
                self.change(Phase::Recovering);
            }
        }
        true
    }

    fn close(&self, turn: &mut Turn) -> u64 {
        *turn = Turn::default();
        self.change(Phase::Closed)
    }

    /// Has another phase; the serial that goes with it. To be called by whoever has the lock.
    fn change(&self, to: Phase) -> u64 {
        let serial = ((self.serial.load(Ordering::Relaxed) | 3).wrapping_add(1)) | bits(to);
        self.serial.store(serial, Ordering::Release);
        serial
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The phase that is in a serial.
pub fn phase(serial: u64) -> Phase {
    match serial & 3 {
        0 => Phase::Closed,
        1 => Phase::Open,
        2 => Phase::HalfOpen,
        _ => Phase::Recovering,
    }
}

fn bits(phase: Phase) -> u64 {
    match phase {
        Phase::Closed => 0,
        Phase::Open => 1,
        Phase::HalfOpen => 2,
        Phase::Recovering => 3,
    }
}
