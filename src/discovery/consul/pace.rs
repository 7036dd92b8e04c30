//! How often Consul is asked: at once where changes are rare, and not more than so often where they are not.

use std::time::Duration;

use crate::host::Tick;

/// How long it takes until there may be one question more. Consul's own rules for blocking queries ("Rate limit",
/// developer.hashicorp.com/consul/api-docs/features/blocking) want a token bucket with a burst of 2, and suggest a question
/// every 15 seconds or so once values change quickly. Targets that are gone for so long would be asked in vain; 5 seconds
/// are a load that no Consul notices.
pub const EVERY: Duration = Duration::from_secs(5);

/// How many questions may follow each other at once.
const BURST: u32 = 2;

/// A token bucket, kept as the moment at which it is full again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    full: Tick,
}

// === impl Pace ===

impl Pace {
    /// When the next question may be asked, and takes it; with one more every `every`.
    pub fn next(&mut self, now: Tick, every: Duration) -> Tick {
        let full = self.full.max(now);
        // With all tokens but one outstanding, the question waits until that is no longer so.
        let allowed = every * (BURST - 1);
        let due = if full.since(now) > allowed { now + (full.since(now) - allowed) } else { now };
        self.full = full + every;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Tick {
        Tick(number * 1_000_000_000)
    }

    #[test]
    fn two_at_once_and_then_one_at_a_time() {
        let mut pace = Pace::default();
        let every = Duration::from_secs(5);
        let begin = seconds(100);
        let dues: Vec<_> = (0..4)
            .scan(begin, |now, _| {
                *now = pace.next(*now, every);
                Some(*now)
            })
            .collect();
        assert_eq!(dues, [seconds(100), seconds(100), seconds(105), seconds(110)]);
    }

    #[test]
    fn rest_fills_it_again() {
        let mut pace = Pace::default();
        let every = Duration::from_secs(5);
        for now in [100, 105, 110, 115, 120] {
            assert_eq!(pace.next(seconds(now), every), seconds(now));
        }
        assert_eq!(pace.next(seconds(1000), every), seconds(1000));
        assert_eq!(pace.next(seconds(1000), every), seconds(1000));
        assert_eq!(pace.next(seconds(1000), every), seconds(1005));
    }
}
