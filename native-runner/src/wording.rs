//! Spans of time, sizes and counts as the configuration and people write them.

use std::time::Duration;

/// `1500ms`, `30s`, `5m`: the largest unit that needs no fraction.
pub fn span(span: Duration) -> String {
    let millis = span.as_millis();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis >= length && millis.is_multiple_of(length) {
            return format!("{}{unit}", millis / length);
        }
    }
    format!("{millis}ms")
}

/// The same, or `off`.
pub fn span_or_off(given: Option<Duration>) -> String {
    given.map_or_else(|| "off".to_owned(), span)
}

/// `64KiB`; `off` for the largest number there is, which stands for no limit.
pub fn size(bytes: u64) -> String {
    if bytes == u64::MAX {
        return "off".to_owned();
    }
    for (unit, length) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= length && bytes.is_multiple_of(length) {
            return format!("{}{unit}", bytes / length);
        }
    }
    format!("{bytes}B")
}

/// `1 route`, `2 routes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_as_they_are_written() {
        for (millis, text) in
            [(0, "0ms"), (1_500, "1500ms"), (30_000, "30s"), (300_000, "5m"), (86_400_000, "1d")]
        {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        for (bytes, text) in
            [(0, "0B"), (1_000, "1000B"), (65_536, "64KiB"), (10 << 20, "10MiB"), (u64::MAX, "off")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
