//! Values in Redis: where they stand, how long they stay, and what is sent to change one that is known. No I/O; every host
//! that reaches Redis says the same.

use std::time::Duration;

use crate::limit::redis::Script;
use crate::plan::RedisPlan;

/// Sets a key to another value where it has the one that it should have: [`swap_arguments`]. Answers 1 where it had, else 0.
pub const SWAP: Script =
    Script { text: include_str!("swap.lua"), digest: "406cd0adbbf93ca8fd97d47eb06b8062e6b951d3" };

/// The longest span for which anything is kept: what RFC 9111 section 1.2.2 has senders and caches count to.
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// Where a value of the key-value store is kept.
pub fn key(plan: &RedisPlan, key: &str) -> String {
    format!("{}value:{key}", plan.prefix)
}

/// For how long a value is kept, in milliseconds, as `SET … PX` takes it: Redis takes neither none nor more than it can add
/// to its clock.
pub fn lifetime(keep: Duration) -> u64 {
    u64::try_from(keep.min(LONGEST).as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What [`SWAP`] is given after its key.
pub fn swap_arguments(before: Option<&[u8]>, after: &[u8], keep: Option<Duration>) -> [Vec<u8>; 4] {
    [
        before.map_or_else(Vec::new, |_| b"=".to_vec()),
        before.unwrap_or_default().to_vec(),
        after.to_vec(),
        keep.map_or_else(Vec::new, |keep| lifetime(keep).to_string().into_bytes()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_what_redis_takes() {
        assert_eq!(lifetime(Duration::ZERO), 1);
        assert_eq!(lifetime(Duration::from_millis(1_500)), 1_500);
        assert_eq!(lifetime(Duration::MAX), 2_147_483_648_000);
    }

    #[test]
    fn nothing_is_not_an_empty_value() {
        assert_eq!(swap_arguments(None, b"a", None), [&b""[..], b"", b"a", b""]);
        assert_eq!(
            swap_arguments(Some(b""), b"a", Some(Duration::from_secs(1))),
            [&b"="[..], b"", b"a", b"1000"]
        );
    }
}
