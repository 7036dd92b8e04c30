//! What answers say of limits, read as clients read it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use sfv::{BareItem, List, ListEntry, Parser};

use super::*;
use crate::limit::{Fields, KeyPart, OnFailure, Place, Zone};

/// One that counts all requests together.
pub fn limit(name: &str, algorithm: Algorithm) -> Limit {
    Limit {
        name: name.into(),
        algorithm,
        key: vec![KeyPart::Everybody],
        weight: Weight::Constant(1),
        when: None,
        place: Place::Memory,
        lease: 1,
        shadow: false,
        on_failure: OnFailure::Allow,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

fn of(all: Vec<Limit>) -> Limits {
    Limits { told: Told::of_all(&all), all, ..Limits::default() }
}

/// Three limits, `a`, `b` and `c`.
pub fn limits() -> Limits {
    of(vec![
        limit("a", Algorithm::Fixed { most: 100, per: 60_000 }),
        limit("b", Algorithm::Fixed { most: 10, per: 1_000 }),
        limit("c", Algorithm::Bucket { permits: 5, per: 1_000, burst: 20 }),
    ])
}

fn judged(limit: usize, outcome: Outcome, remaining: u64, reset: u64) -> Judged {
    Judged { limit, outcome, remaining, reset, retry: 0 }
}

fn fields(limits: &Limits, judged: &[Judged]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    stamp(limits, judged, &mut headers);
    headers
}

/// A field as text; `-` where there is none.
fn line<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("-", |value| value.to_str().unwrap())
}

#[track_caller]
fn policy(limit: Limit, expected: &str) {
    let limits = of(vec![limit]);
    let headers = fields(&limits, &[judged(0, Outcome::Admitted, 1, 0)]);
    assert_eq!(line(&headers, "ratelimit-policy"), expected);
}

#[test]
fn policies() {
    let bucket = |permits, per, burst| limit("a", Algorithm::Bucket { permits, per, burst });
    // As much as the bucket holds, in the time in which so much comes back.
    policy(bucket(100, 60_000, 100), "\"a\";q=100;w=60");
    policy(bucket(100, 1_000, 200), "\"a\";q=200;w=2");
    policy(bucket(1, 7_000, 3), "\"a\";q=3;w=21");
    policy(bucket(3, 10_000, 1), "\"a\";q=1;w=4");
    // By the second, where that is too short to say.
    policy(bucket(100, 1_000, 1), "\"a\";q=100;w=1");
    policy(bucket(1, 10, 5), "\"a\";q=100;w=1");
    policy(limit("a", Algorithm::Fixed { most: 10, per: 100 }), "\"a\";q=100;w=1");
    policy(limit("a", Algorithm::Fixed { most: 10, per: 1_500 }), "\"a\";q=10;w=2");
    policy(limit("a", Algorithm::Sliding { most: 10, per: 60_000 }), "\"a\";q=10;w=60");
    policy(limit("a", Algorithm::Concurrent { most: 4 }), "\"a\";q=4;qu=\"concurrent-requests\"");
    let calendar =
        |period| limit("a", Algorithm::Calendar { most: 9, period, zone: Zone::named("UTC").unwrap() });
    policy(calendar(Period::Hour), "\"a\";q=9;w=3600");
    policy(calendar(Period::Day), "\"a\";q=9;w=86400");
    policy(calendar(Period::Week), "\"a\";q=9;w=604800");
    policy(calendar(Period::Month), "\"a\";q=9");
    let body = Weight::Body { bytes: 1_024, most: 10 };
    let by_body = Limit { weight: body, ..limit("a", Algorithm::Fixed { most: 10, per: 60_000 }) };
    policy(by_body, "\"a\";q=10240;qu=\"content-bytes\";w=60");
}

#[test]
fn bytes_are_told_where_bytes_are_counted() {
    let weight = Weight::Body { bytes: 1_024, most: 10 };
    let mut limits = of(vec![Limit { weight, ..limit("a", Algorithm::Fixed { most: 10, per: 60_000 }) }]);
    limits.fields = Fields { standard: true, legacy: true };
    let headers = fields(&limits, &[judged(0, Outcome::Admitted, 3, 1)]);
    assert_eq!(line(&headers, "ratelimit"), "\"a\";r=3072;t=1");
    assert_eq!(line(&headers, "x-ratelimit-limit"), "10240");
    assert_eq!(line(&headers, "x-ratelimit-remaining"), "3072");
}

#[test]
fn several_limits_are_one_list() {
    let all = [judged(0, Outcome::Admitted, 99, 59_001), judged(2, Outcome::Refused, 0, 4_000)];
    let headers = fields(&limits(), &all);
    assert_eq!(line(&headers, "ratelimit-policy"), "\"a\";q=100;w=60, \"c\";q=20;w=4");
    assert_eq!(line(&headers, "ratelimit"), "\"a\";r=99;t=60, \"c\";r=0;t=0");
    assert_eq!(headers.len(), 2);
}

/// To one that is refused the window ends when it may come again, and `Retry-After` is no earlier than that.
#[test]
fn the_window_of_a_refusal_ends_with_retry_after() {
    let refused = Judged { retry: 200, ..judged(2, Outcome::Refused, 0, 4_000) };
    assert_eq!(line(&fields(&limits(), &[refused]), "ratelimit"), "\"c\";r=0;t=1");
    let never = Judged { retry: u64::MAX, ..refused };
    assert_eq!(line(&fields(&limits(), &[never]), "ratelimit"), "\"c\";r=0;t=4");
    let concurrent = of(vec![limit("a", Algorithm::Concurrent { most: 4 })]);
    let refused = Judged { retry: 1_000, ..judged(0, Outcome::Refused, 0, 0) };
    assert_eq!(line(&fields(&concurrent, &[refused]), "ratelimit"), "\"a\";r=0");
}

#[test]
fn nobody_is_told_of_shadows_and_of_what_nobody_knows() {
    let mut limits = limits();
    limits.all[0].shadow = true;
    limits.fields = Fields { standard: true, legacy: true };
    let silent = [
        judged(0, Outcome::Admitted, 1, 1),
        judged(0, Outcome::Shadowed, 0, 1),
        judged(1, Outcome::Allowed, 1, 1),
        judged(2, Outcome::Denied, 1, 1),
        judged(9, Outcome::Admitted, 1, 1),
    ];
    assert!(fields(&limits, &silent).is_empty());
    assert!(fields(&limits, &[]).is_empty());
    let headers = fields(&limits, &[silent[0], judged(1, Outcome::Admitted, 7, 1_000), silent[3]]);
    assert_eq!(line(&headers, "ratelimit"), "\"b\";r=7;t=1");
    assert_eq!(line(&headers, "ratelimit-policy"), "\"b\";q=10;w=1");
    assert_eq!(line(&headers, "x-ratelimit-limit"), "10");
}

#[test]
fn older_fields_are_about_the_tightest() {
    let mut limits = limits();
    limits.fields = Fields { standard: false, legacy: true };
    for (left, tightest, expected) in [
        ([50, 6, 20], "100", "50"),
        ([50, 4, 20], "10", "4"),
        ([50, 5, 9], "20", "9"),
        // As much: the first.
        ([50, 5, 10], "100", "50"),
        ([0, 0, 0], "100", "0"),
    ] {
        let all: Vec<_> =
            (0..3).map(|at| judged(at, Outcome::Admitted, left[at], 1_500 + at as u64 * 1_000)).collect();
        let headers = fields(&limits, &all);
        assert_eq!(line(&headers, "x-ratelimit-limit"), tightest, "{left:?}");
        assert_eq!(line(&headers, "x-ratelimit-remaining"), expected, "{left:?}");
        let reset = match tightest {
            "100" => "2",
            "10" => "3",
            _ => "4",
        };
        assert_eq!(line(&headers, "x-ratelimit-reset"), reset, "{left:?}");
        assert_eq!(headers.len(), 3, "no field of the draft");
    }
    limits.fields = Fields { standard: false, legacy: false };
    assert!(fields(&limits, &[judged(0, Outcome::Admitted, 1, 1)]).is_empty());
}

#[test]
fn an_upstreams_own_lists_stay_beside_the_gateways() {
    let mut limits = limits();
    limits.fields = Fields { standard: true, legacy: true };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("ratelimit-policy", "\"theirs\";q=5"),
        ("ratelimit", "\"theirs\";r=4"),
        ("x-ratelimit-limit", "5"),
        ("x-ratelimit-remaining", "4"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    stamp(&limits, &[judged(1, Outcome::Admitted, 7, 1_000)], &mut headers);
    let lines: Vec<_> = headers.get_all("ratelimit").iter().collect();
    assert_eq!(lines, ["\"theirs\";r=4", "\"b\";r=7;t=1"]);
    assert_eq!(headers.get_all("x-ratelimit-limit").iter().collect::<Vec<_>>(), ["10"]);
    assert_eq!(headers.get_all("x-ratelimit-remaining").iter().collect::<Vec<_>>(), ["7"]);
}

/// Name, and the parameters that are whole numbers, in their order.
fn parsed(field: &HeaderValue) -> Vec<(String, Vec<(String, i64)>)> {
    let list: List = Parser::new(field.as_bytes()).parse().unwrap();
    let item = |entry: &ListEntry| {
        let ListEntry::Item(item) = entry else { panic!("{entry:?}") };
        let BareItem::String(name) = &item.bare_item else { panic!("{item:?}") };
        let numbers = item.params.iter().filter_map(|(key, value)| {
            let BareItem::Integer(number) = value else { return None };
            Some((key.to_string(), i64::from(*number)))
        });
        (name.to_string(), numbers.collect())
    };
    list.iter().map(item).collect()
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a limit is called, and however large its numbers are, clients read what was meant, or nothing.
        #[test]
        fn clients_read_what_was_meant(
            names in prop::collection::vec("[ -~]{0,12}|\\PC{0,6}", 1..4),
            most in 0..=u64::MAX,
            per in 1..=u64::MAX,
            remaining in 0..=u64::MAX,
            reset in 0..=u64::MAX,
            refused in any::<bool>(),
        ) {
            let all = names.iter().map(|name| limit(name, Algorithm::Fixed { most, per })).collect();
            let limits = of(all);
            let outcome = if refused { Outcome::Refused } else { Outcome::Admitted };
            let told: Vec<_> = (0..names.len()).map(|at| Judged { retry: reset, ..judged(at, outcome, remaining, reset) }).collect();
            let headers = fields(&limits, &told);
            let sayable: Vec<_> = names.iter().filter(|name| name.bytes().all(|byte| (0x20..0x7f).contains(&byte))).collect();
            if sayable.is_empty() {
                prop_assert!(headers.is_empty());
                return Ok(());
            }
            let (service, policy) = (parsed(&headers["ratelimit"]), parsed(&headers["ratelimit-policy"]));
            prop_assert_eq!(service.len(), sayable.len());
            prop_assert_eq!(policy.len(), sayable.len());
            let number = |number: u64| i64::try_from(number.min(GREATEST)).unwrap();
            for ((service, policy), name) in service.iter().zip(&policy).zip(sayable) {
                prop_assert_eq!((&service.0, &policy.0), (name, name));
                let expected = [("r".to_owned(), number(remaining)), ("t".to_owned(), number(reset.div_ceil(1_000)))];
                prop_assert_eq!(&service.1, &expected);
                prop_assert_eq!(policy.1[1].0.as_str(), "w");
                prop_assert!(policy.1[0].1 >= number(most) && policy.1[1].1 >= 1);
            }
        }
    }
}

/// What is made with the plan is shared, not made again.
#[test]
fn a_policy_is_made_once() {
    let limits = Arc::new(limits());
    let one = fields(&limits, &[judged(0, Outcome::Admitted, 1, 1)]);
    let told = limits.told[0].as_ref().unwrap();
    assert_eq!(one["ratelimit-policy"].as_bytes().as_ptr(), told.policy.as_bytes().as_ptr());
}
