//! Circuits in virtual time, and beside a plain model.
#![allow(clippy::unwrap_used)]
use http::StatusCode;

use super::window::SLOTS;
use super::*;
use crate::host::Reached;
use crate::problem::Problem;

const SECOND: Duration = Duration::from_secs(1);

fn rule() -> Rule {
    Rule {
        trip: Trip::Share { percent: 50, minimum: 10, window: 10 * SECOND },
        slow: None,
        open: 5 * SECOND,
        most_open: 20 * SECOND,
        probes: 3,
        recovery: 10 * SECOND,
    }
}

fn at(millis: u64) -> Tick {
    Tick(1_000_000_000_000) + Duration::from_millis(millis)
}

fn good() -> Outcome {
    Outcome { came: Came::Answer(StatusCode::OK), took: Duration::from_millis(10) }
}

fn bad() -> Outcome {
    Outcome { came: Came::Nothing(Problem::UpstreamRefused, Reached::No), took: Duration::from_millis(10) }
}

/// One that is asked and ends at once, where it passes.
fn ask(state: &State, rule: &Rule, outcome: &Outcome, now: Tick) -> bool {
    let Some(pass) = state.pass(rule, now, 0) else { return false };
    state.note(rule, pass, outcome, now);
    true
}

/// A circuit that was opened at `now`.
fn opened(rule: &Rule, now: Tick) -> State {
    let state = State::default();
    for _ in 0..10 {
        assert!(ask(&state, rule, &bad(), now));
    }
    assert_eq!(state.facts().phase, Phase::Open);
    state
}

#[test]
fn it_opens_at_the_share_and_not_below_the_volume() {
    let (state, rule) = (State::default(), rule());
    for _ in 0..9 {
        assert!(ask(&state, &rule, &bad(), at(0)));
    }
    assert_eq!(state.facts().phase, Phase::Closed, "nine are too few to say anything");
    assert!(ask(&state, &rule, &bad(), at(0)));
    assert!(state.is_open(&rule, at(0)) && !ask(&state, &rule, &good(), at(4_999)));

    let state = State::default();
    for _ in 0..6 {
        ask(&state, &rule, &good(), at(0));
    }
    for _ in 0..5 {
        ask(&state, &rule, &bad(), at(0));
    }
    assert_eq!(state.facts().phase, Phase::Closed, "5 of 11 are less than half");
    ask(&state, &rule, &bad(), at(0));
    assert_eq!(state.facts().phase, Phase::Open, "6 of 12 are half");
    assert_eq!(state.opened(), 1);
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let (state, rule) = (State::default(), rule());
    for _ in 0..9 {
        ask(&state, &rule, &bad(), at(0));
    }
    ask(&state, &rule, &bad(), at(11_000));
    assert_eq!(state.facts().phase, Phase::Closed);
    for _ in 0..9 {
        ask(&state, &rule, &bad(), at(11_000));
    }
    assert_eq!(state.facts().phase, Phase::Open);
}

#[test]
fn half_open_lets_exactly_so_many_pass() {
    let rule = rule();
    let state = opened(&rule, at(0));
    assert!(state.pass(&rule, at(4_999), 0).is_none());
    let passes: Vec<_> = (0..20).filter_map(|_| state.pass(&rule, at(5_000), 0)).collect();
    assert_eq!(passes.len(), 3);
    assert!(state.is_open(&rule, at(5_000)));
    // One that says nothing gives its place back.
    let unknown = Outcome { came: Came::Unknown, took: SECOND };
    state.note(&rule, passes[0], &unknown, at(5_100));
    let again = state.pass(&rule, at(5_100), 0).unwrap();
    assert!(state.pass(&rule, at(5_100), 0).is_none());
    for pass in [again, passes[1]] {
        state.note(&rule, pass, &good(), at(5_200));
        assert_eq!(state.facts().phase, Phase::HalfOpen);
    }
    state.note(&rule, passes[2], &good(), at(5_200));
    assert_eq!(state.facts().phase, Phase::Recovering);
}

#[test]
fn probes_that_never_end_do_not_keep_it_open() {
    let rule = rule();
    let state = opened(&rule, at(0));
    let late: Vec<_> = (0..20).filter_map(|_| state.pass(&rule, at(5_000), 0)).collect();
    assert!(state.pass(&rule, at(9_999), 0).is_none());
    assert!(!state.is_open(&rule, at(10_000)));
    assert_eq!((0..20).filter(|_| state.pass(&rule, at(10_000), 0).is_some()).count(), 3);
    // They were only slow.
    for pass in late {
        state.note(&rule, pass, &good(), at(11_000));
    }
    assert_eq!(state.facts().phase, Phase::Recovering);
}

#[test]
fn one_failure_opens_it_again_for_twice_as_long_up_to_the_cap() {
    let rule = rule();
    let state = opened(&rule, at(0));
    let mut now = 0;
    for pause in [5_000, 10_000, 20_000, 20_000] {
        assert!(state.pass(&rule, at(now + pause - 1), 0).is_none(), "{pause}");
        now += pause;
        assert!(ask(&state, &rule, &bad(), at(now)), "{pause}");
        assert_eq!(state.facts().phase, Phase::Open);
    }
    assert_eq!(state.opened(), 5);
}

#[test]
fn the_share_of_those_who_pass_grows_linearly() {
    let rule = rule();
    let state = opened(&rule, at(0));
    for _ in 0..3 {
        assert!(ask(&state, &rule, &good(), at(5_000)));
    }
    for tenths in 0..10_u64 {
        let now = at(5_000 + tenths * 1_000);
        // A thousand chances, evenly over all there are.
        let chances = (0..1_000_u64).map(|it| it * (u64::MAX / 1_000) + 1);
        let passed = chances.filter(|chance| state.pass(&rule, now, *chance).is_some()).count() as u64;
        assert!(passed.abs_diff(tenths * 100) <= 1, "{passed} of 1000 after {tenths} tenths");
    }
    assert!(state.pass(&rule, at(15_000), u64::MAX).is_some());
    assert_eq!(state.facts().phase, Phase::Closed);
    assert_eq!(state.facts().openings, 0, "the next opening is the first again");
}

#[test]
fn failures_open_it_while_it_recovers() {
    let rule = rule();
    let state = opened(&rule, at(0));
    for _ in 0..3 {
        ask(&state, &rule, &good(), at(5_000));
    }
    for _ in 0..9 {
        assert!(ask(&state, &rule, &bad(), at(14_000)));
    }
    assert_eq!(state.facts().phase, Phase::Recovering, "what was before the opening counts no more");
    ask(&state, &rule, &bad(), at(14_000));
    assert!(state.pass(&rule, at(23_999), 0).is_none() && state.pass(&rule, at(24_000), 0).is_some());
}

#[test]
fn late_answers_decide_nothing() {
    let rule = rule();
    let state = State::default();
    let early: Vec<_> = (0..50).map(|_| state.pass(&rule, at(0), 0).unwrap()).collect();
    for _ in 0..10 {
        ask(&state, &rule, &bad(), at(0));
    }
    for pass in &early[..25] {
        state.note(&rule, *pass, &bad(), at(1_000));
    }
    assert_eq!(state.opened(), 1);
    let probe = state.pass(&rule, at(5_000), 0).unwrap();
    for pass in &early[25..] {
        state.note(&rule, *pass, &good(), at(5_000));
    }
    assert_eq!(state.facts().phase, Phase::HalfOpen);
    state.note(&rule, probe, &bad(), at(5_000));
    assert_eq!(state.opened(), 2);
}

#[test]
fn slow_answers_are_failures_where_that_is_said() {
    let slow = Outcome { came: Came::Answer(StatusCode::OK), took: 2 * SECOND };
    let (strict, lenient) = (Rule { slow: Some(2 * SECOND), ..rule() }, rule());
    for (rule, phase) in [(strict, Phase::Open), (lenient, Phase::Closed)] {
        let state = State::default();
        for _ in 0..10 {
            ask(&state, &rule, &slow, at(0));
        }
        assert_eq!(state.facts().phase, phase);
    }
}

#[test]
fn failures_in_a_row_are_counted_where_shares_cannot_be() {
    let rule = Rule { trip: Trip::InARow(3), recovery: Duration::ZERO, ..rule() };
    let state = State::default();
    for outcome in [bad(), bad(), good(), bad(), bad()] {
        ask(&state, &rule, &outcome, at(0));
    }
    // It can be carried on elsewhere.
    let state = State::of(&state.facts());
    assert_eq!(state.facts().phase, Phase::Closed);
    ask(&state, &rule, &bad(), at(0));
    let state = State::of(&state.facts());
    assert!(!ask(&state, &rule, &good(), at(4_999)));
    for _ in 0..3 {
        ask(&state, &rule, &good(), at(5_000));
    }
    assert_eq!(state.facts().phase, Phase::Closed, "without a recovery it is closed at once");
}

/// The same, written plainly: a list of everything, and no cleverness.
struct Model {
    rule: Rule,
    phase: Phase,
    generation: u64,
    moment: Tick,
    passed: u32,
    succeeded: u32,
    openings: u32,
    asked: Vec<(u64, bool)>,
}

impl Model {
    fn go(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }

    fn open(&mut self, now: Tick) {
        self.openings += 1;
        let pause =
            (0..self.openings - 1).fold(self.rule.open, |pause, _| pause * 2).min(self.rule.most_open);
        self.moment = now + pause;
        self.go(Phase::Open);
    }

    fn pass(&mut self, now: Tick, chance: u64) -> Option<u64> {
        if self.phase == Phase::Recovering && now - self.moment >= self.rule.recovery {
            self.openings = 0;
            self.go(Phase::Closed);
        }
        if self.phase == Phase::Open && now >= self.moment {
            (self.passed, self.succeeded) = (0, 0);
            self.moment = now;
            self.go(Phase::HalfOpen);
            self.moment = self.until(now);
        }
        if self.phase == Phase::HalfOpen && now >= self.moment {
            self.passed = self.succeeded;
            self.moment = self.until(now);
        }
        let passes = match self.phase {
            Phase::Closed => true,
            Phase::Open => false,
            Phase::HalfOpen => self.passed < self.rule.probes,
            Phase::Recovering => {
                let share = (now - self.moment).as_secs_f64() / self.rule.recovery.as_secs_f64();
                (chance as f64) / (u64::MAX as f64) < share
            }
        };
        self.passed += u32::from(passes);
        passes.then_some(self.generation)
    }

    fn until(&self, now: Tick) -> Tick {
        now + (0..self.openings - 1).fold(self.rule.open, |pause, _| pause * 2).min(self.rule.most_open)
    }

    fn note(&mut self, generation: u64, failed: Option<bool>, now: Tick) {
        if generation != self.generation {
            return;
        }
        let Trip::Share { percent, minimum, window } = self.rule.trip else { return };
        let slot = |now: Tick| now.0 / (window.as_nanos() as u64 / SLOTS);
        match (self.phase, failed) {
            (Phase::HalfOpen, None) => self.passed = self.passed.saturating_sub(1).max(self.succeeded),
            (_, None) => {}
            (Phase::HalfOpen, Some(true)) => self.open(now),
            (Phase::HalfOpen, Some(false)) => {
                self.succeeded += 1;
                if self.succeeded >= self.rule.probes {
                    self.asked.clear();
                    self.moment = now;
                    self.go(Phase::Recovering);
                }
            }
            (_, Some(failed)) => {
                self.asked.push((slot(now), failed));
                let recent = self.asked.iter().filter(|(at, _)| slot(now) - at < SLOTS);
                let (all, failures) = recent
                    .fold((0, 0), |(all, failures), (_, failed)| (all + 1, failures + u32::from(*failed)));
                if failed && all >= minimum && failures * 100 >= percent * all {
                    self.open(now);
                }
            }
        }
    }
}

#[test]
fn it_does_what_a_plain_model_does() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut phases = [0_u32; 4];
    for _ in 0..2_000 {
        let rule = Rule { probes: u32::try_from(next() % 4).unwrap() + 1, ..rule() };
        let mut model = Model {
            rule: rule.clone(),
            phase: Phase::Closed,
            generation: 0,
            moment: at(0),
            passed: 0,
            succeeded: 0,
            openings: 0,
            asked: Vec::new(),
        };
        let (state, mut now, mut flying) = (State::default(), 0, Vec::new());
        let failing = next() % 100;
        for step in 0..300 {
            now += next() % 700;
            if next() % 3 > 0 || flying.is_empty() {
                // Not so near to the limit of the share that a rounding decides.
                let chance = next();
                match (state.pass(&rule, at(now), chance), model.pass(at(now), chance)) {
                    (Some(pass), Some(generation)) => flying.push((pass, generation)),
                    (None, None) => {}
                    other => panic!("step {step}: {other:?}"),
                }
            } else {
                let index = usize::try_from(next()).unwrap() % flying.len();
                let (pass, generation) = flying.swap_remove(index);
                let (outcome, failed) = match next() % 100 {
                    99 => (Outcome { came: Came::Unknown, took: SECOND }, None),
                    dice if dice < failing => (bad(), Some(true)),
                    _ => (good(), Some(false)),
                };
                state.note(&rule, pass, &outcome, at(now));
                model.note(generation, failed, at(now));
            }
            assert_eq!(state.facts().phase, model.phase, "step {step}");
            phases[Phase::ALL.iter().position(|phase| *phase == model.phase).unwrap()] += 1;
        }
    }
    assert!(phases.iter().all(|count| *count > 10_000), "all phases are seen often: {phases:?}");
}
