//! A kept answer as one client gets it: with its age, or only that it has not changed, or a part of it.
//!
//! Order and conditions are those of RFC 9110 section 13.2.2 as far as they are a cache's: `If-None-Match`, else
//! `If-Modified-Since`, then `Range` with `If-Range`. `If-Match` and `If-Unmodified-Since` are the origin's to judge (RFC 9111
//! section 4.3.2), see [`is_for_origin`].

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    AGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_SECURITY_POLICY_REPORT_ONLY, DATE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, RANGE, TRAILER,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};

use super::{Entry, date, rules};
use crate::host::UnixMillis;

mod condition;
mod range;

pub use condition::is_for_origin;
use range::Asked;

/// RFC 9111 section 1.2.2: what is older than can be counted is as old as this, in seconds.
const OLDEST: u64 = 1 << 31;

/// How much of a digest makes an `ETag`: enough that no two contents have the same, half as long as all of it.
const TAG_BYTES: usize = 16;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// What a client that asked with `head` (GET or HEAD) gets of `entry` at `now`: 200, or 304 (RFC 9110 section 13), or 206 or
/// 416 (section 14). The content of an answer to HEAD is left out, and its `Content-Length` is not.
pub fn answer(head: &Parts, entry: &Entry, now: UnixMillis) -> Response<Bytes> {
    // RFC 9111 section 4.3.2: conditions are about answers with this status.
    if entry.status == StatusCode::OK {
        if condition::is_not_modified(&head.headers, entry, now) {
            return not_modified(entry, now);
        }
        match asked_range(head, entry) {
            Asked::Whole => {}
            Asked::Part(part) => return partial(entry, part, now),
            Asked::Unsatisfiable => return unsatisfiable(entry),
        }
    }
    whole(entry, head.method == Method::HEAD, now)
}

/// Gives an answer that is to be kept an `ETag` made of its content, where it has none. A strong one: the same content,
/// byte for byte, has the same, and another coding of it has another (RFC 9110 section 8.8.1).
pub fn tag(headers: &mut HeaderMap, body: &Bytes) {
    if headers.contains_key(ETAG) {
        return;
    }
    let digest = Sha256::digest(body);
    // 22 letters, digits, `-` and `_` in quotes.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..TAG_BYTES]))) {
        headers.insert(ETAG, tag);
    }
}

/// RFC 9110 section 14.2: only GET has ranges, of one field.
fn asked_range(head: &Parts, entry: &Entry) -> Asked {
    if head.method != Method::GET {
        return Asked::Whole;
    }
    let mut fields = head.headers.get_all(RANGE).iter();
    let (Some(range), None) = (fields.next(), fields.next()) else { return Asked::Whole };
    // Whoever made the range depend on a condition that is not judged here is given the whole, which is never wrong.
    if is_for_origin(&head.headers) || !condition::is_same(&head.headers, entry) {
        return Asked::Whole;
    }
    range::asked(range.as_bytes(), entry.body.len())
}

fn whole(entry: &Entry, is_head: bool, now: UnixMillis) -> Response<Bytes> {
    let mut headers = entry.headers.clone();
    stamp(&mut headers, entry, now);
    // RFC 9110 section 8.6: there is no content where these say so, nor any length of it.
    let has_content = entry.status != StatusCode::NO_CONTENT && entry.status != StatusCode::NOT_MODIFIED;
    // What came from a store may say anything.
    if has_content && said_length(&headers) != Some(entry.body.len()) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(entry.body.len()));
    }
    response(entry.status, headers, if is_head { Bytes::new() } else { entry.body.clone() })
}

/// How long an answer says that its content is, where it says so once.
fn said_length(headers: &HeaderMap) -> Option<usize> {
    let mut lines = headers.get_all(CONTENT_LENGTH).iter();
    let only = lines.next().filter(|_| lines.next().is_none())?;
    // Digits only: no sign, which some would read and others not.
    let digits = only.as_bytes().iter().all(u8::is_ascii_digit);
    std::str::from_utf8(only.as_bytes()).ok().filter(|_| digits)?.parse().ok()
}

/// RFC 9110 section 15.4.5: without what describes the content, because the client has it.
fn not_modified(entry: &Entry, now: UnixMillis) -> Response<Bytes> {
    let tagged = entry.headers.contains_key(ETAG);
    let mut headers = HeaderMap::with_capacity(entry.headers.len());
    for (name, value) in &entry.headers {
        if !(is_about_content(name) || tagged && name == LAST_MODIFIED) {
            headers.append(name.clone(), value.clone());
        }
    }
    stamp(&mut headers, entry, now);
    response(StatusCode::NOT_MODIFIED, headers, Bytes::new())
}

fn partial(entry: &Entry, part: Range<usize>, now: UnixMillis) -> Response<Bytes> {
    let mut headers = entry.headers.clone();
    stamp(&mut headers, entry, now);
    // Digests of the content that was whole.
    headers.remove(CONTENT_DIGEST);
    headers.remove(CONTENT_MD5);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(part.len()));
    let said = format!("bytes {}-{}/{}", part.start, part.end.saturating_sub(1), entry.body.len());
    // ASCII, as written.
    if let Ok(said) = HeaderValue::try_from(said) {
        headers.insert(CONTENT_RANGE, said);
    }
    response(StatusCode::PARTIAL_CONTENT, headers, entry.body.slice(part))
}

/// RFC 9110 section 15.5.17. It is the gateway's own answer: nothing of what is kept is in it but how long it is.
fn unsatisfiable(entry: &Entry) -> Response<Bytes> {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    // ASCII, as written.
    if let Ok(said) = HeaderValue::try_from(format!("bytes */{}", entry.body.len())) {
        headers.insert(CONTENT_RANGE, said);
    }
    response(StatusCode::RANGE_NOT_SATISFIABLE, headers, Bytes::new())
}

/// How old it is, and when it was made; and nothing of what is for this cache only.
fn stamp(headers: &mut HeaderMap, entry: &Entry, now: UnixMillis) {
    rules::conceal(headers);
    let age = entry.life.age_at(now).as_secs().min(OLDEST);
    headers.insert(AGE, HeaderValue::from(age));
    // RFC 9110 section 6.6.1: where the origin did not say when, it is when the answer arrived.
    if !headers.contains_key(DATE)
        && let Some(date) = i64::try_from(entry.life.received.0 / 1_000).ok().and_then(date::write)
    {
        headers.insert(DATE, date);
    }
}

/// Whether a field describes the content, and has no place in an answer without: all of `Content-*` but those that only
/// sound so.
fn is_about_content(name: &HeaderName) -> bool {
    match name.as_str().strip_prefix("content-") {
        Some(_) => {
            ![CONTENT_LOCATION, CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY].contains(name)
        }
        None => name == TRAILER || name == REPR_DIGEST,
    }
}

fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests;
