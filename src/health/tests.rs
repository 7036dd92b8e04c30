//! Ejection and probes in virtual time.
#![allow(clippy::unwrap_used)]
use std::time::Duration;

use http::{Method, StatusCode};

use super::passive::Share;
use super::probe::{HttpCheck, Kind};
use super::*;
use crate::host::Reached;
use crate::problem::Problem;
use crate::retry::Came;

const SECOND: Duration = Duration::from_secs(1);

fn passive() -> Passive {
    Passive {
        failures: Some(3),
        unanswered: None,
        share: None,
        time: 30 * SECOND,
        most_time: 70 * SECOND,
        jitter: 0,
        percent: 50,
    }
}

fn health(passive: Passive) -> Health {
    Health { passive: Some(passive), ..Health::default() }
}

fn states(count: usize) -> Vec<Arc<TargetState>> {
    (0..count).map(|_| Arc::default()).collect()
}

fn at(seconds: u64) -> Tick {
    Tick(1_000_000_000_000) + Duration::from_secs(seconds)
}

fn answer(status: u16) -> Outcome {
    Outcome { came: Came::Answer(StatusCode::from_u16(status).unwrap()), took: SECOND }
}

fn refused() -> Outcome {
    Outcome { came: Came::Nothing(Problem::UpstreamRefused, Reached::No), took: SECOND }
}

/// How it is after these outcomes of the target at `at`.
fn after(
    health: &Health,
    states: &[Arc<TargetState>],
    index: usize,
    outcomes: &[Outcome],
    now: Tick,
) -> Option<Unfit> {
    for outcome in outcomes {
        note(health, states, index, outcome, now, || 0);
    }
    states[index].health.unfit(health, now)
}

#[test]
fn so_many_failures_in_a_row_eject() {
    let (health, states) = (health(passive()), states(3));
    let (bad, good) = (answer(500), answer(404));
    assert_eq!(after(&health, &states, 0, &[bad, bad, good, bad, refused()], at(0)), None);
    assert_eq!(after(&health, &states, 0, &[bad], at(0)), Some(Unfit::Ejected(at(30))));
    assert!(states[1].health.is_fit(&health, at(0)));
    assert!(states[0].health.is_fit(&health, at(30)), "it comes back by itself");
    let unknown = Outcome { came: Came::Unknown, took: SECOND };
    assert_eq!(after(&health, &states, 1, &[unknown; 9], at(0)), None, "nobody's failure");
}

#[test]
fn only_the_unanswered_count_where_that_is_said() {
    let health = health(Passive { failures: None, unanswered: Some(2), ..passive() });
    let states = states(2);
    assert_eq!(after(&health, &states, 0, &[answer(500); 9], at(0)), None);
    assert_eq!(after(&health, &states, 0, &[refused(), answer(500), refused()], at(0)), None);
    assert!(after(&health, &states, 0, &[refused()], at(0)).is_some());
}

#[test]
fn a_share_of_failures_ejects_where_enough_was_asked() {
    let share = Share { percent: 40, minimum: 10, window: 10 * SECOND };
    let health = health(Passive { failures: None, share: Some(share), ..passive() });
    let states = states(2);
    let outcomes: Vec<_> = (0..9).map(|it| answer(if it % 2 == 0 { 503 } else { 200 })).collect();
    assert_eq!(after(&health, &states, 0, &outcomes, at(0)), None, "5 of 9, and 9 are too few");
    assert_eq!(
        after(&health, &states, 0, &[answer(200)], at(1)),
        None,
        "an answer that is good ejects nobody"
    );
    assert!(after(&health, &states, 0, &[answer(503)], at(1)).is_some(), "6 of 11");
    // Elsewhere the same failures are too few of all.
    let mut outcomes = vec![answer(200); 20];
    outcomes.extend([answer(503); 12]);
    assert_eq!(after(&health, &states, 1, &outcomes, at(1)), None, "12 of 32");
}

#[test]
fn the_time_grows_with_each_ejection_in_a_row_up_to_a_cap() {
    let (health, states) = (health(passive()), states(2));
    let mut now = 0;
    for pause in [30, 60, 70, 70] {
        let until = Unfit::Ejected(at(now + pause));
        assert_eq!(after(&health, &states, 0, &[refused(); 3], at(now)), Some(until));
        now += pause;
    }
    // After having done well for long enough, all is forgotten.
    let now = now + 5 * 30;
    assert_eq!(after(&health, &states, 0, &[refused(); 3], at(now)), Some(Unfit::Ejected(at(now + 30))));
    assert_eq!(states[0].health.passive.total(), 5);
}

#[test]
fn jitter_is_added() {
    let health = health(Passive { jitter: 50, ..passive() });
    let states = states(2);
    for _ in 0..3 {
        note(&health, &states, 0, &refused(), at(0), || u64::MAX);
    }
    let until = states[0].health.passive.until();
    assert!(until > at(44) && until <= at(45), "{until:?}");
}

#[test]
fn not_more_are_ejected_than_may_be_and_one_stays() {
    for (targets, percent, most) in [
        (1, 100, 0),
        (2, 1, 1),
        (2, 100, 1),
        (3, 50, 1),
        (4, 50, 2),
        (10, 10, 1),
        (10, 100, 9),
        (10_000, 30, 3_000),
    ] {
        let health = health(Passive { percent, ..passive() });
        let states = states(targets);
        if targets < 100 {
            for index in 0..targets {
                after(&health, &states, index, &[refused(); 3], at(0));
            }
            let ejected = states.iter().filter(|state| !state.health.is_fit(&health, at(0))).count();
            assert_eq!(ejected, most, "{percent} % of {targets}");
        }
        assert_eq!(health.passive.unwrap().most_ejected(targets), most);
    }
}

#[test]
fn who_comes_last_is_ejected_when_another_is_back() {
    let (health, states) = (health(passive()), states(2));
    after(&health, &states, 0, &[refused(); 3], at(0));
    assert_eq!(after(&health, &states, 1, &[refused(); 3], at(10)), None);
    assert!(after(&health, &states, 1, &[refused(); 3], at(30)).is_some());
}

fn probe() -> Probe {
    let check = HttpCheck {
        method: Method::GET,
        path: "/".parse().unwrap(),
        headers: http::HeaderMap::new(),
        statuses: [(200, 299)].into(),
        contains: None,
    };
    Probe {
        kind: Kind::Http(check),
        port: None,
        interval: 10 * SECOND,
        jitter: 10,
        timeout: SECOND,
        healthy: 2,
        unhealthy: 3,
        initially_fit: true,
    }
}

fn probed(health: &Health, state: &TargetState, passed: bool, now: Tick) -> bool {
    let rule = health.probe.as_ref().unwrap();
    note_probe(health, rule, state, if passed { Ok(()) } else { Err("down".to_owned()) }, now)
}

#[test]
fn so_many_probes_make_a_target_fit_or_unfit() {
    let health = Health { probe: Some(probe()), ..Health::default() };
    let state = TargetState::default();
    assert!(state.health.is_fit(&health, at(0)), "until it was asked");
    let mut told = Vec::new();
    for passed in [true, false, false, true, false, false, false, true, false, true, true] {
        let turned = probed(&health, &state, passed, at(0));
        told.push((turned, state.health.is_fit(&health, at(0))));
    }
    let (t, f) = (true, false);
    // The first one settles what was not known.
    let expected = [(t, t), (f, t), (f, t), (f, t), (f, t), (f, t), (t, f), (f, f), (f, f), (f, f), (t, t)];
    assert_eq!(told, expected);
    assert_eq!(state.health.probed.totals(), (5, 6));
    let unfit = Health { probe: Some(Probe { initially_fit: false, ..probe() }), ..Health::default() };
    let state = TargetState::default();
    assert!(!state.health.is_fit(&unfit, at(0)));
    assert!(probed(&unfit, &state, true, at(0)) && state.health.is_fit(&unfit, at(0)), "the first decides");
}

#[test]
fn probes_that_pass_end_an_ejection() {
    let health = Health { probe: Some(probe()), ..health(passive()) };
    let states = states(2);
    for _ in 0..5 {
        probed(&health, &states[0], true, at(0));
    }
    assert!(after(&health, &states, 0, &[refused(); 3], at(0)).is_some());
    assert!(!probed(&health, &states[0], true, at(1)), "those from before the ejection do not count");
    assert!(probed(&health, &states[0], true, at(2)) && states[0].health.is_fit(&health, at(2)));
    assert_eq!(states[0].joined.load(std::sync::atomic::Ordering::Relaxed), at(2).0, "slow start begins");
}

#[test]
fn probes_are_spread_over_the_interval_and_made_one_at_a_time() {
    let (probe, mut first) = (probe(), Vec::new());
    for chance in [0, u64::MAX / 4, u64::MAX / 2, u64::MAX] {
        let state = probe::State::default();
        assert_eq!(state.is_due(&probe, at(0), || chance), chance == 0);
        if let Some(due) = state.due() {
            first.push((due - at(0)).as_millis());
        }
        assert!(state.is_due(&probe, at(100), || 0) != (chance == 0));
        assert!(!state.is_due(&probe, at(200), || 0), "it is being asked");
        state.asked(&probe, at(100), u64::MAX);
        assert!(!state.is_due(&probe, at(110), || 0) && state.is_due(&probe, at(111), || 0));
    }
    assert!((2_400..2_600).contains(&first[0]) && (4_900..5_100).contains(&first[1]), "{first:?}");
    assert_eq!(first[2], 10_000);
}
