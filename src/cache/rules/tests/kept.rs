//! What is kept, and for how long.

use std::time::Duration;

use http::StatusCode;

use super::{after, at, headers, policy, secs};
use crate::cache::life::Life;
use crate::cache::policy::{Lifetimes, Policy, Statuses};
use crate::cache::rules::{Asked, NotKept, life};

/// An answer of this status with these fields, asked for and received at the same moment by somebody who says nothing.
fn of(policy: &Policy, status: u16, lines: &[(&str, &str)]) -> Result<Life, NotKept> {
    let status = StatusCode::from_u16(status).unwrap();
    life(policy, &Asked::default(), status, &headers(lines), after(0), after(0))
}

/// How long a 200 is fresh; `None` where it is not kept.
fn fresh(lines: &[(&str, &str)]) -> Option<u64> {
    // With a validator, so that whatever may be kept is.
    let lines = [lines, &[("etag", "\"a\"")]].concat();
    of(&policy(), 200, &lines).ok().map(|life| life.fresh.as_secs())
}

const CC: &str = "cache-control";

#[test]
fn lifetimes_in_their_order() {
    let (now, soon, past) = (at(0), at(3600), at(-3600));
    let long_ago = at(-36_000);
    let expires = |date: &'static str| ("expires", date);
    for (lines, expected) in [
        // cc-freshness.
        (&[][..], 0),
        (&[(CC, "max-age=3600")], 3600),
        (&[(CC, "max-age=0")], 0),
        (&[(CC, "max-age=2147483647")], 2_147_483_647),
        (&[(CC, "max-age=99999999999")], 1 << 31),
        (&[(CC, "max-age=3600"), ("expires", &past), ("date", &now)], 3600),
        (&[(CC, "max-age=3600"), expires("0"), ("date", &now)], 3600),
        (&[(CC, "max-age=0"), ("expires", &soon), ("date", &now)], 0),
        (&[(CC, "foobar, max-age=3600")], 3600),
        (&[(CC, "MaX-aGe=3600")], 3600),
        (&[(CC, "max-age=-3600")], 0),
        (&[(CC, "s-maxage=3600")], 3600),
        (&[(CC, "max-age=3600, s-maxage=1")], 1),
        (&[(CC, "max-age=3600"), (CC, "s-maxage=1")], 1),
        (&[(CC, "max-age=1, s-maxage=3600")], 3600),
        (&[("expires", &past), (CC, "max-age=0, s-maxage=3600")], 3600),
        (&[(CC, "max-age=3600, s-maxage=x")], 0),
        // expires-freshness.
        (&[("expires", &soon), ("date", &now)], 3600),
        (&[("expires", &past), ("date", &now)], 0),
        (&[("expires", &now), ("date", &now)], 0),
        (&[("expires", &now), ("date", &soon)], 0),
        (&[expires("0"), ("date", &now)], 0),
        (&[expires(""), ("date", &now)], 0),
        (&[expires("-1"), ("last-modified", &long_ago), ("date", &now)], 0),
        (&[("date", "foo"), ("expires", &soon)], 3600),
        (&[("expires", &soon)], 3600),
        (&[("expires", &soon), ("date", &past)], 7200),
        // Of two, the first counts (RFC 9111 section 4.2.1).
        (&[("expires", &soon), ("expires", &past)], 3600),
        (&[expires("Fri, 31 Dec 9999 23:59:59 GMT")], 1 << 31),
        // Heuristic.
        (&[("last-modified", &long_ago)], 3600),
        (&[("last-modified", &long_ago), ("date", &past)], 3240),
        (&[("last-modified", &soon)], 0),
        (&[("last-modified", "foo")], 0),
        (&[("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")], 86_400),
        // Not heuristic: it cannot be read, and is stale.
        (&[("last-modified", &long_ago), (CC, "max-age=x")], 0),
        // `Pragma` is of requests.
        (&[(CC, "max-age=3600"), ("pragma", "no-cache")], 3600),
        // Targeted (RFC 9213 section 2.2).
        (&[(CC, "max-age=1"), ("expires", &past), ("cdn-cache-control", "max-age=60")], 60),
        (&[(CC, "no-store, private"), ("tollgate-cache-control", "max-age=60")], 60),
        (&[("expires", &soon), ("cdn-cache-control", "foo"), ("last-modified", &long_ago)], 3600),
        (&[("expires", &soon), ("cdn-cache-control", "foo")], 0),
        (&[("expires", &soon), ("cdn-cache-control", "foo=")], 3600),
    ] {
        assert_eq!(fresh(lines), Some(expected), "{lines:?}");
    }
}

#[test]
fn ages() {
    let fields = |lines: &[(&str, &str)], delay: u64| {
        let lines = [lines, &[(CC, "max-age=3600")]].concat();
        let status = StatusCode::OK;
        let life =
            life(&policy(), &Asked::default(), status, &headers(&lines), after(100), after(100 + delay));
        life.ok().map(|life| (life.age.as_secs(), life.fresh.as_secs()))
    };
    let (now, past, soon) = (at(100), at(40), at(500));
    for (lines, delay, expected) in [
        (&[][..], 0, (0, 3600)),
        (&[("date", &*now)], 0, (0, 3600)),
        // RFC 9111 section 4.2.3: `apparent_age`, and no less than nothing.
        (&[("date", &past)], 0, (60, 3600)),
        (&[("date", &soon)], 0, (0, 3600)),
        (&[("date", "foo")], 0, (0, 3600)),
        // `corrected_age_value`.
        (&[], 7, (7, 3600)),
        (&[("age", "30")], 7, (37, 3600)),
        (&[("age", "30"), ("date", &now)], 7, (37, 3600)),
        // The greater of both.
        (&[("age", "30"), ("date", &past)], 7, (67, 3600)),
        (&[("age", "70"), ("date", &past)], 7, (77, 3600)),
        (&[("age", " 7200 ")], 0, (7200, 3600)),
        (&[("age", "99999999999999999999")], 1, ((1 << 31) + 1, 3600)),
    ] {
        assert_eq!(fields(lines, delay), Some(expected), "{lines:?} {delay}");
    }
    // Section 5.1: what is no number is as if it were not there; of several, the first counts.
    for (age, expected) in [
        ("abc", 0),
        ("-7200", 0),
        ("7200.0", 0),
        ("7200;foo=bar", 0),
        ("", 0),
        ("7200,0", 7200),
        ("0, 7200", 0),
        ("0, 0", 0),
        ("3600, 3600", 3600),
        (",7200", 0),
    ] {
        assert_eq!(fields(&[("age", age)], 0), Some((expected, 3600)), "{age}");
    }
    assert_eq!(fields(&[("age", "0"), ("age", "7200")], 0), Some((0, 3600)));
    assert_eq!(fields(&[("age", "7200"), ("age", "0")], 0), Some((7200, 3600)));
    // It is no reason to forget what else is known of its age.
    assert_eq!(fields(&[("age", "x"), ("date", &past), ("etag", "\"a\"")], 7), Some((67, 3600)));
}

#[test]
fn parts_of_a_second_make_nothing_older() {
    let at = crate::host::UnixMillis(super::NOW + 999);
    let lines = headers(&[(CC, "max-age=1"), ("date", &*super::at(0))]);
    let life = life(&policy(), &Asked::default(), StatusCode::OK, &lines, at, at).unwrap();
    assert_eq!(life.age, Duration::ZERO);
}

#[test]
fn statuses() {
    let explicit = |status| of(&policy(), status, &[(CC, "max-age=60")]).is_ok();
    for kept in
        [200, 201, 203, 204, 299, 301, 302, 303, 307, 308, 400, 401, 404, 410, 499, 500, 502, 503, 504, 599]
    {
        assert!(explicit(kept), "{kept}");
    }
    for never in [100, 103, 199, 206, 304, 412, 416, 428, 429, 431, 511, 600, 999] {
        assert!(!explicit(never), "{never}");
    }
    let day = at(-86_400);
    let silent = |status, more: &[(&str, &str)]| {
        let lines = [&[("last-modified", &*day)], more].concat();
        of(&policy(), status, &lines).ok().map(|life| life.fresh)
    };
    for status in 200..600 {
        let expected = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].contains(&status);
        assert_eq!(silent(status, &[]).is_some(), expected, "{status}");
        assert_eq!(silent(status, &[]).unwrap_or(secs(8640)), secs(8640), "{status}");
    }
    assert_eq!(silent(599, &[(CC, "public")]), Some(secs(8640)));
    assert_eq!(silent(206, &[(CC, "public")]), None);
}

#[test]
fn what_is_never_kept() {
    let fine = (CC, "max-age=60");
    for (lines, reason) in [
        (&[fine, (CC, "no-store")][..], "the answer says no-store"),
        (&[fine, (CC, "No-StOrE"), (CC, "public")], "the answer says no-store"),
        (&[fine, (CC, "private")], "the answer says private"),
        (&[fine, (CC, "private=\"x y\"")], "the answer says private"),
        (&[fine, ("vary", "accept, *")], "the answer says Vary: *"),
        (&[fine, ("set-cookie", "a=b")], "the answer sets a cookie"),
        (&[fine, ("set-cookie2", "a=b")], "the answer sets a cookie"),
        (&[fine, ("cdn-cache-control", "no-store")], "the answer says no-store"),
        (&[(CC, "max-age=0")], "the answer is not fresh, and has nothing that it could be validated with"),
        (
            &[(CC, "no-cache, max-age=9")],
            "the answer is not fresh, and has nothing that it could be validated with",
        ),
    ] {
        assert_eq!(of(&policy(), 200, lines), Err(NotKept(reason)), "{lines:?}");
    }
    for kept in [
        &[fine, (CC, "private=\"x-a\"")][..],
        &[fine, (CC, "private=set-cookie"), ("set-cookie", "a=b")],
        &[fine, ("vary", "accept")],
        &[(CC, "no-cache"), ("etag", "\"a\"")],
        &[(CC, "max-age=0, stale-if-error=5")],
        &[(CC, "max-age=0, stale-while-revalidate=5")],
    ] {
        assert!(of(&policy(), 200, kept).is_ok(), "{kept:?}");
    }
    let cookies = Policy { set_cookie: true, ..policy() };
    assert!(of(&cookies, 200, &[fine, ("set-cookie", "a=b")]).is_ok());
    let asked = Asked { no_store: true, ..Asked::default() };
    let refused = life(&policy(), &asked, StatusCode::OK, &headers(&[fine]), after(0), after(0));
    assert_eq!(refused, Err(NotKept("the request says no-store")));
}

#[test]
fn must_understand() {
    for (status, line, expected) in [
        (200, "max-age=60, must-understand", true),
        (200, "max-age=60, must-understand, no-store", true),
        (599, "max-age=60, must-understand", false),
        (599, "max-age=60, must-understand, no-store", false),
        (451, "max-age=60, must-understand", false),
        (206, "max-age=60, must-understand, no-store", false),
        (200, "max-age=60, must-understand, no-store, private", false),
    ] {
        assert_eq!(of(&policy(), status, &[(CC, line)]).is_ok(), expected, "{status} {line}");
    }
}

#[test]
fn requests_with_authorization() {
    let asked = Asked { authorization: true, ..Asked::default() };
    let kept = |policy: &Policy, lines: &[(&str, &str)]| {
        life(policy, &asked, StatusCode::OK, &headers(lines), after(0), after(0)).is_ok()
    };
    assert!(!kept(&policy(), &[("expires", &at(60))]));
    for (line, expected) in [
        ("max-age=60", false),
        ("max-age=60, proxy-revalidate", false),
        ("max-age=60, public", true),
        ("max-age=60, must-revalidate", true),
        ("s-maxage=60", true),
    ] {
        assert_eq!(kept(&policy(), &[(CC, line)]), expected, "{line}");
    }
    assert!(kept(&policy(), &[("cdn-cache-control", "max-age=60, public")]));
    assert!(!kept(&policy(), &[("cdn-cache-control", "max-age=60"), (CC, "public")]));
    let fixed = Policy { lifetimes: Lifetimes { fixed: Some(secs(60)), ..Lifetimes::default() }, ..policy() };
    assert!(kept(&fixed, &[]));
}

#[test]
fn what_the_author_says() {
    let with = |lifetimes| Policy { lifetimes, ..policy() };
    let fresh = |policy: &Policy, status, lines: &[(&str, &str)]| {
        of(policy, status, lines).ok().map(|life| life.fresh.as_secs())
    };
    let one = |status| Statuses::One(StatusCode::from_u16(status).unwrap());
    let negative = vec![(one(404), secs(5)), (Statuses::Class(5), secs(1))];
    let default =
        with(Lifetimes { default: Some(secs(30)), negative: negative.clone(), ..Lifetimes::default() });
    let fixed = with(Lifetimes { fixed: Some(secs(40)), negative, ..Lifetimes::default() });
    let old = at(-36_000);
    for (status, lines, of_default, of_fixed) in [
        (200, &[][..], Some(30), Some(40)),
        (200, &[("last-modified", &*old)], Some(30), Some(40)),
        (200, &[(CC, "max-age=60")], Some(60), Some(40)),
        (200, &[(CC, "max-age=0, s-maxage=0")], None, Some(40)),
        (200, &[("expires", "0")], None, Some(40)),
        (200, &[(CC, "no-store")], None, None),
        (200, &[(CC, "private")], None, None),
        (200, &[("age", "x")], Some(30), Some(40)),
        (404, &[], Some(5), Some(5)),
        (404, &[(CC, "max-age=60")], Some(60), Some(40)),
        (404, &[(CC, "no-store")], None, None),
        (410, &[], Some(30), Some(40)),
        (502, &[], Some(1), Some(1)),
        (502, &[(CC, "max-age=60")], Some(60), Some(40)),
        (302, &[], None, None),
        (302, &[(CC, "max-age=60")], Some(60), Some(40)),
        (302, &[(CC, "public")], Some(30), Some(40)),
        (429, &[], None, None),
    ] {
        assert_eq!(fresh(&default, status, lines), of_default, "default: {status} {lines:?}");
        assert_eq!(fresh(&fixed, status, lines), of_fixed, "fixed: {status} {lines:?}");
    }
    // `no-cache` and `must-revalidate` are no lifetimes; what `s-maxage` means beside its lifetime goes with it.
    let life = of(&fixed, 200, &[(CC, "no-cache, must-revalidate"), ("etag", "\"a\"")]).unwrap();
    assert!(life.always_validate && life.never_stale);
    assert!(!of(&fixed, 200, &[(CC, "s-maxage=1")]).unwrap().never_stale);
}

#[test]
fn how_long_something_stale_is_good() {
    let stale = Lifetimes { while_revalidate: secs(7), if_error: secs(9), ..Lifetimes::default() };
    let policy = Policy { lifetimes: stale, ..policy() };
    for (line, expected) in [
        ("max-age=1", (7, 9, false)),
        ("max-age=1, stale-while-revalidate=3", (3, 9, false)),
        ("max-age=1, stale-while-revalidate=3, stale-if-error=4", (3, 4, false)),
        ("max-age=1, stale-while-revalidate=0, stale-if-error=x", (0, 0, false)),
        ("max-age=1, must-revalidate", (7, 9, true)),
        ("max-age=1, proxy-revalidate", (7, 9, true)),
        ("s-maxage=1", (7, 9, true)),
    ] {
        let life = of(&policy, 200, &[(CC, line)]).unwrap();
        let found = (life.while_revalidate.as_secs(), life.if_error.as_secs(), life.never_stale);
        assert_eq!(found, expected, "{line}");
    }
}
