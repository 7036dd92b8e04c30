//! The truth table of CORS.

#![allow(clippy::unwrap_used)]

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};

use super::*;

fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

fn names(any: bool, listed: &[&str]) -> Names {
    Names::new(any, listed.iter().map(|name| (*name).into()).collect())
}

fn listed(credentials: bool) -> Policy {
    let origins = ["https://app.example.com", "https://*.example.org", "null"];
    let origins = origins.iter().map(|origin| OriginPattern::parse(origin).unwrap()).collect();
    Policy {
        readers: Readers::Listed { origins, credentials },
        methods: names(false, &["GET", "PUT"]),
        headers: names(false, &["content-type", "x-one"]),
        expose: Some(HeaderValue::from_static("x-total")),
        max_age: Some(HeaderValue::from_static("600")),
        private_network: false,
    }
}

fn anyone() -> Policy {
    Policy {
        readers: Readers::Anyone,
        methods: names(true, &[]),
        headers: names(true, &[]),
        expose: Some(HeaderValue::from_static("*")),
        max_age: None,
        private_network: false,
    }
}

fn stamped(
    policy: &Policy,
    request: &[(&'static str, &'static str)],
    answer: &[(&'static str, &'static str)],
) -> Vec<String> {
    let mut headers = map(answer);
    stamp(policy, origin_of(&map(request)), &mut headers);
    lines(&headers)
}

fn asked(
    policy: &Policy,
    method: &str,
    request: &[(&'static str, &'static str)],
) -> (Vec<String>, Option<Refusal>) {
    let answer = preflight(policy, &Method::from_bytes(method.as_bytes()).unwrap(), &map(request));
    (lines(&answer.headers), answer.refused)
}

#[test]
fn who_may_read_an_answer() {
    let policy = listed(false);
    let nothing = ["vary: origin"];
    for (origin, allowed) in [
        ("https://app.example.com", true),
        ("https://a.b.example.org", true),
        ("null", true),
        ("https://example.org", false),
        ("https://evil.test", false),
        ("https://app.example.com https://evil.test", false),
        ("", false),
        ("NULL", false),
    ] {
        let headers = stamped(&policy, &[("origin", origin)], &[]);
        let expected = [
            format!("access-control-allow-origin: {origin}"),
            "access-control-expose-headers: x-total".to_owned(),
            "vary: origin".to_owned(),
        ];
        if allowed {
            assert_eq!(headers, expected, "{origin}");
        } else {
            assert_eq!(headers, nothing, "{origin}");
        }
    }
    assert_eq!(stamped(&policy, &[], &[]), nothing);
    let twice = [("origin", "https://app.example.com"), ("origin", "https://app.example.com")];
    assert_eq!(stamped(&policy, &twice, &[]), nothing);
}

#[test]
fn credentials_go_with_an_origin_that_is_named() {
    let headers = stamped(&listed(true), &[("origin", "https://app.example.com")], &[]);
    assert_eq!(
        headers,
        [
            "access-control-allow-credentials: true",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: x-total",
            "vary: origin"
        ]
    );
    assert_eq!(stamped(&listed(true), &[("origin", "https://evil.test")], &[]), ["vary: origin"]);
}

#[test]
fn anyone_reads_the_same_with_and_without_an_origin() {
    let expected = ["access-control-allow-origin: *", "access-control-expose-headers: *"];
    for request in [&[][..], &[("origin", "https://evil.test")], &[("origin", "null")]] {
        assert_eq!(stamped(&anyone(), request, &[]), expected, "{request:?}");
    }
}

#[test]
fn an_upstreams_word_is_replaced_and_its_vary_added_to() {
    let answer = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-origin", "https://evil.test"),
        ("access-control-allow-credentials", "true"),
        ("access-control-something-new", "x"),
        ("vary", "accept-encoding"),
        ("x-other", "1"),
    ];
    let expected = ["vary: accept-encoding", "vary: origin", "x-other: 1"];
    assert_eq!(stamped(&listed(false), &[("origin", "https://evil.test")], &answer), expected);
    for vary in ["*", "Accept, ORIGIN", "origin"] {
        assert_eq!(stamped(&listed(false), &[], &[("vary", vary)]), [format!("vary: {vary}")]);
    }
}

#[test]
fn what_a_preflight_is() {
    let origin = ("origin", "https://app.example.com");
    let method = ("access-control-request-method", "PUT");
    let asked = |verb: Method, request: &[(&'static str, &'static str)]| asked_method(&verb, &map(request));
    assert_eq!(asked(Method::OPTIONS, &[origin, method]), Some(Method::PUT));
    assert_eq!(asked(Method::OPTIONS, &[("origin", ""), method]), Some(Method::PUT));
    assert_eq!(asked(Method::GET, &[origin, method]), None);
    assert_eq!(asked(Method::OPTIONS, &[method]), None);
    assert_eq!(asked(Method::OPTIONS, &[origin]), None);
    assert_eq!(asked(Method::OPTIONS, &[origin, method, method]), None);
    assert_eq!(asked(Method::OPTIONS, &[origin, ("access-control-request-method", "a b")]), None);
    assert_eq!(asked(Method::OPTIONS, &[origin, ("access-control-request-method", "")]), None);
}

const REFUSED: &str =
    "vary: access-control-request-headers, vary: access-control-request-method, vary: origin";

#[test]
fn what_a_preflight_is_answered_with() {
    let yes = ("origin", "https://app.example.com");
    let (headers, refused) = asked(&listed(true), "PUT", &[yes, ("access-control-request-headers", "x-one")]);
    assert_eq!(refused, None);
    assert_eq!(
        headers,
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: content-type, x-one",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-max-age: 600",
            "vary: access-control-request-headers",
            "vary: access-control-request-method",
            "vary: origin"
        ]
    );
    let no = ("origin", "https://evil.test");
    for (origin, method, fields, why) in [
        (no, "PUT", "", Refusal::Origin),
        (no, "DELETE", "x-two", Refusal::Origin),
        (yes, "DELETE", "", Refusal::Method),
        (yes, "put", "", Refusal::Method),
        (yes, "PUT", "x-two", Refusal::Headers),
        (yes, "PUT", "x-one,x-two", Refusal::Headers),
        (yes, "PUT", "authorization", Refusal::Headers),
        (yes, "PUT", "*", Refusal::Headers),
    ] {
        let request = [origin, ("access-control-request-headers", fields)];
        let (headers, refused) = asked(&listed(true), method, &request);
        assert_eq!(refused, Some(why), "{origin:?} {method} {fields}");
        assert_eq!(headers.join(", "), REFUSED);
    }
}

#[test]
fn fields_are_asked_about_in_any_case_and_on_any_number_of_lines() {
    let yes = ("origin", "https://app.example.com");
    let field = |value| ("access-control-request-headers", value);
    for request in
        [&[yes][..], &[yes, field("X-ONE , ,content-type,")], &[yes, field("x-one"), field("content-type")]]
    {
        assert_eq!(asked(&listed(false), "PUT", request).1, None, "{request:?}");
    }
    assert_eq!(
        asked(&listed(false), "PUT", &[yes, field("x-one"), field("x-two")]).1,
        Some(Refusal::Headers)
    );
}

#[test]
fn a_preflight_asks_about_so_many_fields_and_no_more() {
    for (count, refused) in [(128, None), (129, Some(Refusal::Headers))] {
        let mut request = map(&[("origin", "https://app.example.com")]);
        let value = HeaderValue::try_from(vec!["x-one"; count].join(",")).unwrap();
        request.insert("access-control-request-headers", value);
        assert_eq!(preflight(&listed(false), &Method::GET, &request).refused, refused);
    }
}

#[test]
fn a_wildcard_for_fields_does_not_cover_authorization() {
    let request = |fields| [("origin", "https://a.test"), ("access-control-request-headers", fields)];
    let wild = anyone();
    let (headers, refused) = asked(&wild, "DELETE", &request("x-any,content-type"));
    assert_eq!(refused, None);
    assert!(headers.contains(&"access-control-allow-headers: *".to_owned()), "{headers:?}");
    assert!(headers.contains(&"access-control-allow-methods: *".to_owned()), "{headers:?}");
    assert_eq!(asked(&wild, "GET", &request("Authorization")).1, Some(Refusal::Headers));
    let both = Policy { headers: names(true, &["authorization"]), ..anyone() };
    let (headers, refused) = asked(&both, "GET", &request("Authorization,x-any"));
    assert_eq!(refused, None);
    assert!(headers.contains(&"access-control-allow-headers: *, authorization".to_owned()), "{headers:?}");
}

#[test]
fn a_private_network_is_entered_by_those_who_ask() {
    const ASKS: (&str, &str) = ("access-control-request-private-network", "true");
    const ALLOWS: &str = "access-control-allow-private-network: true";
    let private = Policy { private_network: true, ..listed(false) };
    let yes = ("origin", "https://app.example.com");
    let says = |policy: &Policy, request: &[(&'static str, &'static str)]| {
        asked(policy, "GET", request).0.contains(&ALLOWS.to_owned())
    };
    assert!(says(&private, &[yes, ASKS]));
    assert!(!says(&private, &[yes]));
    assert!(!says(&private, &[("origin", "https://evil.test"), ASKS]));
    assert!(!says(&listed(false), &[yes, ASKS]));
    let vary = "vary: access-control-request-private-network".to_owned();
    assert!(asked(&private, "GET", &[yes]).0.contains(&vary));
}

#[test]
fn nothing_is_allowed_of_nothing() {
    let policy = Policy { headers: names(false, &[]), max_age: None, ..listed(false) };
    let (headers, refused) = asked(&policy, "GET", &[("origin", "null")]);
    assert_eq!(refused, None);
    let allowed: Vec<_> = headers.iter().filter(|line| line.starts_with("access-control-")).collect();
    assert_eq!(allowed, ["access-control-allow-methods: GET, PUT", "access-control-allow-origin: null"]);
}
