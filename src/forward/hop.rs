//! Fields that end at this hop: taken away before a message is passed on, in either direction (RFC 9110, 7.6.1).

use http::HeaderMap;
use http::header::{CONNECTION, HeaderName, HeaderValue, TE};

/// Takes away `Connection` and all that it names, and the fields known to mean one connection only. `TE` becomes
/// exactly `trailers` if it said so, else goes. Says whether it stayed: on an HTTP/1.1 connection, `Connection: TE`
/// goes with it (RFC 9110, 10.1.4).
///
/// `Trailer` stays: it tells of the fields of the trailer section, which passes, and where it does not, what was lost
/// (RFC 9110, 6.6.2).
pub fn strip_hop_by_hop(headers: &mut HeaderMap) -> bool {
    // Most messages over HTTP/2 have none of these fields: one look, no removals.
    if !headers.keys().any(is_hop_by_hop) {
        return false;
    }
    // Before `Connection` is heeded: it should name TE, and names it to have it removed or replaced.
    let trailers = accepts_trailers(headers);
    strip_nominated(headers);
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    trailers
}

/// RFC 9110, 7.6.1 names `Proxy-Connection`, `Keep-Alive`, `TE`, `Transfer-Encoding` and `Upgrade` as known to require
/// removal, named by `Connection` or not. RFC 9110, 11.7 limits the `Proxy-Auth*` fields to the next proxy.
/// `HTTP2-Settings` belonged to an upgrade (RFC 7540, 3.2.1; obsolete).
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "http2-settings",
];

/// Whether `Connection` names what says whom the message is for or where it ends (RFC 9110, 7.6.1: MUST NOT). Whoever
/// obeyed it would pass another message on.
pub fn nominates_framing(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(members)
        .any(|option| option.eq_ignore_ascii_case(b"host") || option.eq_ignore_ascii_case(b"content-length"))
}

/// Whether `Connection` takes the field `name` away, so that nobody behind this hop sees it.
pub fn is_nominated(headers: &HeaderMap, name: &HeaderName) -> bool {
    let mut named = headers.get_all(CONNECTION).iter().flat_map(members);
    !is_end_to_end(name.as_str().as_bytes())
        && named.any(|option| option.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str())
}

/// Fields that `Connection` cannot take away. RFC 9110, 7.6.1: a sender must not name a field that is meant for all
/// recipients, so naming one of these is a mistake or an attack, and the message goes on as if it was not named:
///
/// - what frames, addresses or describes the message: without them, the upstream would read another message;
/// - who is calling: the gateway would decide about a caller of whom the upstream learns nothing;
/// - how the message came: a client behind a trusted proxy that passes `Connection` on could hide its address, or a
///   loop (RFC 8586, 2: no intermediary may let `CDN-Loop` be removed).
fn is_end_to_end(name: &[u8]) -> bool {
    const NAMES: [&str; 16] = [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "content-range",
        "cache-control",
        "authorization",
        "cookie",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "via",
        "cdn-loop",
        "client-cert",
        "client-cert-chain",
    ];
    NAMES.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

/// Takes away `Connection` and every field it names, on however many lines.
fn strip_nominated(headers: &mut HeaderMap) {
    // One line, the usual case, is moved out of the map; only further lines are copied.
    let more: Vec<HeaderValue> = headers.get_all(CONNECTION).iter().skip(1).cloned().collect();
    let first = headers.remove(CONNECTION);
    for line in first.iter().chain(&more) {
        for option in members(line) {
            // `close` and `keep-alive` name no field; what is no field name is in no map.
            if let Ok(name) = std::str::from_utf8(option)
                && !is_end_to_end(option)
            {
                headers.remove(name);
            }
        }
    }
}

/// RFC 9110, 10.1.4: whether the sender takes a trailer section.
fn accepts_trailers(headers: &HeaderMap) -> bool {
    headers.get_all(TE).iter().flat_map(members).any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

/// The members of a list of tokens (RFC 9110, 5.6.1).
fn members(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn stripped(lines: &[(&str, &'static str)]) -> (Vec<String>, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value));
        }
        let trailers = strip_hop_by_hop(&mut headers);
        let mut left: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        left.sort();
        (left, trailers)
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(
            stripped(&[("host", "a"), ("trailer", "x-sum")]),
            (vec!["host: a".into(), "trailer: x-sum".into()], false)
        );
    }

    #[test]
    fn known_fields_go() {
        for name in HOP_BY_HOP {
            assert_eq!(stripped(&[(name, "x"), ("host", "a")]).0, ["host: a"], "{name}");
            let twice = stripped(&[(name, "x"), (name, "y"), ("host", "a")]).0;
            assert_eq!(twice, ["host: a"], "{name} twice");
        }
    }

    #[test]
    fn connection_names_fields() {
        for lines in [
            &[("connection", "close, X-One , ,x-TWO")][..],
            &[("connection", "x-one"), ("connection", "keep-alive,\tx-two")],
            &[("Connection", "x-one"), ("connection", ""), ("connection", "connection, x-two")],
        ] {
            let mut all = lines.to_vec();
            all.extend([("x-one", "1"), ("x-one", "1"), ("x-two", "2"), ("x-three", "3")]);
            assert_eq!(stripped(&all).0, ["x-three: 3"], "{lines:?}");
        }
    }

    #[test]
    fn connection_does_not_name_what_is_for_all() {
        let kept = [
            ("authorization", "Bearer t"),
            ("cdn-loop", "a"),
            ("content-length", "3"),
            ("cookie", "a=b"),
            ("host", "a"),
            ("x-forwarded-for", "192.0.2.1"),
        ];
        let mut all = kept.to_vec();
        all.push((
            "connection",
            "Host, Content-Length, transfer-encoding, AUTHORIZATION, cookie, x-forwarded-for, cdn-loop",
        ));
        all.push(("transfer-encoding", "chunked"));
        let expected: Vec<_> = kept.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(stripped(&all).0, expected);
    }

    #[test]
    fn te_keeps_trailers_only() {
        for (te, kept) in [
            ("trailers", true),
            ("gzip;q=0.5, Trailers", true),
            ("trailers, deflate", true),
            ("gzip", false),
            ("trailersx", false),
            ("", false),
        ] {
            let (left, trailers) = stripped(&[("te", te), ("connection", "te")]);
            assert_eq!(left, if kept { vec!["te: trailers"] } else { vec![] }, "{te:?}");
            assert_eq!(trailers, kept, "{te:?}");
        }
    }

    #[test]
    fn nonsense_is_no_name() {
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_bytes(b"\xff\xfe, a b, :path, x-one").unwrap());
        headers.insert("x-one", HeaderValue::from_static("1"));
        strip_hop_by_hop(&mut headers);
        assert!(headers.is_empty());
    }
}
