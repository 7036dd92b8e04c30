//! What answers without content say of what is kept.

use super::{entry, headers, policy};
use crate::cache::rules::{freshen, head_agrees, strip};

const OLD: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const NEW: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

#[test]
fn which_answer_a_304_is_about() {
    for (kept, answer, expected) in [
        (&[][..], &[][..], true),
        (&[("etag", "\"a\"")], &[("etag", "\"a\"")], true),
        (&[("etag", "\"a\"")], &[("etag", "\"b\"")], false),
        // A strong validator that differs decides, whatever else is the same (RFC 9111 section 4.3.4).
        (&[("etag", "\"a\""), ("last-modified", OLD)], &[("etag", "\"b\""), ("last-modified", OLD)], false),
        (&[("last-modified", OLD)], &[("etag", "\"b\""), ("last-modified", OLD)], false),
        (&[("etag", "\"a\""), ("last-modified", OLD)], &[("etag", "\"a\""), ("last-modified", NEW)], true),
        (&[("etag", "W/\"a\"")], &[("etag", "W/\"a\"")], true),
        (&[("etag", "W/\"a\"")], &[("etag", "\"a\"")], true),
        (&[("etag", "W/\"a\"")], &[("etag", "W/\"b\"")], false),
        (&[("last-modified", OLD)], &[("last-modified", OLD)], true),
        (&[("last-modified", OLD)], &[("last-modified", NEW)], false),
        (&[("etag", "\"a\""), ("last-modified", OLD)], &[("last-modified", OLD)], true),
        (&[("etag", "\"a\""), ("last-modified", OLD)], &[("last-modified", NEW)], false),
        (&[("etag", "\"a\""), ("last-modified", OLD)], &[], true),
        (&[("last-modified", OLD), ("etag", "a")], &[("etag", "a")], true),
        (&[("last-modified", OLD), ("etag", "a")], &[("etag", "b")], false),
    ] {
        let freshened = freshen(&entry(kept, b""), &headers(answer));
        assert_eq!(freshened.is_some(), expected, "{kept:?} {answer:?}");
    }
}

/// update304 of http-cache-tests.
#[test]
fn what_a_304_changes() {
    for name in [
        "test-header",
        "x-test-header",
        "content-foo",
        "x-content-foo",
        "cache-control",
        "content-location",
        "content-security-policy",
        "content-type",
        "clear-site-data",
        "expires",
        "public-key-pins",
        "set-cookie",
        "set-cookie2",
        "x-frame-options",
        "x-xss-protection",
        "date",
        "vary",
        "age",
    ] {
        let kept = entry(&[(name, "a"), (name, "b"), ("x-other", "x"), ("etag", "\"a\"")], b"");
        let freshened = freshen(&kept, &headers(&[(name, "c"), (name, "d")])).unwrap();
        assert_eq!(freshened.get_all(name).iter().collect::<Vec<_>>(), ["c", "d"], "{name}");
        assert_eq!(
            (&freshened["x-other"], &freshened["etag"]),
            (&"x".parse().unwrap(), &"\"a\"".parse().unwrap())
        );
    }
}

#[test]
fn what_a_304_does_not_change() {
    for name in [
        "content-encoding",
        "content-length",
        "content-md5",
        "content-range",
        "content-digest",
        "repr-digest",
    ] {
        let kept = entry(&[(name, "a")], b"");
        assert_eq!(freshen(&kept, &headers(&[(name, "b")])).unwrap(), headers(&[(name, "a")]), "{name}");
        // Nor does it give one to what has none.
        assert_eq!(freshen(&entry(&[], b""), &headers(&[(name, "b")])).unwrap(), headers(&[]), "{name}");
    }
    let weak = entry(&[("etag", "W/\"a\"")], b"");
    assert_eq!(freshen(&weak, &headers(&[("etag", "\"a\"")])).unwrap(), headers(&[("etag", "W/\"a\"")]));
    let connection = headers(&[
        ("connection", "x-a, close"),
        ("x-a", "2"),
        ("keep-alive", "x"),
        ("te", "trailers"),
        ("x-b", "2"),
    ]);
    let kept = entry(&[("x-a", "1"), ("x-b", "1")], b"");
    assert_eq!(freshen(&kept, &connection).unwrap(), headers(&[("x-a", "1"), ("x-b", "2")]));
}

#[test]
fn a_304_without_a_date_is_not_old() {
    let kept = entry(&[("date", OLD), ("x-a", "1")], b"");
    assert_eq!(freshen(&kept, &headers(&[])).unwrap(), headers(&[("x-a", "1")]));
}

#[test]
fn what_is_for_this_cache_outlives_a_304() {
    let mut kept = headers(&[("tollgate-cache-control", "max-age=5"), ("cache-control", "max-age=3600")]);
    strip(&policy(), &mut kept);
    let lines: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let freshened = freshen(&entry(&lines, b""), &headers(&[("cache-control", "max-age=60")])).unwrap();
    assert_eq!(freshened["tollgate-cache-control"], "max-age=5");
}

/// RFC 9111 section 4.3.5.
#[test]
fn what_an_answer_to_head_says() {
    let kept = entry(&[("etag", "\"a\""), ("last-modified", OLD)], b"12345");
    for (answer, expected) in [
        (&[][..], true),
        (&[("etag", "\"a\"")], true),
        (&[("etag", "\"b\"")], false),
        (&[("etag", "W/\"a\"")], false),
        (&[("last-modified", OLD)], true),
        (&[("last-modified", NEW)], false),
        (&[("content-length", "5")], true),
        (&[("content-length", "6")], false),
        (&[("content-length", "x")], false),
        (&[("etag", "\"a\""), ("last-modified", OLD), ("content-length", "5")], true),
        (&[("etag", "\"a\""), ("last-modified", NEW), ("content-length", "5")], false),
    ] {
        assert_eq!(head_agrees(&kept, &headers(answer)), expected, "{answer:?}");
    }
    assert!(!head_agrees(&entry(&[], b""), &headers(&[("etag", "\"a\"")])));
}
