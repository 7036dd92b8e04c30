//! Ranges of bytes (RFC 9110 section 14.1.2).

use std::ops::Range;

/// How many ranges are looked at: more than any client asks for that means well. With more, the whole is given.
const MOST: usize = 16;

/// What a `Range` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything: it is no range of bytes, or more than one.
    Whole,
    /// These bytes, at least one.
    Part(Range<usize>),
    /// Nothing that there is.
    Unsatisfiable,
}

/// What `value` asks for of content of `length`.
///
/// Section 14.2: any server may give the whole instead of a range. It is given where several ranges are asked for: to put
/// them together costs more than it saves, and who asks for many small ones often means no good (section 17.15).
pub(super) fn asked(value: &[u8], length: usize) -> Asked {
    read(value, length).unwrap_or(Asked::Whole)
}

/// `None` where it is not valid, and must be ignored.
fn read(value: &[u8], length: usize) -> Option<Asked> {
    let value = value.trim_ascii();
    let equals = value.iter().position(|byte| *byte == b'=')?;
    let (unit, set) = (&value[..equals], &value[equals + 1..]);
    // There is no part of nothing that could be named.
    if !unit.eq_ignore_ascii_case(b"bytes") || length == 0 {
        return None;
    }
    let (mut count, mut found, mut several) = (0, None, false);
    for spec in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty()) {
        count += 1;
        if count > MOST {
            return None;
        }
        let range = satisfied(spec, length)?;
        several |= found.is_some() && range.is_some();
        found = found.or(range);
    }
    match found {
        _ if count == 0 || several => None,
        Some(range) => Some(Asked::Part(range)),
        None => Some(Asked::Unsatisfiable),
    }
}

/// The bytes of one range: `None` where it is not valid, `Some(None)` where there are no such bytes.
fn satisfied(spec: &[u8], length: usize) -> Option<Option<Range<usize>>> {
    let dash = spec.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (&spec[..dash], &spec[dash + 1..]);
    if first.is_empty() {
        let suffix = number(last)?;
        return Some((suffix > 0).then(|| length.saturating_sub(suffix)..length));
    }
    let first = number(first)?;
    let end = if last.is_empty() { length } else { number(last)?.saturating_add(1) };
    if !last.is_empty() && end <= first {
        return None;
    }
    Some((first < length).then(|| first..end.min(length)))
}

/// Digits; what is beyond all numbers is the greatest, because it is beyond all content too.
fn number(digits: &[u8]) -> Option<usize> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| {
        let digits = digits.iter().map(|digit| usize::from(digit - b'0'));
        digits.fold(0_usize, |number, digit| number.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_ten(value: &str) -> Asked {
        asked(value.as_bytes(), 10)
    }

    #[test]
    fn one_range() {
        for (value, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=2-4", 2..5),
            ("bytes=9-9", 9..10),
            ("bytes=9-", 9..10),
            ("bytes=0-", 0..10),
            ("bytes=5-99", 5..10),
            ("bytes=5-99999999999999999999999999", 5..10),
            ("bytes=-1", 9..10),
            ("bytes=-10", 0..10),
            ("bytes=-11", 0..10),
            ("bytes=-99999999999999999999999999", 0..10),
            ("BYTES=1-2", 1..3),
            (" bytes= 1-2 , ", 1..3),
            ("bytes=001-002", 1..3),
            // Of several only one that there is.
            ("bytes=10-, 3-4, 99-100, -0", 3..5),
        ] {
            assert_eq!(of_ten(value), Asked::Part(range), "{value}");
        }
    }

    #[test]
    fn nothing_that_there_is() {
        for value in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-", "bytes=10-,-0"] {
            assert_eq!(of_ten(value), Asked::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn otherwise_the_whole() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=1",
            "bytes=a-b",
            "bytes=1-b",
            "bytes=+1-2",
            "bytes=1 -2",
            "bytes=2-1",
            "bytes=0-0, 2-1",
            "bytes=0-0-0",
            "bytes =0-0",
            "lines=0-0",
            "0-0",
            "bytes=0-0,2-2",
            "bytes=0-0;a=b",
        ] {
            assert_eq!(of_ten(value), Asked::Whole, "{value}");
        }
        assert_eq!(asked(b"bytes=0-", 0), Asked::Whole);
        assert_eq!(asked(b"bytes=-5", 0), Asked::Whole);
    }

    #[test]
    fn not_more_than_so_many() {
        let ranges = |count: usize| format!("bytes={}1-1", "10-,".repeat(count - 1));
        assert_eq!(of_ten(&ranges(MOST)), Asked::Part(1..2));
        assert_eq!(of_ten(&ranges(MOST + 1)), Asked::Whole);
    }
}
