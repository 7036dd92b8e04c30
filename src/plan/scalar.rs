//! Scalars that the configuration holds as text: spans of time, sizes, names.

use std::time::Duration;

/// Reads `"1500ms"`. `None` where it is not a whole number and one of the units.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis = match unit {
        "ms" => number,
        "s" => number.checked_mul(1_000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        "d" => number.checked_mul(86_400_000)?,
        _ => return None,
    };
    Some(Duration::from_millis(millis))
}

/// Reads `"2MiB"`, in bytes. `None` where it is not a whole number and one of the units.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor = match unit {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Reads `"100/s"` or `"10/2s"`: how many, and in how long. `None` where it is not a whole number, a slash, and a span
/// of time whose number may be left out where it is 1.
pub fn rate(text: &str) -> Option<(u64, Duration)> {
    let (permits, per) = text.split_once('/')?;
    let permits = permits.bytes().all(|byte| byte.is_ascii_digit()).then(|| permits.parse().ok())??;
    let one = per.starts_with(|first: char| first.is_ascii_alphabetic());
    let per = if one { duration(&format!("1{per}")) } else { duration(per) };
    Some((permits, per?))
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    Some((digits.parse().ok()?, unit))
}

/// Reads `"2026-11-21"` or `"2026-11-21T12:00:00Z"`, in seconds since 1970 (RFC 3339 section 5.6, in UTC and without
/// fractions). `None` where there is no such moment, or it lies before 1970.
pub fn moment(text: &str) -> Option<u64> {
    let (date, time) = text.split_at_checked(10)?;
    let time = match time {
        "" => 0,
        time => seconds_of_day(time.strip_prefix('T')?.strip_suffix('Z')?)?,
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) || year < 1970 {
        return None;
    }
    // Howard Hinnant's `days_from_civil`: a year begins in March, so that a leap day is its last.
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + day_of_year;
    let days = (year / 400) * 146_097 + day_of_era - 719_468;
    Some(days * 86_400 + time)
}

fn seconds_of_day(text: &str) -> Option<u64> {
    let [hour, minute, second] = numbers(text, ':', [2, 2, 2])?;
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// Three numbers with exactly so many digits each.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[u64; 3]> {
    let mut pieces = text.split(between);
    let mut number = |digits: usize| {
        let piece = pieces.next()?;
        let right = piece.len() == digits && piece.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| piece.parse().ok()).flatten()
    };
    let found = [number(digits[0])?, number(digits[1])?, number(digits[2])?];
    pieces.next().is_none().then_some(found)
}

/// RFC 9110 section 5.6.2: what names of methods, header fields and gateways are made of.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The nearest of `known` to what was written, where one is near enough to have been meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. Nobody misspells a longer
/// word, and the distance costs the product of the lengths.
fn distance(a: &str, b: &str) -> usize {
    let short = |text: &str| text.chars().take(64).collect::<String>();
    strsim::osa_distance(&short(a), &short(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(duration("1500ms"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("2d"), Some(Duration::from_secs(172_800)));
        for bad in ["", "5", "s", "-1s", "1.5s", "1 s", "99999999999999999999s", "1S"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_sizes() {
        assert_eq!(size("2MiB"), Some(2 << 20));
        assert_eq!(size("3kB"), Some(3_000));
        for bad in ["", "5", "2 MiB", "2mib", "-1B", "18446744073709551615GiB"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_rates() {
        let seconds = Duration::from_secs;
        for (text, permits, per) in [
            ("100/s", 100, seconds(1)),
            ("10/2s", 10, seconds(2)),
            ("5/m", 5, seconds(60)),
            ("1/250ms", 1, Duration::from_millis(250)),
            ("0/0s", 0, seconds(0)),
            ("7/d", 7, seconds(86_400)),
        ] {
            assert_eq!(rate(text), Some((permits, per)), "{text}");
        }
        for bad in [
            "",
            "5",
            "/s",
            "5/",
            "5/1",
            "5s",
            "+5/s",
            "-5/s",
            "5 / s",
            "5/s/s",
            "5/S",
            "5/1.5s",
            "1.5/s",
            "5/off",
            "5/w",
            "18446744073709551616/s",
            "5/99999999999999999999s",
            "5/-1s",
            "5/ s",
        ] {
            assert_eq!(rate(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_moments() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("2000-02-29", 951_782_400),
            ("2026-11-20T23:59:59Z", 1_795_219_199),
            ("2100-03-01", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(moment(text), Some(seconds), "{text}");
        }
        for bad in [
            "",
            "2026",
            "2026-11-2",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2100-02-29",
            "2026-11-31",
            "1969-12-31",
            "2026-11-21T12:00:00",
            "2026-11-21 12:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T12:00:60Z",
            "2026-11-21T",
            "2026-11-21T12:00:00+01:00",
            "2026-11-21T12:00:00.5Z",
            "+026-11-21",
            "2026-11-21Z",
            "２０２６-11-21",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn suggests_what_is_near() {
        assert_eq!(nearest("usres", ["users", "orders"]), Some("users"));
        assert_eq!(nearest("payments", ["users", "orders"]), None);
    }
}
