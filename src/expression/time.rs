//! Moments and spans of time, as CEL has them.

use std::fmt;

/// A moment, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Further nanoseconds, fewer than a second's.
    pub nanos: u32,
}

/// A span of time, in nanoseconds; up to 292 years either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

/// As RFC 3339 section 5.6 has it, in UTC, with as many digits behind the point as it has.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write_fraction(f, self.nanos.into())?;
        f.write_str("Z")
    }
}

/// In seconds, as CEL has it: `5400s`, `-1.5s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let second = SECOND.unsigned_abs();
        write!(f, "{}{}", if self.0 < 0 { "-" } else { "" }, size / second)?;
        write_fraction(f, size % second)?;
        f.write_str("s")
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    if nanos == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))
}

/// A part of a moment that an expression can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The year.
    FullYear,
    /// The month, from 0.
    Month,
    /// The day of the month, from 1.
    Date,
    /// The day of the month, from 0.
    DayOfMonth,
    /// The day of the week, from 0, which is Sunday.
    DayOfWeek,
    /// The day of the year, from 0.
    DayOfYear,
    /// The hour; of a span, all its hours.
    Hours,
    /// The minute; of a span, all its minutes.
    Minutes,
    /// The second; of a span, all its seconds.
    Seconds,
    /// The millisecond; of a span, those beyond its seconds.
    Milliseconds,
}

const DAY: i64 = 86_400;
const SECOND: i64 = 1_000_000_000;

/// The moments that CEL knows: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z (CEL specification, "Timestamps").
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

// === impl Timestamp ===

impl Timestamp {
    /// The moment so many milliseconds after 1970-01-01T00:00:00Z.
    pub fn from_unix_millis(millis: u64) -> Self {
        Self {
            seconds: i64::try_from(millis / 1_000).unwrap_or(LAST).min(LAST),
            nanos: u32::try_from(millis % 1_000 * 1_000_000).unwrap_or_default(),
        }
    }

    /// The moment so many seconds after 1970-01-01T00:00:00Z, where CEL knows it.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        (FIRST..=LAST).contains(&seconds).then_some(Self { seconds, nanos: 0 })
    }

    /// Reads `2026-11-21T12:00:00.5+01:00` (RFC 3339, 5.6). A leap second is none (CEL counts as POSIX does).
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let time = rest.strip_prefix(['T', 't'])?;
        let [year, month, day] = fields(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = fields(time.get(..8)?, ':', [2, 2, 2])?;
        let (nanos, zone) = fraction(time.get(8..)?)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let local = days_from_civil(year, month, day) * DAY + hour * 3_600 + minute * 60 + second;
        let moment = Self::from_unix_seconds(local - offset(zone)?)?;
        Some(Self { nanos, ..moment })
    }

    /// The moment a span later, where CEL knows it.
    pub fn plus(self, span: Span) -> Option<Self> {
        let nanos = i64::from(self.nanos) + span.0.rem_euclid(SECOND);
        let seconds = self.seconds.checked_add(span.0.div_euclid(SECOND))? + nanos / SECOND;
        let moment = Self::from_unix_seconds(seconds)?;
        Some(Self { nanos: u32::try_from(nanos % SECOND).ok()?, ..moment })
    }

    /// The span since an earlier moment, where it is not too long for one.
    pub fn since(self, earlier: Self) -> Option<Span> {
        let seconds = self.seconds.checked_sub(earlier.seconds)?.checked_mul(SECOND)?;
        seconds.checked_add(i64::from(self.nanos) - i64::from(earlier.nanos)).map(Span)
    }

    /// A part of the moment where clocks are so many seconds ahead of UTC.
    pub fn part(self, part: Part, ahead: i64) -> i64 {
        let local = self.seconds.saturating_add(ahead);
        let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        match part {
            Part::FullYear => year,
            Part::Month => month - 1,
            Part::Date => day,
            Part::DayOfMonth => day - 1,
            // 1970-01-01 was a Thursday.
            Part::DayOfWeek => (days + 4).rem_euclid(7),
            Part::DayOfYear => days - days_from_civil(year, 1, 1),
            Part::Hours => second / 3_600,
            Part::Minutes => second / 60 % 60,
            Part::Seconds => second % 60,
            Part::Milliseconds => i64::from(self.nanos) / 1_000_000,
        }
    }
}

// === impl Span ===

impl Span {
    /// Reads `1h30m`, `-1.5s`, `250ms`: decimal numbers, each with one of `h`, `m`, `s`, `ms`, `us`, `ns`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Self(0));
        }
        if rest.is_empty() {
            return None;
        }
        let mut total = 0_i64;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, after) = rest.split_at(end);
            let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_end);
            total = total.checked_add(decimal(number, nanos_of(unit)?)?)?;
            rest = after;
        }
        Some(Self(if negative { -total } else { total }))
    }

    /// A part of the span; those of the calendar are none of its.
    pub fn part(self, part: Part) -> Option<i64> {
        match part {
            Part::Hours => Some(self.0 / (3_600 * SECOND)),
            Part::Minutes => Some(self.0 / (60 * SECOND)),
            Part::Seconds => Some(self.0 / SECOND),
            Part::Milliseconds => Some(self.0 / 1_000_000 % 1_000),
            _ => None,
        }
    }
}

/// How many seconds clocks are ahead of UTC in a zone written `Z`, `UTC`, `+02:00` or `-05:30`.
pub fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, digits) = match zone.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, zone.strip_prefix('+')?),
    };
    let [hours, minutes] = fields(digits, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Numbers of fixed widths between separators.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut values = [0; N];
    let mut pieces = text.split(separator);
    for (value, width) in values.iter_mut().zip(widths) {
        let digits = pieces.next()?;
        if digits.len() != width || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *value = digits.parse().ok()?;
    }
    pieces.next().is_none().then_some(values)
}

/// `.5` as nanoseconds, and what follows; at most nine digits.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(digits) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let exponent = 9_u32.checked_sub(u32::try_from(digits.len()).ok()?)?;
    (!digits.is_empty()).then_some(())?;
    Some((digits.parse::<u32>().ok()? * 10_u32.pow(exponent), rest))
}

fn nanos_of(unit: &str) -> Option<i64> {
    match unit {
        "h" => Some(3_600 * SECOND),
        "m" => Some(60 * SECOND),
        "s" => Some(SECOND),
        "ms" => Some(1_000_000),
        "us" => Some(1_000),
        "ns" => Some(1),
        _ => None,
    }
}

/// `1.5` of a unit; of the digits behind the point, those count that make a nanosecond.
fn decimal(number: &str, unit: i64) -> Option<i64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return None;
    }
    let mut total = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.checked_mul(unit)? };
    let mut worth = unit;
    for digit in part.bytes() {
        worth /= 10;
        total = total.checked_add(worth * i64::from(digit - b'0'))?;
    }
    Some(total)
}

fn days_in(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next, 1) - days_from_civil(year, month, 1)
}

/// Howard Hinnant's `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Howard Hinnant's `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_moments() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01T01:00:00+01:00", 0, 0),
            ("1985-04-12T23:20:50.52Z", 482_196_050, 520_000_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397, 0),
            ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
            ("0001-01-01T00:00:00Z", FIRST, 0),
            ("9999-12-31T23:59:59.999999999Z", LAST, 999_999_999),
        ] {
            let moment = Timestamp { seconds, nanos };
            assert_eq!(Timestamp::parse(text), Some(moment), "{text}");
            assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment), "{text}");
        }
        assert_eq!(
            Timestamp { seconds: 482_196_050, nanos: 520_000_000 }.to_string(),
            "1985-04-12T23:20:50.52Z"
        );
        assert_eq!(Timestamp { seconds: FIRST, nanos: 0 }.to_string(), "0001-01-01T00:00:00Z");
        for text in [
            "",
            "1970-01-01",
            "1970-01-01 00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1990-12-31T23:59:60Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z",
            "1970-01-01T00:00:00+24:00",
            "9999-12-31T23:59:59-01:00",
            "+970-01-01T00:00:00Z",
            "1970-01-01T00:00:0éZ",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reads_spans() {
        for (text, nanos) in [
            ("0", 0),
            ("1h30m", 5_400 * SECOND),
            ("-1.5s", -1_500_000_000),
            ("+250ms", 250_000_000),
            (".5s", 500_000_000),
            ("1us2ns", 1_002),
        ] {
            assert_eq!(Span::parse(text), Some(Span(nanos)), "{text}");
            assert_eq!(Span::parse(&Span(nanos).to_string()), Some(Span(nanos)), "{text}");
        }
        for text in ["", "-", "+", "1", "s", ".s", "1..5s", "1d", "9999999h", "1h ", "1.5.5s", "1 h"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_are_written_in_seconds() {
        for (nanos, text) in
            [(5_400 * SECOND, "5400s"), (-SECOND / 2, "-0.5s"), (1_002, "0.000001002s"), (0, "0s")]
        {
            assert_eq!(Span(nanos).to_string(), text);
        }
        assert_eq!(Span(i64::MIN).to_string(), "-9223372036.854775808s");
    }

    #[test]
    fn parts_of_a_moment() {
        // A Saturday, the 326th day of its year.
        let moment = Timestamp::parse("2026-11-21T23:30:05.25Z").unwrap();
        for (part, utc, ahead) in [
            (Part::FullYear, 2026, 2026),
            (Part::Month, 10, 10),
            (Part::Date, 21, 22),
            (Part::DayOfMonth, 20, 21),
            (Part::DayOfWeek, 6, 0),
            (Part::DayOfYear, 324, 325),
            (Part::Hours, 23, 1),
            (Part::Minutes, 30, 0),
            (Part::Seconds, 5, 5),
            (Part::Milliseconds, 250, 250),
        ] {
            assert_eq!(moment.part(part, 0), utc, "{part:?}");
            assert_eq!(moment.part(part, offset("+01:30").unwrap()), ahead, "{part:?}");
        }
    }

    #[test]
    fn sums_of_time_end_where_time_does() {
        let moment = Timestamp::parse("2026-11-21T00:00:00.9Z").unwrap();
        let later = moment.plus(Span::parse("0.2s").unwrap()).unwrap();
        assert_eq!(later, Timestamp::parse("2026-11-21T00:00:01.1Z").unwrap());
        assert_eq!(later.since(moment), Some(Span(200_000_000)));
        assert_eq!(moment.plus(Span(-SECOND)).unwrap().seconds, moment.seconds - 1);
        assert_eq!(Timestamp { seconds: LAST, nanos: 0 }.plus(Span(SECOND)), None);
        let first = Timestamp { seconds: FIRST, nanos: 0 };
        assert_eq!(Timestamp { seconds: LAST, nanos: 0 }.since(first), None);
    }
}
