//! How much was asked lately and how much of it failed, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::host::Tick;

/// How many slots a span is divided into: what is forgotten is forgotten in steps of a tenth.
pub const SLOTS: u64 = 10;

/// What one slot counts to. Then both of its counts are halved, which keeps their share; a minimum of requests is less.
const MOST: u64 = 0xffff;

/// Counts over a sliding span. Each slot is one number: the upper half says of which stretch of time it is, the rest how much
/// was asked and how much of that failed.
#[derive(Debug, Default)]
pub struct Window([AtomicU64; SLOTS as usize]);

/// What a window has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// What was asked.
    pub asked: u32,
    /// What failed of it.
    pub failed: u32,
}

// === impl Window ===

impl Window {
    /// Counts one more at `now`.
    pub fn note(&self, span: Duration, failed: bool, now: Tick) {
        let stretch = stretch(span, now);
        let Some(slot) = usize::try_from(stretch % SLOTS).ok().and_then(|at| self.0.get(at)) else { return };
        let add = |before: u64| {
            let (mut asked, mut failures) = if before >> 32 == stretch & 0xffff_ffff {
                ((before >> 16) & MOST, before & MOST)
            } else {
                (0, 0)
            };
            if asked == MOST {
                (asked, failures) = (asked / 2, failures / 2);
            }
            Some((stretch << 32) | ((asked + 1) << 16) | (failures + u64::from(failed)))
        };
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// What was counted within `span` until `now`.
    pub fn counted(&self, span: Duration, now: Tick) -> Counted {
        let current = stretch(span, now) & 0xffff_ffff;
        let mut counted = Counted::default();
        for slot in &self.0 {
            let slot = slot.load(Ordering::Relaxed);
            if (current.wrapping_sub(slot >> 32) & 0xffff_ffff) < SLOTS {
                counted.asked += u32::try_from((slot >> 16) & MOST).unwrap_or_default();
                counted.failed += u32::try_from(slot & MOST).unwrap_or_default();
            }
        }
        counted
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for slot in &self.0 {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

/// The number of the stretch of time that `now` is in.
fn stretch(span: Duration, now: Tick) -> u64 {
    let length = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX) / SLOTS;
    now.0 / length.max(1)
}

// === impl Counted ===

impl Counted {
    /// Whether at least `percent` of a hundred failed, of at least `minimum`.
    pub fn reaches(self, percent: u32, minimum: u32) -> bool {
        self.asked >= minimum.max(1)
            && u64::from(self.failed) * 100 >= u64::from(percent) * u64::from(self.asked)
    }
}
