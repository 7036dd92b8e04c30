//! Origins of a configuration and of a request, and whole preflights.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use tollgate::cors::{self, Names, OriginPattern, Policy, Readers, asked_method, origin_of, stamp};

/// An origin as an author writes it, and one line further on one that a browser sends.
pub fn origin(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (written, sent) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(pattern) = OriginPattern::parse(written) else { return };
    // What was read is written in one way, and is read as the same.
    let shown = pattern.to_string();
    assert_eq!(OriginPattern::parse(&shown), Ok(pattern.clone()), "{written:?}");
    if !pattern.matches(sent) {
        return;
    }
    // What matches can be sent back, and differs only where there is an asterisk.
    assert!(HeaderValue::from_str(sent).is_ok(), "{sent:?}");
    match shown.split_once('*') {
        None => assert_eq!(sent, shown),
        Some((before, after)) => {
            let labels = &sent[before.len()..sent.len() - after.len()];
            assert!(labels.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }
    }
}

pub fn origins() -> Vec<Vec<u8>> {
    let pairs = [
        "https://app.example.com\nhttps://app.example.com",
        "https://*.example.com:8443\nhttps://a.b.example.com:8443",
        "HTTP://LOCALHOST:80\nhttp://localhost",
        "http://[::1]:8080\nhttp://[::1]:8080",
        "capacitor://localhost\ncapacitor://localhost",
        "https://gr\u{fc}\u{df}e.example\nhttps://xn--gre-6ka8l.example",
        "null\nnull",
    ];
    pairs.iter().map(|pair| pair.as_bytes().to_vec()).collect()
}

/// The fields of a preflight, one a line: origin, method, header fields, private network.
pub fn preflight(bytes: &[u8]) {
    let names = ["origin", "access-control-request-method", "access-control-request-headers"];
    let names = names.into_iter().chain(["access-control-request-private-network"]);
    let mut request = HeaderMap::new();
    for (name, value) in names.zip(bytes.split(|byte| *byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.append(HeaderName::from_static(name), value);
        }
    }
    let policy = policy();
    let mut answer = HeaderMap::new();
    stamp(&policy, origin_of(&request), &mut answer);
    check(&request, &answer);
    let Some(method) = asked_method(&Method::OPTIONS, &request) else { return };
    let answer = cors::preflight(&policy, &method, &request);
    check(&request, &answer.headers);
    let allows = answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(allows, answer.refused.is_none());
}

/// With credentials no asterisk, and no origin but the one that asks and may.
fn check(request: &HeaderMap, answer: &HeaderMap) {
    assert!(answer.contains_key("vary"));
    assert!(answer.iter().all(|(name, value)| !name.as_str().starts_with("access-control") || value != "*"));
    let Some(allowed) = answer.get("access-control-allow-origin") else {
        return assert!(!answer.contains_key("access-control-allow-credentials"));
    };
    assert_eq!(Some(allowed), request.get("origin"));
    let allowed = allowed.to_str().unwrap();
    assert!(allowed == "https://app.example.com" || allowed.ends_with(".example.org"), "{allowed}");
}

fn policy() -> Policy {
    let origins = ["https://app.example.com", "https://*.example.org"];
    let names = |names: &[&str]| Names::new(false, names.iter().map(|name| (*name).into()).collect());
    Policy {
        readers: Readers::Listed {
            origins: origins.iter().map(|origin| OriginPattern::parse(origin).unwrap()).collect(),
            credentials: true,
        },
        methods: names(&["GET", "PUT"]),
        headers: names(&["content-type", "x-one"]),
        expose: None,
        max_age: None,
        private_network: true,
    }
}

pub fn preflights() -> Vec<Vec<u8>> {
    let lines = [
        "https://app.example.com\nPUT\ncontent-type,x-one\ntrue",
        "https://a.b.example.org\nGET\n\n",
        "https://evil.test\nDELETE\nauthorization",
        "null\nGET\nx-one, , Content-Type",
    ];
    lines.iter().map(|lines| lines.as_bytes().to_vec()).collect()
}
