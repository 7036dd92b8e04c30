//! Honest latencies: a service is never equally fast twice, and sometimes slow.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Waits about `millis`: from two thirds of it to four thirds, and one time in twenty three times as long.
pub async fn about(millis: u64) {
    tokio::time::sleep(around(millis, number())).await;
}

/// Some number; good enough for waiting, not for secrets.
fn number() -> u64 {
    // Every new state has keys of its own.
    RandomState::new().hash_one(0u8)
}

fn around(millis: u64, random: u64) -> Duration {
    let least = millis * 2 / 3;
    let slow = if random.is_multiple_of(20) { 3 } else { 1 };
    Duration::from_micros((least * 1000 + (random >> 8) % (millis * 2000 / 3 + 1)) * slow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_near() {
        for random in [1, 0x1234_5678_9abc_def1, u64::MAX] {
            let waits = around(30, random);
            assert!((20..=40).contains(&waits.as_millis()), "{waits:?}");
        }
        assert!(around(30, 0) == Duration::from_millis(60));
    }
}
