//! How soon a target is expected to answer: Finagle's peak-sensitive moving average
//! (<https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-peak-ewma>).
//!
//! An exchange that took longer than the average becomes the average; one that was quicker moves it, the more the longer the last
//! one is ago. While nobody asks, the average falls, so that a target that was slow is asked again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::host::Tick;
use crate::retry::{Came, Outcome};

/// Over how long the past fades to 1/e: Finagle's default.
pub const DECAY: Duration = Duration::from_secs(10);

/// What an exchange counts for at least that came to nothing or to an answer of the class 5xx: a target that fails at once must
/// not look quick.
const FAILED: Duration = Duration::from_secs(1);

/// What a target counts for that is being asked for the first time, in microseconds: more than any that has answered
/// within a minute.
const UNKNOWN: f64 = 60_000_000.0;

/// Takes note of how an exchange ended.
pub fn note(load: &AtomicU64, outcome: &Outcome, now: Tick) {
    if outcome.came == Came::Unknown {
        return;
    }
    let took = if outcome.is_failure() { outcome.took.max(FAILED) } else { outcome.took };
    let took = micros(took);
    // Whoever is overtaken meanwhile goes on from what is there then.
    let _ = load.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| {
        let cost = match read(before) {
            None => took,
            Some((cost, stamp)) if took < cost => {
                let keep = remains(stamp, now);
                cost * keep + took * (1.0 - keep)
            }
            Some(_) => took,
        };
        Some(write(cost, now))
    });
}

/// What an exchange more costs, in microseconds: the average as it is at `now`, for each that is in flight and this one.
pub fn cost(load: u64, in_flight: u32, now: Tick) -> f64 {
    let waiting = f64::from(in_flight);
    match read(load) {
        Some((cost, stamp)) => cost * remains(stamp, now) * (waiting + 1.0),
        // Asked once, to learn how it is, and not again until that is known.
        None if in_flight > 0 => UNKNOWN + waiting,
        None => 0.0,
    }
}

/// The average in microseconds and when it was made, in milliseconds; `None` where there is none.
fn read(load: u64) -> Option<(f64, u32)> {
    let (cost, stamp) = (load >> 32, load & u64::from(u32::MAX));
    let cost = u32::try_from(cost).ok().filter(|cost| *cost > 0)?;
    Some((f64::from(cost), u32::try_from(stamp).unwrap_or(0)))
}

fn write(cost: f64, now: Tick) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as far as it fits")]
    let cost = (cost as u32).max(1);
    (u64::from(cost) << 32) | u64::from(millis(now))
}

/// What is left of something that was made at `stamp`. The stamps begin again after 49 days: what was not asked for so long
/// may count as fresh once.
fn remains(stamp: u32, now: Tick) -> f64 {
    let age = millis(now).wrapping_sub(stamp);
    // Another thread's tick may be a little later than ours.
    let age = if age > u32::MAX / 2 { 0 } else { age };
    (-f64::from(age) / DECAY.as_secs_f64() / 1_000.0).exp()
}

fn millis(now: Tick) -> u32 {
    u32::try_from((now.0 / 1_000_000) & u64::from(u32::MAX)).unwrap_or(0)
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000_000.0
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn after(millis: u64) -> Tick {
        Tick(1_000_000_000_000 + millis * 1_000_000)
    }

    fn answered(took: u64, status: u16) -> Outcome {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Outcome { came: Came::Answer(status), took: Duration::from_millis(took) }
    }

    #[test]
    fn peaks_count_at_once_and_fade() {
        let load = AtomicU64::new(0);
        let at =
            |now: u64, in_flight: u32| cost(load.load(Ordering::Relaxed), in_flight, after(now)) / 1_000.0;
        assert_eq!(at(0, 0), 0.0);
        assert!(at(0, 1) > 60_000.0);
        note(&load, &answered(10, 200), after(0));
        assert_eq!((at(0, 0), at(0, 4)), (10.0, 50.0));
        note(&load, &answered(200, 200), after(0));
        assert_eq!(at(0, 0), 200.0);
        // A quicker one right afterwards moves nothing, one after the decay moves it by 1 - 1/e.
        note(&load, &answered(10, 200), after(0));
        assert_eq!(at(0, 0), 200.0);
        note(&load, &answered(10, 200), after(10_000));
        assert!((at(10_000, 0) - (10.0 + 190.0 / std::f64::consts::E)).abs() < 0.01);
        // Unasked, it falls.
        assert!(at(60_000, 0) < 1.0);
    }

    #[test]
    fn failing_fast_is_not_quick() {
        let load = AtomicU64::new(0);
        note(&load, &answered(1, 503), after(0));
        assert_eq!(cost(load.load(Ordering::Relaxed), 0, after(0)), 1_000_000.0);
        note(&load, &Outcome { came: Came::Unknown, took: Duration::from_secs(9) }, after(0));
        assert_eq!(cost(load.load(Ordering::Relaxed), 0, after(0)), 1_000_000.0);
    }
}
