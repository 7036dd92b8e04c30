//! What is given, validated, and given in need.

use http::StatusCode;

use super::{NOW, after, secs};
use crate::cache::life::Life;
use crate::cache::rules::Reuse::{Fresh, Stale, Validate, WhileRevalidate};
use crate::cache::rules::{Asked, asked, rescues, reuse};
use crate::cache::status::Forward;
use crate::host::UnixMillis;

const REQUEST: crate::cache::rules::Reuse = Validate(Forward::Request);
const STALE: crate::cache::rules::Reuse = Validate(Forward::Stale);

/// Ten seconds old when it came, fresh until it is a hundred.
fn life() -> Life {
    Life { received: UnixMillis(NOW), age: secs(10), fresh: secs(100), ..Life::default() }
}

fn says(line: &str) -> Asked {
    asked(&super::headers(&[("cache-control", line)]), false)
}

#[test]
fn what_a_request_gets() {
    for (line, later, expected) in [
        ("", 0, Fresh),
        ("", 89, Fresh),
        // RFC 9111 section 4.2: the lifetime must exceed the age.
        ("", 90, STALE),
        ("", 1000, STALE),
        ("no-cache", 0, REQUEST),
        ("no-cache, max-stale", 0, REQUEST),
        // RFC 9111 section 5.2.1.5: what is kept already may be given.
        ("no-store", 0, Fresh),
        ("only-if-cached", 0, Fresh),
        ("max-age=10", 0, Fresh),
        ("max-age=10", 1, REQUEST),
        ("max-age=0", 0, REQUEST),
        ("max-age=500", 89, Fresh),
        ("max-age=500", 90, STALE),
        ("max-age=500, max-stale=5", 95, Stale),
        ("max-age=50, max-stale=5", 95, REQUEST),
        ("min-fresh=90", 0, Fresh),
        ("min-fresh=91", 0, REQUEST),
        ("min-fresh=1", 89, Fresh),
        ("min-fresh=2", 89, REQUEST),
        ("min-fresh=0", 89, Fresh),
        ("min-fresh=0", 90, STALE),
        ("min-fresh=0, max-stale", 90, STALE),
        ("max-stale", 0, Fresh),
        ("max-stale", 1_000_000, Stale),
        ("max-stale=0", 90, Stale),
        ("max-stale=5", 95, Stale),
        ("max-stale=5", 96, STALE),
    ] {
        assert_eq!(reuse(&life(), &says(line), false, after(later)), expected, "{line} after {later} s");
    }
}

#[test]
fn what_is_purged_softly_is_stale() {
    let life = Life { while_revalidate: secs(5), ..life() };
    assert_eq!(reuse(&life, &says(""), true, after(0)), WhileRevalidate);
    assert_eq!(reuse(&life, &says("max-stale=0"), true, after(0)), WhileRevalidate);
    assert_eq!(reuse(&life, &says("min-fresh=1"), true, after(0)), STALE);
    let strict = Life { never_stale: true, ..life };
    assert_eq!(reuse(&strict, &says("max-stale"), true, after(0)), STALE);
    let without = Life { while_revalidate: secs(0), ..life };
    assert_eq!(reuse(&without, &says(""), true, after(0)), STALE);
    assert_eq!(reuse(&without, &says("max-stale"), true, after(0)), Stale);
}

#[test]
fn while_a_new_one_is_fetched() {
    let life = Life { while_revalidate: secs(20), ..life() };
    for (line, later, expected) in [
        ("", 89, Fresh),
        ("", 90, WhileRevalidate),
        ("", 109, WhileRevalidate),
        ("", 110, STALE),
        ("max-age=500", 95, STALE),
        ("max-age=500, max-stale=10", 95, WhileRevalidate),
        ("max-stale=3", 95, STALE),
        ("max-stale=50", 120, Stale),
    ] {
        assert_eq!(reuse(&life, &says(line), false, after(later)), expected, "{line} after {later} s");
    }
}

#[test]
fn what_must_be_validated() {
    let never = Life { never_stale: true, while_revalidate: secs(20), if_error: secs(20), ..life() };
    assert_eq!(reuse(&never, &says(""), false, after(0)), Fresh);
    assert_eq!(reuse(&never, &says("max-stale"), false, after(90)), STALE);
    let always = Life { always_validate: true, never_stale: false, ..never };
    assert_eq!(reuse(&always, &says("max-stale"), false, after(0)), STALE);
    for life in [never, always] {
        assert!(!rescues(&life, &says("max-stale, stale-if-error=50"), None, after(95)));
    }
}

#[test]
fn a_clock_that_goes_back_makes_nothing_younger() {
    let before = UnixMillis(NOW - 3_600_000);
    assert_eq!(life().age_at(before), secs(10));
    assert_eq!(
        life().age_at(UnixMillis(u64::MAX)),
        secs(10) + std::time::Duration::from_millis(u64::MAX - NOW)
    );
}

#[test]
fn what_rescues() {
    let life = Life { if_error: secs(20), ..life() };
    for (line, status, later, expected) in [
        ("", None, 95, true),
        ("", None, 109, true),
        ("", None, 110, false),
        ("", Some(500), 95, true),
        ("", Some(502), 95, true),
        ("", Some(503), 95, true),
        ("", Some(504), 95, true),
        ("", Some(501), 95, false),
        ("", Some(404), 95, false),
        ("", Some(429), 95, false),
        ("", Some(200), 95, false),
        // A request can say it for itself.
        ("stale-if-error=60", None, 149, true),
        ("stale-if-error=60", None, 150, false),
        ("stale-if-error=1", None, 95, true),
        ("no-cache", None, 95, false),
        // "Regardless of other freshness information".
        ("max-age=0", None, 95, true),
        ("max-age=0", None, 0, true),
    ] {
        let status = status.map(|status| StatusCode::from_u16(status).unwrap());
        assert_eq!(
            rescues(&life, &says(line), status, after(later)),
            expected,
            "{line} {status:?} {later} s"
        );
    }
    assert!(!rescues(&Life { if_error: secs(0), ..life }, &says(""), None, after(0)));
}
