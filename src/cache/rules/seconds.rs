//! Numbers of seconds (RFC 9111 section 1.2.2).

use std::time::Duration;

/// What is greater counts as this: 2^31 seconds, "infinity" (RFC 9111 section 1.2.2).
pub const LONGEST: Duration = Duration::from_secs(1 << 31);

/// Reads a number of seconds: digits, and nothing else.
pub fn seconds(text: &[u8]) -> Option<Duration> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let most = LONGEST.as_secs();
    let number = text.iter().fold(0, |sum: u64, digit| (sum * 10 + u64::from(digit - b'0')).min(most));
    Some(Duration::from_secs(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_what_is_none() {
        for (text, expected) in [
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", Some(1 << 31)),
            ("2147483649", Some(1 << 31)),
            ("99999999999", Some(1 << 31)),
            ("99999999999999999999999999999999999999999", Some(1 << 31)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            (" 1", None),
            ("1 ", None),
            ("1a", None),
            ("'1'", None),
        ] {
            assert_eq!(seconds(text.as_bytes()), expected.map(Duration::from_secs), "{text}");
        }
    }
}
