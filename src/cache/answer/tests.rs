//! What clients get, by table and on random input.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE};

use super::*;
use crate::cache::life::Life;

const LAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const MADE: &str = "Sat, 21 Nov 2026 00:00:00 GMT";
/// When that was.
const MADE_AT: UnixMillis = UnixMillis(1_795_219_200_000);
const NOW: UnixMillis = UnixMillis(MADE_AT.0 + 12_999);

fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    fields.iter().map(field).collect()
}

fn entry(fields: &[(&'static str, &str)]) -> Entry {
    let mut headers = map(fields);
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    Entry {
        status: StatusCode::OK,
        headers,
        body: Bytes::from_static(b"0123456789"),
        life: Life { received: MADE_AT, age: Duration::from_millis(30_500), ..Life::default() },
        tags: Vec::new(),
        serial: 0,
    }
}

fn head(method: Method, fields: &[(&'static str, &str)]) -> Parts {
    let mut head = http::Request::new(()).into_parts().0;
    head.method = method;
    head.headers = map(fields);
    head
}

fn get(entry: &Entry, fields: &[(&'static str, &str)]) -> Response<Bytes> {
    answer(&head(Method::GET, fields), entry, NOW)
}

fn said<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn the_whole_with_its_age() {
    let own = ("tollgate-cache-control", "max-age=9");
    let kept = entry(&[("date", MADE), ("etag", "\"a\""), ("content-length", "99"), own]);
    let response = get(&kept, &[]);
    assert_eq!(said(&response, own.0), None, "that was for this cache");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body(), "0123456789");
    // 30.5 s when it arrived, and 12.999 s since: 43 whole seconds.
    assert_eq!(said(&response, "age"), Some("43"));
    assert_eq!(said(&response, "date"), Some(MADE));
    assert_eq!(said(&response, "content-length"), Some("10"));
    assert_eq!(said(&response, "content-type"), Some("text/plain"));
}

#[test]
fn a_date_is_made_where_there_is_none_and_age_is_bounded() {
    let mut kept = entry(&[]);
    assert_eq!(said(&get(&kept, &[]), "date"), Some(MADE));
    kept.life.age = Duration::MAX / 2;
    assert_eq!(said(&get(&kept, &[]), "age"), Some("2147483648"));
}

#[test]
fn head_has_the_fields_and_no_content() {
    let kept = entry(&[("etag", "\"a\"")]);
    let response = answer(&head(Method::HEAD, &[("range", "bytes=0-1")]), &kept, NOW);
    assert_eq!((response.status(), response.body().len()), (StatusCode::OK, 0));
    assert_eq!(said(&response, "content-length"), Some("10"));
    assert_eq!(said(&response, "age"), Some("43"));
    let response = answer(&head(Method::HEAD, &[("if-none-match", "\"a\"")]), &kept, NOW);
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn other_statuses_are_given_as_they_are() {
    let mut kept = entry(&[("etag", "\"a\"")]);
    for status in [StatusCode::NOT_FOUND, StatusCode::MOVED_PERMANENTLY] {
        kept.status = status;
        let response = get(&kept, &[("if-none-match", "\"a\""), ("range", "bytes=0-1")]);
        assert_eq!((response.status(), response.body().len()), (status, 10));
    }
    kept.status = StatusCode::NO_CONTENT;
    kept.body = Bytes::new();
    assert_eq!(said(&get(&kept, &[]), "content-length"), None);
}

#[test]
fn if_none_match() {
    for (kept, asked, same) in [
        ("\"a\"", &["\"a\""][..], true),
        ("\"a\"", &["\"b\""], false),
        ("\"a\"", &["\"b\", \"a\", \"c\""], true),
        ("\"a\"", &["\"b\"", "\"c\",\t\"a\""], true),
        ("\"a\"", &["*"], true),
        ("\"a\"", &[" * "], true),
        ("\"a\"", &["\"b\", *"], false),
        // Weakly.
        ("W/\"a\"", &["W/\"a\""], true),
        ("W/\"a\"", &["\"a\""], true),
        ("\"a\"", &["W/\"a\""], true),
        ("\"a\"", &["w/\"a\""], false),
        // Commas and spaces within.
        ("\"a, b\"", &["\"x\", \"a, b\""], true),
        ("\"a\"", &["\"x, \", \"a\""], true),
        ("\"a\"", &["\",\"a\",\""], false),
        // Not as the RFC has it, and the same.
        ("a", &["a"], true),
        ("a", &["\"a\""], false),
        ("\"a\"", &["a"], false),
        ("\"a", &["\"a"], true),
        ("\"a\"", &[""], false),
        ("\"\"", &["\"\""], true),
    ] {
        let kept = entry(&[("etag", kept)]);
        let asked: Vec<_> = asked.iter().map(|asked| ("if-none-match", *asked)).collect();
        let status = get(&kept, &asked).status();
        assert_eq!(status == StatusCode::NOT_MODIFIED, same, "{asked:?}");
    }
    // What has no tag is only what there is.
    assert_eq!(get(&entry(&[]), &[("if-none-match", "\"a\"")]).status(), StatusCode::OK);
    assert_eq!(get(&entry(&[]), &[("if-none-match", "*")]).status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn tags_beyond_ascii_are_bytes() {
    let mut kept = entry(&[]);
    let tag = HeaderValue::from_bytes(b"\"\xfc\"").unwrap();
    kept.headers.insert(ETAG, tag.clone());
    let mut head = head(Method::GET, &[]);
    head.headers.insert(IF_NONE_MATCH, tag);
    assert_eq!(answer(&head, &kept, NOW).status(), StatusCode::NOT_MODIFIED);
}

#[test]
fn if_modified_since() {
    let since = |fields: &[(&'static str, &str)], since: &str| {
        get(&entry(fields), &[("if-modified-since", since)]).status() == StatusCode::NOT_MODIFIED
    };
    let kept = [("last-modified", LAST), ("date", MADE)];
    for (date, same) in [
        (LAST, true),
        (LATER, true),
        (EARLIER, false),
        ("Sunday, 06-Nov-94 08:49:37 GMT", true),
        ("Sun Nov  6 08:49:37 1994", true),
        ("Sun Nov  6 08:49:36 1994", false),
        ("yesterday", false),
        ("", false),
    ] {
        assert_eq!(since(&kept, date), same, "{date}");
    }
    // RFC 9111 section 4.3.2: without it, by when the answer was made, or arrived.
    assert!(since(&[("date", LAST)], LAST));
    assert!(!since(&[("date", LAST)], EARLIER));
    assert!(since(&[], MADE));
    assert!(!since(&[], LAST));
    // Two are none.
    let two = [("if-modified-since", LAST), ("if-modified-since", LAST)];
    assert_eq!(get(&entry(&kept), &two).status(), StatusCode::OK);
}

#[test]
fn a_tag_goes_before_a_date() {
    let kept = entry(&[("etag", "\"a\""), ("last-modified", LAST)]);
    let status = |tag, date| get(&kept, &[("if-none-match", tag), ("if-modified-since", date)]).status();
    assert_eq!(status("\"a\"", EARLIER), StatusCode::NOT_MODIFIED);
    assert_eq!(status("\"b\"", LATER), StatusCode::OK);
}

#[test]
fn not_modified_has_what_a_cache_needs_and_nothing_of_the_content() {
    let kept = entry(&[
        ("cache-control", "max-age=60"),
        ("content-location", "/a"),
        ("content-security-policy", "default-src 'self'"),
        ("date", MADE),
        ("etag", "\"a\""),
        ("expires", MADE),
        ("vary", "accept"),
        ("vary", "accept-language"),
        ("x-own", "1"),
        ("content-length", "10"),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("content-range", "bytes 0-9/10"),
        ("last-modified", LAST),
        ("repr-digest", "sha-256=:AA==:"),
    ]);
    let response = get(&kept, &[("if-none-match", "\"a\"")]);
    assert_eq!((response.status(), response.body().len()), (StatusCode::NOT_MODIFIED, 0));
    let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let expected = "age cache-control content-location content-security-policy date etag expires vary x-own";
    assert_eq!(names.join(" "), expected);
    assert_eq!(response.headers().get_all("vary").iter().count(), 2);
    assert_eq!(said(&response, "age"), Some("43"));
    // Without a tag the date is what tells a cache which of its answers it is.
    let response = get(&entry(&[("last-modified", LAST)]), &[("if-modified-since", LAST)]);
    assert_eq!(said(&response, "last-modified"), Some(LAST));
}

#[test]
fn a_part() {
    let kept = entry(&[("etag", "\"a\""), ("content-digest", "sha-256=:AA==:"), ("content-length", "10")]);
    for (asked, range, content) in [
        ("bytes=0-1", "bytes 0-1/10", "01"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=0-", "bytes 0-9/10", "0123456789"),
    ] {
        let response = get(&kept, &[("range", asked)]);
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(said(&response, "content-range"), Some(range));
        assert_eq!(response.body(), content);
        assert_eq!(said(&response, "content-length"), Some(&*content.len().to_string()));
        assert_eq!(said(&response, "etag"), Some("\"a\""));
        assert_eq!(said(&response, "age"), Some("43"));
        assert_eq!(said(&response, "content-type"), Some("text/plain"));
        assert_eq!(said(&response, "content-digest"), None, "that was of the whole");
    }
    let two = get(&kept, &[("range", "bytes=0-1"), ("range", "bytes=0-1")]);
    assert_eq!(two.status(), StatusCode::OK);
}

#[test]
fn a_part_is_not_copied() {
    let kept = entry(&[]);
    let part = get(&kept, &[("range", "bytes=3-5")]).into_body();
    assert_eq!(part.as_ptr(), kept.body[3..].as_ptr());
}

#[test]
fn no_such_part() {
    let response = get(&entry(&[("etag", "\"a\"")]), &[("range", "bytes=10-")]);
    assert_eq!((response.status(), response.body().len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0));
    assert_eq!(said(&response, "content-range"), Some("bytes */10"));
    assert_eq!(said(&response, "content-length"), Some("0"));
    assert_eq!(said(&response, "content-type"), None);
}

#[test]
fn if_range() {
    let status = |kept: &[(&'static str, &str)], condition: &str| {
        get(&entry(kept), &[("range", "bytes=0-1"), ("if-range", condition)]).status()
    };
    let (part, whole) = (StatusCode::PARTIAL_CONTENT, StatusCode::OK);
    assert_eq!(status(&[("etag", "\"a\"")], "\"a\""), part);
    assert_eq!(status(&[("etag", "\"a\"")], "\"b\""), whole);
    assert_eq!(status(&[], "\"a\""), whole);
    // Strongly.
    assert_eq!(status(&[("etag", "W/\"a\"")], "W/\"a\""), whole);
    assert_eq!(status(&[("etag", "W/\"a\"")], "\"a\""), whole);
    assert_eq!(status(&[("etag", "\"a\"")], "W/\"a\""), whole);
    // Exactly that date, and so long before the answer that nothing else can have had it.
    assert_eq!(status(&[("last-modified", LAST), ("date", MADE)], LAST), part);
    assert_eq!(status(&[("last-modified", LAST), ("date", LATER)], LAST), part);
    assert_eq!(status(&[("last-modified", LAST), ("date", LAST)], LAST), whole);
    assert_eq!(status(&[("last-modified", LAST), ("date", MADE)], LATER), whole);
    assert_eq!(status(&[("last-modified", LAST), ("date", MADE)], EARLIER), whole);
    assert_eq!(status(&[("last-modified", LAST)], "Sun Nov  6 08:49:37 1994"), whole);
    assert_eq!(status(&[("last-modified", LAST)], LAST), part);
    // Before it comes to ranges, conditions are met.
    let fields = [("range", "bytes=0-1"), ("if-range", "\"a\""), ("if-none-match", "\"a\"")];
    assert_eq!(get(&entry(&[("etag", "\"a\"")]), &fields).status(), StatusCode::NOT_MODIFIED);
}

/// RFC 9111 section 4.3.2: a cache does not judge them; and gives no part to a client that wants it only of something else.
#[test]
fn conditions_for_the_origin() {
    let kept = entry(&[("etag", "\"a\""), ("last-modified", LAST)]);
    for condition in [("if-match", "\"b\""), ("if-unmodified-since", EARLIER)] {
        let response = get(&kept, &[condition, ("range", "bytes=0-1")]);
        assert_eq!((response.status(), response.body().len()), (StatusCode::OK, 10));
        assert!(is_for_origin(&map(&[condition])));
    }
    assert!(!is_for_origin(&map(&[("if-none-match", "*"), ("if-range", "\"a\"")])));
}

#[test]
fn tags_are_of_the_content() {
    let tagged = |content: &'static str| {
        let mut headers = HeaderMap::new();
        tag(&mut headers, &Bytes::from_static(content.as_bytes()));
        headers.get(ETAG).unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(tagged(""), "\"47DEQpj8HBSa-_TImW-5JA\"");
    assert_eq!(tagged("a"), tagged("a"));
    assert_ne!(tagged("a"), tagged("b"));
    let mut headers = map(&[("etag", "W/\"own\"")]);
    tag(&mut headers, &Bytes::from_static(b"a"));
    assert_eq!(headers.get(ETAG).unwrap(), "W/\"own\"");
}

#[cfg(not(target_family = "wasm"))]
mod properties;
