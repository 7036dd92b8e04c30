//! Laws of CORS, on configurations and requests that nobody would write: who may read is worked out here a second time,
//! from the text of the configuration.

#![allow(clippy::unwrap_used)]

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::config::{Access, Cors, CorsSetting, Document, OneOrMany, Respond, Route};
use tollgate::cors::{OriginPattern, Policy, asked_method, origin_of, preflight, stamp};
use tollgate::plan::{Abilities, Plan};

// === what is generated ===

/// In the form of browsers, so that looking them up here needs no reading.
const WRITTEN: [&str; 9] = [
    "https://app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://*.example.com",
    "http://*.example.com:8080",
    "https://*.com",
    "http://localhost:3000",
    "null",
    "*",
];

const SENT: [&str; 12] = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "https://a.b.example.com",
    "https://example.com",
    "http://a.example.com:8080",
    "https://evil.test",
    "https://evil.test/.example.com",
    "https://app.example.com.evil.test",
    "http://localhost:3000",
    "null",
    "*",
    "https://app.example.com, https://evil.test",
];

fn texts(menu: &'static [&'static str]) -> impl Strategy<Value = Option<OneOrMany>> {
    let text = select(menu).prop_map(str::to_owned);
    option::of(prop_oneof![text.clone().prop_map(OneOrMany::One), vec(text, 1..4).prop_map(OneOrMany::Many)])
}

fn cors() -> impl Strategy<Value = Cors> {
    let lists = (
        texts(&WRITTEN),
        texts(&["GET", "PUT", "*"]),
        texts(&["content-type", "authorization", "x-one", "*"]),
        texts(&["x-total", "*"]),
    );
    (lists, any::<Option<bool>>(), any::<Option<bool>>()).prop_map(
        |((origins, methods, headers, expose), credentials, private_network)| Cors {
            origins,
            credentials,
            methods,
            headers,
            expose,
            max_age: None,
            private_network,
        },
    )
}

/// Origins of every kind: allowed ones, near misses, and any bytes that a field may have.
fn origin() -> impl Strategy<Value = Vec<u8>> {
    let near =
        (select(&SENT[..]), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(origin, at, byte)| {
            let mut bytes = origin.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
    prop_oneof![4 => select(&SENT[..]).prop_map(|origin| origin.as_bytes().to_vec()), 2 => near, 1 => vec(any::<u8>(), 0..40)]
}

fn request() -> impl Strategy<Value = HeaderMap> {
    let name = select(
        &[
            "access-control-request-method",
            "access-control-request-headers",
            "access-control-request-private-network",
            "x-other",
        ][..],
    );
    let value = prop_oneof![
        select(&["PUT", "DELETE", "content-type", "x-one,authorization", "true", "*"][..])
            .prop_map(|value| value.as_bytes().to_vec()),
        vec(any::<u8>(), 0..20)
    ];
    (vec(origin(), 0..3), vec((name, value), 0..4)).prop_map(|(origins, fields)| {
        let mut headers = HeaderMap::new();
        let origins = origins.into_iter().map(|origin| ("origin", origin));
        for (name, value) in origins.chain(fields) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        headers
    })
}

fn answer() -> impl Strategy<Value = HeaderMap> {
    let name = select(
        &[
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
            "access-control-allow-new-thing",
            "vary",
            "x-other",
        ][..],
    );
    let value = select(&["*", "true", "https://evil.test", "accept, cookie", "origin"][..]);
    vec((name, value), 0..5).prop_map(|lines| {
        let lines = lines.into_iter();
        lines.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    })
}

/// The policy as the gateway has it; `None` where the configuration is refused.
fn policy(cors: &Cors) -> Option<Policy> {
    let route = Route {
        id: "a".to_owned(),
        respond: Some(Respond::default()),
        auth: Some(Access::Name("public".to_owned())),
        cors: Some(CorsSetting::Table(cors.clone())),
        ..Route::default()
    };
    let document = Document { routes: vec![route], ..Document::default() };
    let plan = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).ok()?.0;
    plan.routes.into_iter().next()?.cors
}

// === the rules, a second time ===

fn list(written: &Option<OneOrMany>) -> &[String] {
    written.as_ref().map(OneOrMany::as_slice).unwrap_or_default()
}

/// Whether a script of `origin` may read, by the text of the configuration.
fn may_read(cors: &Cors, origin: &str) -> bool {
    list(&cors.origins).iter().any(|written| match written.split_once("*.") {
        _ if written == "*" => true,
        None => written == origin,
        Some((scheme, parent)) => {
            let before = origin.strip_prefix(scheme).and_then(|rest| rest.strip_suffix(parent));
            let before = before.and_then(|before| before.strip_suffix('.'));
            before.is_some_and(|before| {
                let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
                before.chars().all(name) && before.split('.').all(|label| !label.is_empty())
            })
        }
    })
}

fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

fn varies_by_origin(headers: &HeaderMap) -> bool {
    let members = values(headers, "vary").join(",");
    members.split(',').any(|member| member.trim() == "*" || member.trim().eq_ignore_ascii_case("origin"))
}

/// What holds for every answer, to preflights and to all else. Whether the origin may read.
fn check(cors: &Cors, request: &HeaderMap, answer: &HeaderMap) -> Result<bool, TestCaseError> {
    let allowed = values(answer, "access-control-allow-origin");
    let credentials = values(answer, "access-control-allow-credentials");
    let sent = values(request, "origin");
    let anyone = list(&cors.origins).iter().any(|origin| origin == "*");
    prop_assert!(allowed.len() <= 1 && credentials.len() <= 1);
    prop_assert!(credentials.is_empty() || (cors.credentials == Some(true) && !allowed.is_empty()));
    if cors.credentials == Some(true) {
        let wild = answer.iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
        prop_assert!(wild.into_iter().all(|(_, value)| value != "*"), "a wildcard with credentials");
    }
    prop_assert!(anyone || varies_by_origin(answer), "no Vary");
    if let Some(allowed) = allowed.first() {
        let may =
            anyone && allowed == "*" || sent.len() == 1 && *allowed == sent[0] && may_read(cors, allowed);
        prop_assert!(may, "{allowed:?} for {sent:?} by {:?}", cors.origins);
    }
    Ok(!allowed.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_say_who_may_read_them(cors in cors(), request in request(), mut answer in answer()) {
        let Some(policy) = policy(&cors) else { return Ok(()) };
        let other = values(&answer, "x-other");
        let vary = values(&answer, "vary");
        stamp(&policy, origin_of(&request), &mut answer);
        let reads = check(&cors, &request, &answer)?;
        let sent = values(&request, "origin");
        let may = list(&cors.origins).iter().any(|it| it == "*") || sent.len() == 1 && may_read(&cors, &sent[0]);
        prop_assert_eq!(reads, may);
        prop_assert!(!answer.contains_key("access-control-allow-new-thing"));
        prop_assert_eq!(values(&answer, "x-other"), other);
        prop_assert!(values(&answer, "vary").starts_with(&vary));
    }

    #[test]
    fn a_refused_preflight_allows_nothing(cors in cors(), request in request()) {
        let Some(policy) = policy(&cors) else { return Ok(()) };
        let Some(method) = asked_method(&Method::OPTIONS, &request) else { return Ok(()) };
        let answer = preflight(&policy, &method, &request);
        if answer.refused.is_some() {
            prop_assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
        } else {
            prop_assert!(check(&cors, &request, &answer.headers)?);
            let methods = values(&answer.headers, "access-control-allow-methods").join(", ");
            prop_assert!(methods == "*" || methods.split(", ").any(|it| it == method.as_str()));
        }
        prop_assert!(varies_by_origin(&answer.headers));
    }

    /// Reading an origin gives what the URL Standard, as another implementation has it, calls the origin.
    #[test]
    fn origins_are_those_of_the_url_standard(text in "(http|https|HTTPS|app)://[a-zA-Z0-9ß.:@*_%\\[\\]/-]{0,24}") {
        let Ok(pattern) = OriginPattern::parse(&text) else { return Ok(()) };
        prop_assert_eq!(&OriginPattern::parse(&pattern.to_string()), &Ok(pattern.clone()));
        if let OriginPattern::Exact(exact) = &pattern
            && exact.starts_with("http")
        {
            let origin = url::Url::parse(&text).unwrap().origin().ascii_serialization();
            prop_assert_eq!(&**exact, origin);
            prop_assert!(pattern.matches(exact));
        }
    }

    /// Whatever is read or compared, nothing panics, and a wildcard stands for names only.
    #[test]
    fn any_text_can_be_read_and_compared(text in ".{0,40}", written in select(&WRITTEN[..8]), before in "\\PC{0,12}") {
        let _ = OriginPattern::parse(&text);
        let pattern = OriginPattern::parse(written).unwrap();
        let origin = written.replacen('*', &before, 1);
        let name = !before.is_empty()
            && before.split('.').all(|label| !label.is_empty())
            && before.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
        prop_assert_eq!(pattern.matches(&origin), name || !written.contains('*'));
        prop_assert!(!pattern.matches(&text) || text == written);
    }
}
