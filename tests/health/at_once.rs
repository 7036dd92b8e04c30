//! Workers are threads: what they find out together is as if one had.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tollgate::circuit::{Phase, Rule, State, Trip};
use tollgate::health::{Health, Passive, note};
use tollgate::host::{Reached, Tick};
use tollgate::pool::TargetState;
use tollgate::problem::Problem;
use tollgate::retry::{Came, Outcome};

const SECOND: Duration = Duration::from_secs(1);

/// Threads that do the same.
const THREADS: usize = 4;

fn refused() -> Outcome {
    Outcome { came: Came::Nothing(Problem::UpstreamRefused, Reached::No), took: SECOND }
}

fn at(seconds: u64) -> Tick {
    Tick(1_000_000_000_000) + Duration::from_secs(seconds)
}

#[test]
fn a_circuit_opens_once_and_lets_no_more_pass_than_may() {
    let rule = Rule {
        trip: Trip::Share { percent: 50, minimum: 10, window: 10 * SECOND },
        slow: None,
        open: 5 * SECOND,
        most_open: 20 * SECOND,
        probes: 3,
        recovery: 10 * SECOND,
    };
    let state = State::default();
    let ask = |_| {
        let pass = state.pass(&rule, at(0), 0);
        pass.is_some_and(|pass| state.note(&rule, pass, &refused(), at(0)))
    };
    let opened: usize = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| (0..1_000).filter(|step| ask(*step)).count())).collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!((opened, state.opened(), state.facts().phase), (1, 1, Phase::Open));
    let passed: usize = thread::scope(|scope| {
        let pass = || (0..100).filter(|_| state.pass(&rule, at(5), 0).is_some()).count();
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(pass)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(passed, 3);
}

#[test]
fn ejections_leave_one() {
    let passive = Passive {
        failures: Some(3),
        unanswered: None,
        share: None,
        time: 30 * SECOND,
        most_time: 70 * SECOND,
        jitter: 0,
        percent: 100,
    };
    let health = Health { passive: Some(passive), ..Health::default() };
    for _ in 0..200 {
        let states: Vec<Arc<TargetState>> = (0..THREADS).map(|_| Arc::default()).collect();
        thread::scope(|scope| {
            for index in 0..THREADS {
                let (states, health) = (&states, &health);
                scope.spawn(move || {
                    for _ in 0..30 {
                        note(health, states, index, &refused(), at(0), || 0);
                    }
                });
            }
        });
        assert!(states.iter().any(|state| state.health.is_fit(&health, at(0))));
    }
}
