//! Conditions of requests, held against what is kept (RFC 9110 section 13, RFC 9111 section 4.3.2).

use http::header::{
    DATE, ETAG, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue};

use crate::cache::{Entry, date};
use crate::host::UnixMillis;

/// How much later than `Last-Modified` an answer must have been made for the date to tell its content from any other:
/// within one second there may have been two (RFC 9110 section 8.8.2.2).
const SECOND: i64 = 1;

/// An entity tag (RFC 9110 section 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EntityTag<'a> {
    weak: bool,
    /// With its quotes. What came without them equals only what came without them too.
    opaque: &'a [u8],
}

/// The entity tags in a field, whatever else is in it.
#[derive(Debug, Clone)]
struct EntityTags<'a>(&'a [u8]);

/// Whether a request has conditions that a cache must not judge (RFC 9111 section 4.3.2), because they are about what the
/// origin has now.
pub fn is_for_origin(asked: &HeaderMap) -> bool {
    asked.contains_key(IF_MATCH) || asked.contains_key(IF_UNMODIFIED_SINCE)
}

/// Whether the client has what is kept already. `now` tells the century of a year with two digits.
pub(super) fn is_not_modified(asked: &HeaderMap, entry: &Entry, now: UnixMillis) -> bool {
    if asked.contains_key(IF_NONE_MATCH) {
        // RFC 9110 section 13.1.3: the date then has no say.
        let kept = entry_tag(entry);
        let mut lines = asked.get_all(IF_NONE_MATCH).iter();
        // Section 13.1.2: `*` is whatever there is; else by weak comparison.
        return lines.any(|line| {
            line.as_bytes().trim_ascii() == b"*"
                || kept.is_some_and(|kept| EntityTags(line.as_bytes()).any(|tag| tag.opaque == kept.opaque))
        });
    }
    // Section 13.1.3: several dates, and what is none, are as if they were not there.
    let since = only(asked, &IF_MODIFIED_SINCE).and_then(|value| date::parse(value.as_bytes(), seconds(now)));
    since.is_some_and(|since| changed(entry) <= since)
}

/// Whether the part that a client asks for is one of what it has the other parts of (RFC 9110 section 13.1.5).
pub(super) fn is_same(asked: &HeaderMap, entry: &Entry) -> bool {
    if !asked.contains_key(IF_RANGE) {
        return true;
    }
    let Some(wanted) = only(asked, &IF_RANGE).map(|value| value.as_bytes().trim_ascii()) else {
        return false;
    };
    if wanted.starts_with(b"\"") || wanted.starts_with(b"W/") {
        let wanted = EntityTags(wanted).next();
        // Section 8.8.3.2: by strong comparison.
        return wanted.is_some_and(|wanted| !wanted.weak && entry_tag(entry) == Some(wanted));
    }
    let kept = entry.headers.get(LAST_MODIFIED).map(|value| value.as_bytes().trim_ascii());
    kept == Some(wanted) && is_strong(entry)
}

/// Whether `Last-Modified` tells what is kept from anything that was there before.
fn is_strong(entry: &Entry) -> bool {
    let made = dated(entry, &DATE).unwrap_or(seconds(entry.life.received));
    dated(entry, &LAST_MODIFIED).is_some_and(|changed| changed + SECOND <= made)
}

/// When what is kept was last changed: RFC 9111 section 4.3.2.
fn changed(entry: &Entry) -> i64 {
    let dated = dated(entry, &LAST_MODIFIED).or_else(|| dated(entry, &DATE));
    dated.unwrap_or(seconds(entry.life.received))
}

/// The date in a field of what is kept, in seconds since 1970.
fn dated(entry: &Entry, name: &HeaderName) -> Option<i64> {
    date::parse(entry.headers.get(name)?.as_bytes(), seconds(entry.life.received))
}

fn seconds(at: UnixMillis) -> i64 {
    i64::try_from(at.0 / 1_000).unwrap_or(i64::MAX)
}

fn entry_tag(entry: &Entry) -> Option<EntityTag<'_>> {
    EntityTags(entry.headers.get(ETAG)?.as_bytes()).next()
}

/// The value of a field that stands once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

// === impl EntityTags ===

impl<'a> Iterator for EntityTags<'a> {
    type Item = EntityTag<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.0.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        let tag = &self.0[start..];
        let (weak, bare) = tag.strip_prefix(b"W/").map_or((false, tag), |bare| (true, bare));
        let length = match bare.strip_prefix(b"\"") {
            // There may be commas within the quotes.
            Some(inner) => inner.iter().position(|byte| *byte == b'"').map_or(bare.len(), |end| end + 2),
            None => bare.iter().position(|byte| *byte == b',').unwrap_or(bare.len()),
        };
        let (opaque, rest) = bare.split_at(length);
        self.0 = rest;
        Some(EntityTag { weak, opaque: opaque.trim_ascii_end() })
    }
}
