//! Dates of HTTP (RFC 9110 section 5.6.7), in whole seconds since 1970.
//!
//! Seconds may be negative: `Expires` of long ago is common, and means what it says.

use http::HeaderValue;

/// The months, as every form writes them.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The days, from that of 1970-01-01; the first three letters are their short form.
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

const SECONDS_A_DAY: i64 = 86_400;

/// Reads a date in any of the three forms, whatever the case of its letters, which a cache should not heed (RFC 9111
/// section 4.2). `now` places the years of the form that has two digits of them. `None` for anything else, also for zones
/// other than `GMT` (same section).
pub fn parse(value: &[u8], now: i64) -> Option<i64> {
    let text = std::str::from_utf8(value.trim_ascii()).ok()?;
    if !text.is_ascii() {
        return None;
    }
    fixed(text).or_else(|| rfc850(text, now)).or_else(|| asctime(text))
}

/// Writes `seconds` in the form that is to be generated. `None` for what has no four digits of a year.
pub fn write(seconds: i64) -> Option<HeaderValue> {
    let days = seconds.div_euclid(SECONDS_A_DAY);
    let clock = seconds.rem_euclid(SECONDS_A_DAY);
    let (year, month, day) = civil(days);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let name = DAYS.get(usize::try_from(days.rem_euclid(7)).ok()?)?.get(..3)?;
    let month = MONTHS.get(usize::try_from(month - 1).ok()?)?;
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let text = format!("{name}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn fixed(text: &str) -> Option<i64> {
    let (name, rest) = text.split_once(", ")?;
    let (day, rest) = is_short_day(name).then_some(rest)?.split_at_checked(2)?;
    let (month, rest) = rest.strip_prefix(' ')?.split_at_checked(3)?;
    let (year, rest) = rest.strip_prefix(' ')?.split_at_checked(4)?;
    let time = time_of_zone(rest)?;
    moment(number(year)?, month, number(day)?, time)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`, obsolete.
fn rfc850(text: &str, now: i64) -> Option<i64> {
    let (name, rest) = text.split_once(", ")?;
    let known = DAYS.iter().any(|day| day.eq_ignore_ascii_case(name));
    let (day, rest) = known.then_some(rest)?.split_at_checked(2)?;
    let (month, rest) = rest.strip_prefix('-')?.split_at_checked(3)?;
    let (year, rest) = rest.strip_prefix('-')?.split_at_checked(2)?;
    let (day, year, time) = (number(day)?, number(year)?, time_of_zone(rest)?);
    let century = civil(now.div_euclid(SECONDS_A_DAY)).0.div_euclid(100) * 100;
    // RFC 9110 section 5.6.7: what appears to be more than 50 years in the future is the most recent year in the past with
    // the same two digits.
    let nearest = |year: i64| moment(year, month, day, time).filter(|at| *at <= fifty_years_after(now));
    nearest(century + 100 + year)
        .or_else(|| nearest(century + year))
        .or_else(|| nearest(century - 100 + year))
}

fn fifty_years_after(now: i64) -> i64 {
    // Fifty years have twelve or thirteen days more than 365 each; a day more or less decides nothing.
    now.saturating_add((50 * 365 + 12) * SECONDS_A_DAY)
}

/// `Sun Nov  6 08:49:37 1994`, obsolete.
fn asctime(text: &str) -> Option<i64> {
    let (name, rest) = text.split_at_checked(3)?;
    let (month, rest) = is_short_day(name).then_some(rest)?.strip_prefix(' ')?.split_at_checked(3)?;
    let (day, rest) = rest.strip_prefix(' ')?.split_at_checked(2)?;
    let (clock, rest) = rest.strip_prefix(' ')?.split_at_checked(8)?;
    let year = rest.strip_prefix(' ').filter(|year| year.len() == 4)?;
    moment(number(year)?, month, number(day.strip_prefix(' ').unwrap_or(day))?, time(clock)?)
}

/// Whether this is the short form of a day.
fn is_short_day(name: &str) -> bool {
    DAYS.iter().filter_map(|day| day.get(..3)).any(|day| day.eq_ignore_ascii_case(name))
}

/// ` 08:49:37 GMT`, in seconds of the day.
fn time_of_zone(text: &str) -> Option<i64> {
    let (clock, zone) = text.strip_prefix(' ')?.split_at_checked(8)?;
    zone.eq_ignore_ascii_case(" GMT").then(|| time(clock))?
}

/// `08:49:37`, in seconds of the day.
fn time(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || [hour, minute, second].iter().any(|part| part.len() != 2) {
        return None;
    }
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    // `second` is 60 in a leap second.
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn moment(year: i64, month: &str, day: i64, time: i64) -> Option<i64> {
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let month = i64::try_from(month).ok()? + 1;
    let days = days(year, month, day);
    // A day that the month does not have comes out as another one.
    (civil(days) == (year, month, day)).then_some(days * SECONDS_A_DAY + time)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar. Years begin in March here, so that the day that some have
/// more is their last; 400 of them are an era, and all eras are equally long.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of the Gregorian calendar that is `days` after 1970-01-01: the other way round.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12 + 1;
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2026-11-21.
    const NOW: i64 = 1_795_219_200;

    #[test]
    fn the_three_forms_of_the_rfc() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            // RFC 9111 section 4.2: whatever the case.
            "SUN, 06 nov 1994 08:49:37 gmt",
            " Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            assert_eq!(parse(text.as_bytes(), NOW), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn two_digits_of_a_year() {
        let year = |text: &str| civil(parse(text.as_bytes(), NOW).unwrap() / SECONDS_A_DAY).0;
        assert_eq!(year("Thursday, 18-Aug-50 02:01:18 GMT"), 2050);
        assert_eq!(year("Thursday, 18-Aug-76 02:01:18 GMT"), 2076);
        // More than fifty years from now is long ago.
        assert_eq!(year("Thursday, 18-Dec-76 02:01:18 GMT"), 1976);
        assert_eq!(year("Thursday, 18-Aug-99 02:01:18 GMT"), 1999);
        // At the end of a century, small numbers are the next one's.
        let then = days(2099, 1, 1) * SECONDS_A_DAY;
        assert_eq!(parse(b"Thursday, 01-Jan-05 00:00:00 GMT", then), Some(days(2105, 1, 1) * SECONDS_A_DAY));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 AEST",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 1900 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Son, 06 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "S\u{fc}n, 06 Nov 1994 08:49:37 GMT",
            "Sun Nov  6 08:49:37 94",
        ] {
            assert_eq!(parse(text.as_bytes(), NOW), None, "{text}");
        }
        assert_eq!(parse(b"\xff, 06 Nov 1994 08:49:37 GMT", NOW), None);
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(write(784_111_777).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(write(0).unwrap(), "Thu, 01 Jan 1970 00:00:00 GMT");
        for seconds in (-60_000_000_000..250_000_000_000).step_by(86_399_321) {
            let written = write(seconds).unwrap();
            assert_eq!(parse(written.as_bytes(), NOW), Some(seconds), "{written:?}");
        }
        assert_eq!(write(i64::MAX / 2), None);
        assert_eq!(parse(b"Mon, 01 Jan 0001 00:00:00 GMT", NOW), Some(-62_135_596_800));
        assert_eq!(parse(b"Fri, 31 Dec 9999 23:59:59 GMT", NOW), Some(253_402_300_799));
    }
}
