//! Which version a request asks for, as tables; lives of versions.
#![allow(clippy::unwrap_used)]
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::life::Brownout;
use super::*;
use crate::plan::{Abilities, Plan};
use crate::route::{Found, Query};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;

/// A plan of one API and routes for it, `(match, versions)` each.
fn plan(api: Value, matches: &[Value]) -> Plan {
    let routes: Vec<_> = (0..)
        .zip(matches)
        .map(|(id, matches)| json!({ "id": format!("r{id}"), "match": matches, "respond": {} }))
        .collect();
    let document = serde_json::from_value(
        json!({ "defaults": { "auth": "public" }, "apis": { "orders": api }, "routes": routes }),
    )
    .unwrap();
    Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0
}

/// What a request asks for: the version's name, or why there is none.
fn asks(plan: &Plan, host: &str, target: &str, fields: &[(&str, &str)]) -> Result<String, Option<Refusal>> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers
            .append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let method = &Method::POST;
    let query = Query { host, path, query, method, headers: &headers, now: NOW, preflight: false };
    let (found, negotiated) = plan.search(&query);
    match (found, negotiated.version) {
        (Found::Route(_), Some(index)) => Ok(plan.apis[0].versions[index].name.to_string()),
        _ => Err(negotiated.refused),
    }
}

fn integers(ask: Value) -> Value {
    json!({ "ask": ask, "versions": { "1": {}, "2": {}, "3": {} }, "default": "1" })
}

const UNKNOWN: Result<&str, Option<Refusal>> = Err(Some(Refusal::Unknown(refusal::Place::Field)));

/// What is asked for, with which fields, and the version that is meant, or why there is none.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Result<&'a str, Option<Refusal>>);

#[track_caller]
fn table(plan: &Plan, rows: &[Row<'_>]) {
    for (target, fields, expected) in rows {
        let found = asks(plan, "h", target, fields);
        assert_eq!(found.as_deref(), expected.as_ref().map(|name| *name), "{target} {fields:?}");
    }
}

#[test]
fn by_a_field() {
    let plan = plan(integers(json!([{ "header": "X-API-Version" }])), &[json!({ "api": "orders" })]);
    let contradiction = Err(Some(Refusal::Contradiction));
    let long = "1".repeat(65);
    table(
        &plan,
        &[
            ("/", &[], Ok("1")),
            ("/", &[("x-api-version", "2")], Ok("2")),
            ("/", &[("x-api-version", " v3 ")], Ok("3")),
            ("/", &[("x-api-version", "2"), ("x-api-version", "2")], Ok("2")),
            ("/", &[("x-api-version", "2"), ("x-api-version", "3")], contradiction),
            ("/", &[("x-api-version", "2"), ("x-api-version", "9")], contradiction),
            ("/", &[("x-api-version", "4")], UNKNOWN),
            ("/", &[("x-api-version", "")], UNKNOWN),
            ("/", &[("x-api-version", "02")], UNKNOWN),
            ("/", &[("x-api-version", "2, 3")], UNKNOWN),
            ("/", &[("x-api-version", "latest")], UNKNOWN),
            ("/", &[("x-api-version", "+2")], UNKNOWN),
            ("/", &[("x-api-version", "\t2")], Ok("2")),
            ("/", &[("x-api-version", "2\t2")], UNKNOWN),
            ("/", &[("x-api-version", "\u{b2}")], UNKNOWN),
            ("/", &[("x-api-version", &long)], UNKNOWN),
        ],
    );
}

#[test]
fn by_the_path_and_other_ways() {
    let ask = json!([{ "path": "version" }, { "header": "v" }, { "query": "v" }]);
    let plan = plan(
        integers(ask),
        &[json!({ "path": "/v{version}/a", "api": "orders" }), json!({ "path": "/plain", "api": "orders" })],
    );
    let address = Err(Some(Refusal::Unknown(refusal::Place::Address)));
    table(
        &plan,
        &[
            ("/v2/a", &[], Ok("2")),
            ("/v9/a", &[], address),
            // What is no version is another path.
            ("/vault/a", &[], Err(None)),
            ("/v2%31/a", &[], Err(None)),
            ("/v2/a", &[("v", "2")], Ok("2")),
            ("/v2/a?v=%32", &[("v", "2")], Ok("2")),
            ("/v2/a", &[("v", "3")], Err(Some(Refusal::Contradiction))),
            ("/v2/a", &[("v", "nonsense")], Err(Some(Refusal::Contradiction))),
            ("/v2/a?v=1", &[], Err(Some(Refusal::Contradiction))),
            ("/plain", &[], Ok("1")),
            ("/plain?v=3", &[], Ok("3")),
            ("/plain?v=3", &[("v", "2")], Err(Some(Refusal::Contradiction))),
            ("/plain?v", &[], UNKNOWN),
            ("/plain?v=2&v=3", &[], Err(Some(Refusal::Contradiction))),
            ("/plain?v=2%00", &[], UNKNOWN),
        ],
    );
}

#[test]
fn by_media_types() {
    let ask = json!([{ "vendor": "acme.orders" }, { "media_type": "version" }]);
    let plan = plan(integers(ask), &[json!({ "api": "orders" })]);
    let accept = Err(Some(Refusal::Unknown(refusal::Place::Accept)));
    let content = Err(Some(Refusal::Unknown(refusal::Place::Content)));
    table(
        &plan,
        &[
            ("/", &[("accept", "application/json")], Ok("1")),
            ("/", &[("accept", "application/json;version=2")], Ok("2")),
            ("/", &[("accept", "application/vnd.acme.orders.v3+json")], Ok("3")),
            // The most wanted of those that there are.
            ("/", &[("accept", "a/b;version=2;q=0.5, a/b;version=3")], Ok("3")),
            ("/", &[("accept", "a/b;version=9, a/b;version=2;q=0.1")], Ok("2")),
            ("/", &[("accept", "a/b;version=2, a/b;version=3")], Ok("2")),
            ("/", &[("accept", "a/b;version=9")], accept),
            ("/", &[("content-type", "application/json;version=2")], Ok("2")),
            ("/", &[("content-type", "application/vnd.acme.orders.v9+json")], content),
            (
                "/",
                &[("accept", "a/b;version=2"), ("content-type", "a/b;version=3")],
                Err(Some(Refusal::Contradiction)),
            ),
            (
                "/",
                &[("accept", "application/vnd.acme.orders.v2+json;version=3")],
                Err(Some(Refusal::Contradiction)),
            ),
        ],
    );
}

#[test]
fn by_the_host() {
    let ask = json!([{ "host": "v{version}.api.example.com" }]);
    let plan = plan(integers(ask), &[json!({ "api": "orders" })]);
    for (host, expected) in [
        ("v2.api.example.com", Ok("2".to_owned())),
        ("api.example.com", Ok("1".to_owned())),
        ("vx.api.example.com", Ok("1".to_owned())),
        ("v9.api.example.com", Err(Some(Refusal::Unknown(refusal::Place::Address)))),
    ] {
        assert_eq!(asks(&plan, host, "/", &[]), expected, "{host}");
    }
}

#[test]
fn ranges() {
    let versions = json!({ "1.0.0": {}, "1.2.0": {}, "1.2.7": {}, "1.9": {}, "2": {}, "3.0.0": { "introduced": "2030-01-01" } });
    let api = json!({ "ask": [{ "query": "v" }], "names": "semver", "versions": versions });
    let plan = plan(api, &[json!({ "api": "orders" })]);
    for (text, expected) in [
        ("1", Some("1.9.0")),
        ("1.2", Some("1.2.7")),
        ("1.2.0", Some("1.2.0")),
        ("v1.2.0", Some("1.2.0")),
        ("1.2.1", None),
        ("^1.2", Some("1.9.0")),
        ("~1.2", Some("1.2.7")),
        ("~1", Some("1.9.0")),
        (">=1 <2", Some("1.9.0")),
        (">=1, <=1.2", Some("1.2.7")),
        (">1.2 <2", Some("1.9.0")),
        ("<1.2", Some("1.0.0")),
        (">=1 <1", None),
        ("latest", Some("2.0.0")),
        ("LATEST", Some("2.0.0")),
        // It is not there yet.
        ("3", None),
        (">=1", Some("2.0.0")),
        ("^0", None),
        ("1.2.3.4", None),
        ("1..2", None),
        ("1.2-beta", None),
        (">=1 <2 <3 <4 <5", None),
        ("", None),
        (">=", None),
        ("*", None),
    ] {
        let found = plan.apis[0].resolve(text, NOW).map(|index| &*plan.apis[0].versions[index].name);
        assert_eq!(found, expected, "{text}");
    }
    assert!(matches!(asks(&plan, "h", "/", &[]), Err(Some(Refusal::Missing))));
}

#[test]
fn compatible_before_the_first_major_version() {
    for (range, number, expected) in [
        ("^0.2.3", [0, 2, 9], true),
        ("^0.2.3", [0, 3, 0], false),
        ("^0.0.3", [0, 0, 4], false),
        ("^0.0", [0, 0, 9], true),
        ("^0.0", [0, 1, 0], false),
        ("^0", [0, 9, 9], true),
        ("^0", [1, 0, 0], false),
    ] {
        let found = Range::read(Kind::Semver, range).unwrap().contains(Number(number));
        assert_eq!(found, expected, "{range} {number:?}");
    }
}

#[test]
fn the_newest_date_that_is_not_after() {
    let versions = json!({ "2024-01-01": { "retired": "2025-01-01" }, "2024-06-15": {}, "2025-12-31": {}, "2026-06-01": { "introduced": "2026-06-01" } });
    let api = json!({ "ask": [{ "header": "Api-Version" }], "names": "date", "versions": versions });
    let plan = plan(api, &[json!({ "api": "orders" })]);
    for (text, expected) in [
        ("2023-12-31", None),
        // Gone: who asks for it is told so.
        ("2024-01-01", Some("2024-01-01")),
        ("2024-06-14", Some("2024-01-01")),
        ("2024-06-15", Some("2024-06-15")),
        ("2025-12-30", Some("2024-06-15")),
        ("2026-01-01", Some("2025-12-31")),
        ("2099-01-01", Some("2025-12-31")),
        ("latest", Some("2025-12-31")),
        ("2024-02-30", None),
        ("2024-6-15", None),
        ("2024-06-15T00:00:00Z", None),
        ("v2024-06-15", None),
    ] {
        let found = plan.apis[0].resolve(text, NOW).map(|index| &*plan.apis[0].versions[index].name);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn who_asks_for_none() {
    let versions =
        json!({ "1": { "retired": "2025-01-01" }, "2": {}, "3": {}, "4": { "introduced": "2027-01-01" } });
    for (default, expected) in [
        ("latest", Ok("3".to_owned())),
        ("oldest", Ok("2".to_owned())),
        ("1", Ok("1".to_owned())),
        ("4", Err(Some(Refusal::Missing))),
        ("required", Err(Some(Refusal::Missing))),
    ] {
        let api = json!({ "ask": [{ "header": "v" }], "versions": versions, "default": default });
        let plan = plan(api, &[json!({ "api": "orders" })]);
        assert_eq!(asks(&plan, "h", "/", &[]), expected, "{default}");
    }
}

#[test]
fn a_route_for_versions_goes_before_one_for_none() {
    let plan = plan(
        integers(json!([{ "header": "v" }])),
        &[
            json!({ "path": "/a" }),
            json!({ "path": "/a", "api": "orders", "versions": [">=2 <3", "3"] }),
            json!({ "path": "/b", "api": "orders", "versions": "1" }),
        ],
    );
    let find = |path: &'static str, v: &'static str| {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("v"), HeaderValue::from_static(v))]);
        let method = &Method::GET;
        plan.search(&Query {
            host: "h",
            path,
            query: None,
            method,
            headers: &headers,
            now: NOW,
            preflight: false,
        })
    };
    assert_eq!(find("/a", "2").0, Found::Route(1));
    assert_eq!(find("/a", "3").0, Found::Route(1));
    // It was looked at for a version all the same, so that `Vary` says so.
    let (found, negotiated) = find("/a", "1");
    assert_eq!(found, Found::Route(0));
    assert_eq!((negotiated.api, negotiated.version), (Some(0), None));
    let (found, negotiated) = find("/b", "2");
    assert_eq!(found, Found::Nothing);
    assert_eq!(negotiated.refused, Some(Refusal::NotServed(1)));
    assert_eq!(negotiated.here, Set::first(1));
}

#[test]
fn a_preflight_fits_every_version() {
    let plan = plan(
        integers(json!([{ "header": "v" }, { "query": "v" }])),
        &[json!({ "api": "orders", "versions": "2" }), json!({ "api": "orders", "versions": "3" })],
    );
    let headers = HeaderMap::new();
    let find = |query: Option<&'static str>, preflight: bool| {
        let method = &Method::GET;
        plan.find(&Query { host: "h", path: "/", query, method, headers: &headers, now: NOW, preflight })
    };
    assert_eq!(find(None, true), Found::Route(0));
    assert_eq!(find(Some("v=3"), true), Found::Route(1));
    assert_eq!(find(None, false), Found::Nothing);
}

#[test]
fn the_examples_of_the_rfcs() {
    // RFC 9745 sections 2.1 and 4: Friday, June 30, 2023 at 23:59:59 UTC.
    assert_eq!(life::deprecation(1_688_169_599).unwrap(), "@1688169599");
    assert_eq!(life::sunset(1_719_791_999).unwrap(), "Sun, 30 Jun 2024 23:59:59 GMT");
    // RFC 8594 section 3 shows 31 Dec 2018 as a Saturday; it was a Monday.
    assert_eq!(life::sunset(1_546_300_799).unwrap(), "Mon, 31 Dec 2018 23:59:59 GMT");
    // RFC 9745 section 3.
    let target = "https://developer.example.com/deprecation";
    assert_eq!(
        life::link(target, "deprecation", Some("text/html")).unwrap(),
        "<https://developer.example.com/deprecation>; rel=\"deprecation\"; type=\"text/html\""
    );
}

#[test]
fn stages_and_brownouts() {
    let life = Life {
        introduced: Some(10),
        deprecated: Some(20),
        sunset: Some(30),
        retired: Some(40),
        brownouts: vec![Brownout { from: 22, to: 24, share: 100, gone: true }],
        ..Life::default()
    };
    for (now, stage) in [
        (9, Stage::Announced),
        (10, Stage::Current),
        (19, Stage::Current),
        (20, Stage::Deprecated),
        (30, Stage::Sunset),
        (39, Stage::Sunset),
        (40, Stage::Retired),
        (u64::MAX, Stage::Retired),
    ] {
        assert_eq!(life.stage(now), stage, "{now}");
    }
    let brownouts: Vec<_> = (20..26).filter(|now| life.brownout(*now).is_some()).collect();
    assert_eq!(brownouts, [22, 23]);
    assert_eq!(Life::default().stage(0), Stage::Current);
}

#[test]
fn a_share_is_left_to_chance() {
    let versions = json!({ "1": { "deprecated": "2025-01-01", "brownouts": [{ "from": "2026-01-01", "for": "1h", "share": "25%" }] } });
    let api = json!({ "ask": [{ "header": "v" }], "default": "1", "versions": versions });
    let plan = plan(api, &[json!({ "api": "orders" })]);
    let negotiated = Negotiated { api: Some(0), version: Some(0), ..Negotiated::default() };
    let refused =
        (0..100).filter(|chance| refusal::judge(&plan.apis[0], negotiated, NOW, || *chance).is_err()).count();
    assert_eq!(refused, 25);
    // Outside of it, nobody is asked for a number.
    assert!(refusal::judge(&plan.apis[0], negotiated, NOW + 3600, || unreachable!()).is_ok());
}
