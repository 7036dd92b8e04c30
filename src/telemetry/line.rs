//! A record as one line of the access log.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::Record;
use crate::compose::Reason;
use crate::compose::outcome::{Came, Outcome};
use crate::host::UnixMillis;
use crate::limit::Outcome as Limited;

/// The JSON form. The order of the members is the order in which an operator reads them.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    request_id: &'a str,
    trace_id: String,
    route: Option<&'a str>,
    /// It was a part of another request, whose line has the same identifier.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    part: bool,
    client: std::net::IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    version: &'a str,
    /// The API and its version that was meant, on routes that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    /// Whether that is deprecated, or gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deprecated: bool,
    status: u16,
    outcome: &'a str,
    /// What the cache did, on routes that keep answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a str>,
    upstream: Option<&'a str>,
    /// The target that was asked last, where the upstream has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    /// The upstream that was asked first, where another was asked after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fell_back_from: Option<&'a str>,
    /// What came of a request to a mirror.
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror: Option<&'a str>,
    /// Whether the answer passed though it was not as the route's schemas say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disagrees: bool,
    attempts: u32,
    /// What came of the steps of a composed route.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepLine<'a>>,
    bytes_in: u64,
    bytes_out: u64,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_ms: Option<f64>,
    /// Limits that turned the request away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limited: Vec<&'a str>,
    /// Limits in shadow that would have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits_shadowed: Vec<&'a str>,
    /// Limits whose store did not answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits_unavailable: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// What came of a step.
#[derive(Serialize)]
struct StepLine<'a> {
    name: &'a str,
    came: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// That the upstream answered with, where it is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    requests: u32,
    /// How often upstreams were asked, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    ms: f64,
}

// === impl StepLine ===

impl<'a> StepLine<'a> {
    fn of(name: &'a str, outcome: &Outcome) -> Self {
        let Outcome { came, reason, requests, attempts, took } = *outcome;
        let status = match reason {
            Some(Reason::Status(status)) => Some(status.as_u16()),
            _ => None,
        };
        // What is given up says nothing of attempts.
        let attempts = Some(attempts).filter(|it| *it != requests && came != Came::GivenUp);
        let reason = reason.map(Reason::slug);
        Self { name, came: came.slug(), reason, status, requests, attempts, ms: millis(took) }
    }
}

/// One JSON object, without a line end.
pub fn json(record: &Record) -> String {
    let caller = record.caller.as_deref();
    let line = Line {
        time: rfc3339(record.started),
        request_id: record.request_id.to_str().unwrap_or_default(),
        trace_id: record.trace.trace_id_text(),
        route: record.route_id(),
        part: record.part,
        client: record.client,
        auth: caller.map(|caller| &*caller.by),
        subject: caller.and_then(|caller| caller.subject.as_deref()),
        consumer: caller.and_then(|caller| Some(&*caller.consumer.as_deref()?.id)),
        method: record.method.as_str(),
        path: record.path(),
        version: version(record.version),
        api: record.versioned_api().map(|api| &*api.name),
        api_version: record.api_version().map(|version| &*version.name),
        deprecated: record.is_of_the_past(),
        status: record.status.as_u16(),
        outcome: record.outcome.slug(),
        cache: record.cache.map(|cache| cache.outcome().slug()),
        upstream: record.upstream_name(),
        target: record.target_name(),
        fell_back_from: record.fell_back_from(),
        mirror: record.mirror,
        disagrees: record.disagrees,
        attempts: record.attempts,
        steps: record.composed().map(|(step, outcome)| StepLine::of(&step.name, outcome)).collect(),
        bytes_in: record.bytes_in(),
        bytes_out: record.bytes_out,
        duration_ms: millis(record.total),
        gateway_ms: record.asked.map(millis),
        upstream_ms: upstream_time(record).map(millis),
        limited: record.limits(&[Limited::Refused, Limited::Denied]).collect(),
        limits_shadowed: record.limits(&[Limited::Shadowed]).collect(),
        limits_unavailable: record.limits(&[Limited::Allowed, Limited::Denied]).collect(),
        cause: record.cause.as_deref(),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// One line for people, without a line end.
pub fn text(record: &Record) -> String {
    let time = rfc3339(record.started);
    let clock = time.get(11..23).unwrap_or(&time);
    let mut line = format!(
        "{clock} {} {} {} -> {} {} {:.1}ms {}B {}",
        record.client,
        record.method,
        printable(record.path()),
        record.status.as_u16(),
        record.route_id().unwrap_or("-"),
        millis(record.total),
        record.bytes_out,
        record.outcome.slug(),
    );
    if let (Some(api), Some(version)) = (record.versioned_api(), record.api_version()) {
        let past = if record.is_of_the_past() { ", deprecated" } else { "" };
        let _ = write!(line, " ({} {}{past})", api.name, version.name);
    }
    if let Some(cache) = record.cache {
        let _ = write!(line, " (cache: {})", cache.outcome().slug());
    }
    if let Some(mirror) = record.mirror {
        let _ = write!(line, " (mirror: {mirror})");
    }
    let limited: Vec<_> = record.limits(&[Limited::Refused, Limited::Denied]).collect();
    if !limited.is_empty() {
        let _ = write!(line, " by {}", limited.join(", "));
    }
    if let Some(cause) = &record.cause {
        let _ = write!(line, " ({})", printable(cause));
    }
    line
}

/// From the first question to the head of the answer.
pub fn upstream_time(record: &Record) -> Option<Duration> {
    Some(record.answered?.saturating_sub(record.asked?))
}

/// Milliseconds to three places: what a clock in nanoseconds says beyond is noise.
pub fn millis(span: Duration) -> f64 {
    let micros = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1_000.0
}

fn version(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// Nothing in a line of text may look like another line or move the cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// RFC 3339 in UTC with milliseconds. The civil date is Howard Hinnant's `civil_from_days`.
pub fn rfc3339(UnixMillis(unix): UnixMillis) -> String {
    let (days, millis) = (unix / 86_400_000, unix % 86_400_000);
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (unix, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_795_219_199_999, "2026-11-20T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(UnixMillis(unix)), expected);
        }
    }

    #[test]
    fn text_has_no_control_characters() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
