//! The fields that tell an upstream how a request came: `X-Forwarded-*`, `Forwarded` (RFC 7239), `Via`.
//!
//! What came in these fields is passed on only if a trusted proxy sent it; a client could have written anything.

use std::fmt::Write as _;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{FORWARDED, HeaderName, VIA};
use http::{HeaderMap, HeaderValue, Version};

use super::client::Scheme;

/// `X-Forwarded-For`: a list of addresses, each written by the hop after it.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `X-Forwarded-Host`: the host that the client asked for.
pub const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// `X-Forwarded-Proto`: the scheme that the client used.
pub const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Fields that upstreams take as the word of a proxy, but which this gateway does not write.
const SPOOFABLE: [&str; 9] = [
    "x-real-ip",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-forwarded-scheme",
    "x-forwarded-ssl",
    "x-original-forwarded-for",
    // RFC 9440, 2.4: a proxy must remove these from requests that it does not itself write them to.
    "client-cert",
    "client-cert-chain",
];

/// What is known of the hop by which a request came, for `Forwarded`.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The scheme by which the request came.
    pub proto: Scheme,
    /// The host (and port) that it asked for, as it came; none for HTTP/1.0 without `Host`.
    pub host: Option<&'a str>,
}

/// Takes away what an untrusted client says in a proxy's name: call it when the request did not come from a trusted
/// proxy. The fields written below need no call: they are overwritten.
pub fn remove_spoofable(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| is_spoofable(name.as_str())).cloned() {
        headers.remove(name);
    }
}

/// Servers that hand fields on as variables of a program (RFC 3875, 4.1.18) make one name of `_` and `-`, so other
/// spellings are removed too, also of the fields that are written below.
fn is_spoofable(name: &str) -> bool {
    if !name.contains('_') {
        return SPOOFABLE.contains(&name);
    }
    let folded = name.replace('_', "-");
    let written = [X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO];
    SPOOFABLE.contains(&&*folded) || written.iter().any(|written| *written == *folded)
}

/// Appends `peer` to `X-Forwarded-For`, after what came if `keep`.
pub fn write_x_forwarded_for(headers: &mut HeaderMap, peer: IpAddr, keep: bool) {
    let mut text = inherited(headers, &X_FORWARDED_FOR, keep, 39);
    push_address(&mut text, peer);
    put(headers, X_FORWARDED_FOR, text);
}

/// Sets `X-Forwarded-Host` to one value: the host that the client asked for, by a trusted proxy's word
/// ([`Client::host`](super::client::Client)) or else as the request came. A list would be read in different ways.
pub fn write_x_forwarded_host(headers: &mut HeaderMap, host: Option<&str>) {
    match host.and_then(|host| HeaderValue::from_str(host).ok()) {
        Some(value) => headers.insert(X_FORWARDED_HOST, value),
        None => headers.remove(X_FORWARDED_HOST),
    };
}

/// Sets `X-Forwarded-Proto` to one value: the scheme that the client used, by a trusted proxy's word
/// ([`Client::proto`](super::client::Client)) or else as the request came.
pub fn write_x_forwarded_proto(headers: &mut HeaderMap, proto: Scheme) {
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto.as_str()));
}

/// Appends this hop to `Forwarded` (RFC 7239, 4), after what came if `keep`.
pub fn write_forwarded(headers: &mut HeaderMap, hop: &Hop<'_>, keep: bool) {
    let host_length = hop.host.map_or(0, |host| host.len() + 8);
    let mut text = inherited(headers, &FORWARDED, keep, 64 + host_length);
    match hop.peer.to_canonical() {
        address @ IpAddr::V4(_) => {
            text.push_str("for=");
            push_address(&mut text, address);
        }
        // RFC 7239, 6.1: an IPv6 address stands in brackets, and as `[` and `:` are not of a token, in quotes.
        address @ IpAddr::V6(_) => {
            text.push_str("for=\"[");
            push_address(&mut text, address);
            text.push_str("]\"");
        }
    }
    if let Some(host) = hop.host {
        text.push_str(";host=");
        push_value(&mut text, host);
    }
    text.push_str(";proto=");
    text.push_str(hop.proto.as_str());
    put(headers, FORWARDED, text);
}

/// Appends this gateway to `Via`, in either direction (RFC 9110, 7.6.3); what came stays, whoever sent it. `version`
/// is that of the message as it was received; `name` is a token or a host.
pub fn write_via(headers: &mut HeaderMap, version: Version, name: &str) {
    let protocol = match version {
        Version::HTTP_09 => "0.9 ",
        Version::HTTP_10 => "1.0 ",
        // RFC 9110, 2.5: where a version has no minor number, it is 0.
        Version::HTTP_2 => "2.0 ",
        Version::HTTP_3 => "3.0 ",
        _ => "1.1 ",
    };
    let mut text = inherited(headers, &VIA, true, protocol.len() + name.len());
    text.push_str(protocol);
    text.push_str(name);
    put(headers, VIA, text);
}

/// The lines of a list as one (RFC 9110, 5.3), ready for one more element; empty if not to `keep`, or if there is
/// something in it that is no text.
fn inherited(headers: &HeaderMap, name: &HeaderName, keep: bool, room: usize) -> String {
    if !keep {
        return String::with_capacity(room);
    }
    let lines = headers.get_all(name);
    let length: usize = lines.iter().map(|line| line.len() + 2).sum();
    let mut text = String::with_capacity(length + room);
    for line in lines.iter().filter_map(|line| line.to_str().ok()) {
        let line = line.trim_matches([' ', '\t', ',']);
        if !line.is_empty() {
            text.push_str(line);
            text.push_str(", ");
        }
    }
    text
}

/// One line with this value, and no other. A value that no field can have (a host or name with a control character)
/// is not written, and what was there goes: it was not this gateway's word.
fn put(headers: &mut HeaderMap, name: HeaderName, text: String) {
    match HeaderValue::from_maybe_shared(Bytes::from(text)) {
        Ok(value) => headers.insert(name, value),
        Err(_) => headers.remove(name),
    };
}

/// RFC 7239, 4: `value = token / quoted-string`.
fn push_value(text: &mut String, value: &str) {
    if !value.is_empty() && value.bytes().all(is_token_character) {
        return text.push_str(value);
    }
    text.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

/// RFC 9110, 5.6.2: `tchar`.
fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The address as text; IPv4 written as IPv6 is IPv4.
fn push_address(text: &mut String, address: IpAddr) {
    match address.to_canonical() {
        // By far the most, and `fmt` takes ten times as long.
        IpAddr::V4(address) => {
            for (at, octet) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    text.push('.');
                }
                push_octet(text, octet);
            }
        }
        IpAddr::V6(address) => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{address}");
        }
    }
}

fn push_octet(text: &mut String, octet: u8) {
    if octet >= 100 {
        text.push(char::from(b'0' + octet / 100));
    }
    if octet >= 10 {
        text.push(char::from(b'0' + octet / 10 % 10));
    }
    text.push(char::from(b'0' + octet % 10));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn with(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn only(headers: &HeaderMap, name: &str) -> String {
        assert_eq!(headers.get_all(name).iter().count(), 1, "{name} in {headers:?}");
        headers[name].to_str().unwrap().to_owned()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses() {
        for address in ["0.0.0.0", "1.20.100.255", "255.250.205.9", "2001:db8::1", "::1"] {
            let mut headers = HeaderMap::new();
            write_x_forwarded_for(&mut headers, ip(address), false);
            assert_eq!(only(&headers, "x-forwarded-for"), address);
        }
        let mut headers = HeaderMap::new();
        write_x_forwarded_for(&mut headers, ip("::ffff:192.0.2.1"), true);
        assert_eq!(only(&headers, "x-forwarded-for"), "192.0.2.1");
    }

    #[test]
    fn what_came_is_kept_or_not() {
        let lines =
            [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", " , "), ("x-forwarded-for", "10.0.0.2,")];
        let mut headers = with(&lines);
        write_x_forwarded_for(&mut headers, ip("10.0.0.1"), true);
        assert_eq!(only(&headers, "x-forwarded-for"), "192.0.2.1, 10.0.0.2, 10.0.0.1");
        let mut headers = with(&lines);
        write_x_forwarded_for(&mut headers, ip("10.0.0.1"), false);
        assert_eq!(only(&headers, "x-forwarded-for"), "10.0.0.1");
        let mut headers = with(&[]);
        headers.append("x-forwarded-for", HeaderValue::from_bytes(b"\xff").unwrap());
        write_x_forwarded_for(&mut headers, ip("10.0.0.1"), true);
        assert_eq!(only(&headers, "x-forwarded-for"), "10.0.0.1");
    }

    #[test]
    fn forwarded() {
        for (peer, host, expected) in [
            ("192.0.2.60", Some("example.com"), "for=192.0.2.60;host=example.com;proto=https"),
            ("192.0.2.60", Some("a.example:8080"), "for=192.0.2.60;host=\"a.example:8080\";proto=https"),
            ("2001:db8::1", Some("[::1]"), "for=\"[2001:db8::1]\";host=\"[::1]\";proto=https"),
            ("::ffff:192.0.2.60", None, "for=192.0.2.60;proto=https"),
            ("192.0.2.60", Some("a\"\\,b"), "for=192.0.2.60;host=\"a\\\"\\\\,b\";proto=https"),
            ("192.0.2.60", Some(""), "for=192.0.2.60;host=\"\";proto=https"),
        ] {
            let hop = Hop { peer: ip(peer), proto: Scheme::Https, host };
            let mut headers = with(&[("forwarded", "for=1.1.1.1")]);
            write_forwarded(&mut headers, &hop, false);
            assert_eq!(only(&headers, "forwarded"), expected);
            let mut headers = with(&[("forwarded", "for=1.1.1.1"), ("forwarded", "for=_x")]);
            write_forwarded(&mut headers, &hop, true);
            assert_eq!(only(&headers, "forwarded"), format!("for=1.1.1.1, for=_x, {expected}"));
        }
    }

    #[test]
    fn hosts_and_schemes_are_one_value() {
        let mut headers =
            with(&[("x-forwarded-proto", "ftp"), ("x-forwarded-host", "a"), ("x-forwarded-host", "b")]);
        write_x_forwarded_host(&mut headers, Some("c.example:81"));
        write_x_forwarded_proto(&mut headers, Scheme::Http);
        assert_eq!(only(&headers, "x-forwarded-host"), "c.example:81");
        assert_eq!(only(&headers, "x-forwarded-proto"), "http");
        for none in [None, Some("a\r\nb")] {
            write_x_forwarded_host(&mut headers, none);
            assert!(!headers.contains_key("x-forwarded-host"));
        }
    }

    #[test]
    fn via() {
        // RFC 9110, 7.6.3: `Via: 1.0 fred, 1.1 p.example.net`.
        let mut headers = with(&[("via", "1.0 fred")]);
        write_via(&mut headers, Version::HTTP_11, "p.example.net");
        assert_eq!(only(&headers, "via"), "1.0 fred, 1.1 p.example.net");
        let mut headers = HeaderMap::new();
        write_via(&mut headers, Version::HTTP_2, "tollgate");
        assert_eq!(only(&headers, "via"), "2.0 tollgate");
        write_via(&mut headers, Version::HTTP_2, "bad\nname");
        assert!(headers.is_empty());
    }

    #[test]
    fn spoofable() {
        let mut headers = with(&[("x-real-ip", "1.1.1.1"), ("client-cert", ":a:"), ("host", "a")]);
        remove_spoofable(&mut headers);
        assert_eq!(headers, with(&[("host", "a")]));
        let mut headers = with(&[
            ("client_cert-chain", ":a:"),
            ("x_forwarded_for", "1.1.1.1"),
            ("x_forwarded-host", "a"),
            ("x-forwarded_proto", "https"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x_other", "1"),
        ]);
        remove_spoofable(&mut headers);
        // What the gateway writes itself is overwritten, not removed.
        assert_eq!(headers, with(&[("x-forwarded-for", "1.1.1.1"), ("x_other", "1")]));
    }
}
