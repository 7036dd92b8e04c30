//! What a target's own answers show: whoever fails too often is ejected for a while.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::circuit::Window;
use crate::host::Tick;
use crate::retry::{Came, Outcome};

/// When a target is ejected, and for how long. Whatever is configured works: nothing here has to be switched on beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passive {
    /// After so many failures in a row: answers of the class 5xx, or none.
    pub failures: Option<u32>,
    /// After so many requests in a row that were not answered.
    pub unanswered: Option<u32>,
    /// When a share of all failed.
    pub share: Option<Share>,
    /// For how long first, and how much longer with each further time in a row.
    pub time: Duration,
    /// For how long at most.
    pub most_time: Duration,
    /// What is added to a time at most, by chance, in hundredths of it, so that not all come back at once.
    pub jitter: u32,
    /// How many of a hundred targets may be ejected at once.
    pub percent: u32,
}

/// A share of failures that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Failures of a hundred.
    pub percent: u32,
    /// How many must have been asked.
    pub minimum: u32,
    /// Within which span.
    pub window: Duration,
}

/// What a target's answers have shown.
#[derive(Debug, Default)]
pub struct State {
    /// Until when it is ejected; 0 where it never was, or was pardoned.
    until: AtomicU64,
    /// Ejections in a row.
    times: AtomicU32,
    /// Failures in a row.
    failures: AtomicU32,
    /// Requests in a row without an answer.
    unanswered: AtomicU32,
    /// What was asked lately, where a share is judged.
    window: Window,
    /// How often it was ejected since it is known.
    total: AtomicU64,
}

/// All there is to know about it, so that it can be told of and be made again elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Until when it is ejected; 0 where it never was.
    pub until: Tick,
    /// Ejections in a row.
    pub times: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Requests in a row without an answer.
    pub unanswered: u32,
}

// === impl Passive ===

impl Passive {
    /// How many of so many targets may be ejected at once: one at least, where there is another.
    pub fn most_ejected(&self, targets: usize) -> usize {
        let share = targets.saturating_mul(usize::try_from(self.percent).unwrap_or(100)) / 100;
        share.max(1).min(targets.saturating_sub(1))
    }

    /// For how long a target is ejected for the so-manieth time in a row.
    fn pause(&self, times: u32, chance: u64) -> Duration {
        let pause = self.time.checked_mul(times.max(1)).map_or(self.most_time, |it| it.min(self.most_time));
        // Spans are nanoseconds of a tick; what does not fit is longer than any process lives.
        let most =
            u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX) / 100 * u64::from(self.jitter.min(100));
        let added = (u128::from(chance) * u128::from(most)) >> 64;
        pause + Duration::from_nanos(u64::try_from(added).unwrap_or(0))
    }
}

// === impl State ===

impl State {
    /// Until when it is ejected.
    pub fn until(&self) -> Tick {
        Tick(self.until.load(Ordering::SeqCst))
    }

    /// How often it was ejected since it is known.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Takes note of how an exchange ended: whether that changed what others should know, and whether it is too much.
    pub(super) fn note(&self, rule: &Passive, outcome: &Outcome, now: Tick) -> (bool, bool) {
        let unanswered = match outcome.came {
            Came::Unknown => return (false, false),
            Came::Answer(_) => false,
            Came::Nothing(..) => true,
        };
        let failed = outcome.is_failure();
        if let Some(share) = rule.share {
            self.window.note(share.window, failed, now);
        }
        let was_failing = self.failures.load(Ordering::Relaxed) + self.unanswered.load(Ordering::Relaxed) > 0;
        let failures = step(&self.failures, failed);
        let unanswered = step(&self.unanswered, unanswered);
        // What comes of requests that were sent before it was ejected, or in a panic, says nothing that is not known.
        if !failed || now < self.until() {
            return (failed || was_failing, false);
        }
        let too_much = rule.failures.is_some_and(|most| failures >= most)
            || rule.unanswered.is_some_and(|most| unanswered >= most)
            || rule.share.is_some_and(|share| {
                self.window.counted(share.window, now).reaches(share.percent, share.minimum)
            });
        if too_much {
            // It begins again, also where it may not be ejected because too many are: all of them are not looked through
            // for each request that fails.
            self.forget();
        }
        (true, too_much)
    }

    /// Ejects it; until when. `None` where somebody else just did.
    pub(super) fn eject(&self, rule: &Passive, now: Tick, chance: u64) -> Option<Tick> {
        let before = self.until.load(Ordering::SeqCst);
        if now.0 < before {
            return None;
        }
        // Each span that it did well since it came back makes one ejection forgotten.
        let since = (now - Tick(before)).as_nanos() / rule.time.as_nanos().max(1);
        let well = u32::try_from(since).unwrap_or(u32::MAX);
        let times = self.times.load(Ordering::Relaxed).saturating_sub(well).saturating_add(1);
        let until = now + rule.pause(times, chance);
        let swapped = self.until.compare_exchange(before, until.0, Ordering::SeqCst, Ordering::SeqCst);
        swapped.ok()?;
        self.times.store(times, Ordering::Relaxed);
        Some(until)
    }

    /// It is not ejected after all.
    pub(super) fn take_back(&self, until: Tick) {
        let _ = self.until.compare_exchange(until.0, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Counts an ejection that stands.
    pub(super) fn ejected(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// Probes say that it is well: it is not ejected any more.
    pub(super) fn pardon(&self, now: Tick) {
        let until = self.until.load(Ordering::SeqCst);
        if now.0 < until {
            let _ = self.until.compare_exchange(until, now.0, Ordering::SeqCst, Ordering::SeqCst);
            self.forget();
        }
    }

    /// All there is to know about it, but for what was counted lately.
    pub fn facts(&self) -> Facts {
        Facts {
            until: self.until(),
            times: self.times.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
        }
    }

    /// Takes over what others know.
    pub fn learn(&self, facts: &Facts) {
        self.until.store(facts.until.0, Ordering::SeqCst);
        self.times.store(facts.times, Ordering::Relaxed);
        self.failures.store(facts.failures, Ordering::Relaxed);
        self.unanswered.store(facts.unanswered, Ordering::Relaxed);
    }

    fn forget(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.unanswered.store(0, Ordering::Relaxed);
        self.window.clear();
    }
}

/// One more in a row, or none any more; how many there are. Nothing is written where nothing changes: most answers are good.
fn step(count: &AtomicU32, more: bool) -> u32 {
    if more {
        return count.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    }
    if count.load(Ordering::Relaxed) != 0 {
        count.store(0, Ordering::Relaxed);
    }
    0
}
