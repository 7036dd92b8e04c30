//! The syntax by table.

use super::AllowedHosts;

fn allows(pattern: &str, uri: &str) -> bool {
    let allowed = AllowedHosts::parse(&[pattern.to_owned()]).expect("a valid pattern");
    allowed.allows_uri(&uri.parse().expect("a valid target"))
}

#[test]
fn matching() {
    for (pattern, uri, expected) in [
        ("https://example.com", "https://example.com/a", true),
        ("https://example.com", "https://EXAMPLE.com", true),
        ("https://example.com", "https://example.com.", true),
        ("https://example.com/", "https://example.com:443", true),
        ("https://example.com", "https://example.com:8443", false),
        ("https://example.com", "http://example.com", false),
        ("https://example.com", "https://a.example.com", false),
        ("http://localhost:8080", "http://localhost:8080", true),
        ("http://localhost:8080", "http://localhost", false),
        ("http://localhost:*", "http://localhost:8081", true),
        ("http://localhost:8000..9000", "http://localhost:8000", true),
        ("http://localhost:8000..9000", "http://localhost:9000", false),
        ("*://localhost", "https://localhost:1", true),
        ("{http,https}://a.test:*", "https://a.test", true),
        ("{http,https}://a.test:*", "redis://a.test", false),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://b.a.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://badexample.com", false),
        ("https://*", "https://anything.test", true),
        ("https://*", "http://anything.test", false),
        ("*://*:*", "http://1.2.3.4:5", true),
        ("http://127.0.0.1", "http://127.0.0.1", true),
        ("http://10.0.0.0/8", "http://10.1.2.3", true),
        ("http://10.0.0.0/8", "http://11.1.2.3", false),
        ("http://10.0.0.0:8080/8", "http://10.1.2.3:8080", true),
        ("http://0.0.0.0/0", "http://9.9.9.9", true),
        ("http://[::1]:80", "http://[::1]", true),
        ("http://[2001:db8::]/32", "http://[2001:db8:1::2]", true),
        ("http://[::]/0", "http://1.2.3.4", false),
    ] {
        assert_eq!(allows(pattern, uri), expected, "{pattern} for {uri}");
    }
}

#[test]
fn mistakes() {
    for (pattern, part) in [
        ("example.com", "scheme://host"),
        ("https://", "host is missing"),
        ("https://example.com/path", "a path is not allowed"),
        ("https://a.test:x", "not a port"),
        ("https://a.test:9..9", "range of ports is empty"),
        ("https://*example.com", "not a host"),
        ("https://a.*.test", "not a host"),
        ("gopher://a.test", "no port of its own"),
        ("{http,https}://a.test", "several schemes"),
        ("ht tp://a.test", "not a scheme"),
        ("http://a.test/8", "only an address"),
        ("http://10.0.0.0/33", "at most 32 bits"),
    ] {
        let error = AllowedHosts::parse(&[pattern.to_owned()]).expect_err(pattern);
        let text = format!("{error:#}");
        assert!(text.contains(part) && text.contains(pattern), "{pattern}: {text}");
    }
}

#[test]
fn nothing_is_allowed_by_an_empty_list() {
    let allowed = AllowedHosts::parse(&[]).expect("an empty list");
    assert!(!allowed.allows("http", "localhost", 80));
    assert!(AllowedHosts::everything().allows("http", "localhost", 80));
}
