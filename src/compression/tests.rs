//! Which answers are compressed, and what their fields say, by table.

#![allow(clippy::unwrap_used)]

use http::header::ACCEPT_ENCODING;

use super::*;

fn policy() -> Policy {
    let types = ["text/*", "application/json", "*+json"].iter().filter_map(|text| TypePattern::parse(text));
    Policy { codings: [Coding::Brotli, Coding::Gzip].into(), from: 100, types: types.collect() }
}

fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let parsed =
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    parsed.collect()
}

/// What becomes of an answer, and its fields, `name: value`, sorted.
fn answer(
    request: &[(&'static str, &'static str)],
    status: u16,
    length: Option<u64>,
    response: &[(&'static str, &'static str)],
) -> (Option<Coding>, Vec<String>) {
    let policy = policy();
    let mut headers = fields(response);
    let status = StatusCode::from_u16(status).unwrap();
    let coding = policy.apply(&policy.asked(&fields(request)), status, length, &mut headers);
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    (coding, lines)
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const JSON: (&str, &str) = ("content-type", "application/json");
const VARIES: &str = "vary: Accept-Encoding";

#[test]
fn fields_of_what_is_compressed() {
    let (coding, lines) = answer(
        &[GZIP],
        200,
        Some(5_000),
        &[
            JSON,
            ("content-length", "5000"),
            ("accept-ranges", "bytes"),
            ("etag", "\"a\""),
            ("content-digest", "sha-256=:AA==:"),
            ("repr-digest", "sha-256=:AA==:"),
            ("digest", "sha-256=AA=="),
            ("content-md5", "AA=="),
            ("vary", "Origin"),
            ("content-encoding", "identity"),
            ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ],
    );
    assert_eq!(coding, Some(Coding::Gzip));
    let expected = [
        "content-encoding: gzip",
        "content-type: application/json",
        "etag: W/\"a\"",
        "last-modified: Thu, 01 Jan 1970 00:00:00 GMT",
        VARIES,
        "vary: Origin",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn who_takes_none_is_told_that_others_might() {
    for request in
        [&[][..], &[("accept-encoding", "gzip;q=0")], &[GZIP, ("cache-control", "a, No-Transform")]]
    {
        let response = [JSON, ("content-length", "5000"), ("etag", "\"a\""), ("accept-ranges", "bytes")];
        let (coding, lines) = answer(request, 200, Some(5_000), &response);
        assert_eq!(coding, None);
        let expected = [
            "accept-ranges: bytes",
            "content-length: 5000",
            "content-type: application/json",
            "etag: \"a\"",
            VARIES,
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
fn what_stays_as_it_is_for_everybody() {
    let stays = |status, length, response: &[_]| {
        let (coding, lines) = answer(&[GZIP], status, length, response);
        assert_eq!(coding, None, "{status} {response:?}");
        assert_eq!(lines.len(), response.len(), "{status} {response:?}");
        assert!(!lines.contains(&VARIES.to_owned()), "{status} {response:?}");
    };
    stays(200, Some(99), &[JSON]);
    stays(200, Some(0), &[JSON]);
    stays(204, None, &[JSON]);
    stays(205, None, &[JSON]);
    stays(206, Some(5_000), &[JSON, ("content-range", "bytes 0-4999/9000")]);
    stays(200, Some(5_000), &[JSON, ("content-range", "bytes 0-4999/9000")]);
    stays(200, Some(5_000), &[JSON, ("content-encoding", "br")]);
    stays(200, Some(5_000), &[JSON, ("content-encoding", "aes128gcm")]);
    stays(200, Some(5_000), &[JSON, ("cache-control", "max-age=60, no-transform")]);
    stays(200, Some(5_000), &[]);
    for kind in [
        "image/png",
        "text",
        "application/grpc+json",
        "application/grpc-web-text",
        "text/event-stream",
        "json",
    ] {
        stays(200, None, &[("content-type", kind)]);
    }
    stays(200, Some(5_000), &[JSON, ("content-type", "text/plain")]);
}

#[test]
fn what_is_compressed_for_those_who_take_it() {
    for (status, length, kind) in [
        (200, None, "application/json"),
        (200, Some(100), "application/json"),
        (404, Some(100), "application/problem+json"),
        (500, None, "Text/HTML; charset=utf-8"),
        (201, None, "application/vnd.acme.v2+JSON ; a=b"),
    ] {
        let (coding, _) = answer(&[GZIP], status, length, &[("content-type", kind)]);
        assert_eq!(coding, Some(Coding::Gzip), "{status} {kind}");
    }
    let listed = Policy { types: [TypePattern::parse("Text/Event-Stream").unwrap()].into(), ..policy() };
    let mut headers = fields(&[("content-type", "text/event-stream")]);
    assert!(listed.apply(&listed.asked(&fields(&[GZIP])), StatusCode::OK, None, &mut headers).is_some());
}

#[test]
fn vary_is_said_once() {
    for said in ["*", "accept-encoding", "Origin, ACCEPT-ENCODING"] {
        let (coding, lines) = answer(&[GZIP], 200, None, &[JSON, ("vary", said)]);
        assert_eq!(coding, Some(Coding::Gzip));
        assert_eq!(lines.iter().filter(|line| line.starts_with("vary")).count(), 1, "{said}");
    }
}

#[test]
fn tags_of_304_are_those_that_the_client_has() {
    for (asked, tag, expected) in [
        (Some("W/\"a\""), "\"a\"", "W/\"a\""),
        (Some("\"x\", W/\"a\""), "\"a\"", "W/\"a\""),
        (Some("\"a\""), "\"a\"", "\"a\""),
        (Some("\"a\", W/\"a\""), "\"a\"", "\"a\""),
        (Some("W/\"a\""), "W/\"a\"", "W/\"a\""),
        (Some("*"), "\"a\"", "\"a\""),
        (None, "\"a\"", "\"a\""),
    ] {
        let mut request = vec![GZIP];
        request.extend(asked.map(|asked| ("if-none-match", asked)));
        let (coding, lines) = answer(&request, 304, None, &[("etag", tag)]);
        assert_eq!(
            (coding, lines),
            (None, vec![format!("etag: {expected}"), VARIES.to_owned()]),
            "{asked:?}"
        );
    }
}

#[test]
fn what_is_no_tag_is_left_alone() {
    for tag in ["W/\"a\"", "a", ""] {
        let (_, lines) = answer(&[GZIP], 200, None, &[JSON, ("etag", tag)]);
        assert!(lines.contains(&format!("etag: {tag}")), "{tag}");
    }
}

#[test]
fn conditions_get_the_strong_form() {
    for (before, after) in [
        (&["W/\"a\""][..], &["\"a\""][..]),
        (&["\"x\", W/\"a\" ,W/\"W/\""], &["\"x\", \"a\" ,\"W/\""]),
        (&["W/\"a\"", "\"b\""], &["\"a\"", "\"b\""]),
        // What only looks so stands within a tag.
        (&["\"W/\", \"b\""], &["\"W/\", \"b\""]),
        (&["*"], &["*"]),
        (&[], &[]),
    ] {
        let mut headers = fields(&[GZIP]);
        for line in before {
            headers.append(IF_MATCH, HeaderValue::from_static(line));
        }
        strengthen(&mut headers);
        let lines: Vec<_> = headers.get_all(IF_MATCH).iter().collect();
        assert_eq!(lines, after);
        assert!(headers.contains_key(ACCEPT_ENCODING));
    }
}

#[test]
fn patterns() {
    for wrong in ["", "json", "*", "*/*", "text/", "/x", "*+", "text/*; a=b", "a b/c", "te*t/x", "*/json"] {
        assert_eq!(TypePattern::parse(wrong), None, "{wrong}");
    }
    assert_eq!(TypePattern::parse("Text/*"), Some(TypePattern::Kind("text/".into())));
    assert_eq!(TypePattern::parse("*+XML"), Some(TypePattern::Suffix("+xml".into())));
    assert_eq!(TypePattern::parse("image/svg+xml"), Some(TypePattern::Exact("image/svg+xml".into())));
}
