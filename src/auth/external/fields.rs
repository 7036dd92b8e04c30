//! Which fields of a request an authorisation service is shown, and which of its answer go where.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method, Response, StatusCode};

/// The largest answer that a service may give instead of letting a request pass: a page that says why.
pub const MAX_ANSWER: usize = 64 << 10;

/// What a client gets of an answer that does not let it pass, beside what is chosen: what such an answer cannot do
/// without, and what its content needs to be read.
pub const OF_EVERY_REFUSAL: [HeaderName; 8] = [
    WWW_AUTHENTICATE,
    LOCATION,
    SET_COOKIE,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CACHE_CONTROL,
    RETRY_AFTER,
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// Which fields pass in which direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Of the request, to the service.
    pub sent: Vec<HeaderName>,
    /// Of an answer that lets the request pass, to the upstream.
    pub to_upstream: Vec<HeaderName>,
    /// Of an answer that lets the request pass, to the client.
    pub to_client: Vec<HeaderName>,
    /// Of an answer that does not, to the client, beside [`OF_EVERY_REFUSAL`].
    pub of_refusal: Vec<HeaderName>,
}

/// What a service is shown of a request beside its fields.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// `http` or `https`, as the client sees it.
    pub scheme: &'a str,
    /// The host that the client asked.
    pub authority: &'a str,
    /// Path and query, byte for byte.
    pub target: &'a str,
    /// The client behind every trusted proxy.
    pub client: IpAddr,
}

/// What a service says.
#[derive(Debug)]
pub enum Verdict {
    /// The request may pass.
    Pass {
        /// What the upstream gets beside what the client sent.
        to_upstream: HeaderMap,
        /// What the client gets beside what the upstream answers.
        to_client: HeaderMap,
    },
    /// The client's answer.
    Refuse(Box<Response<Bytes>>),
}

// === impl Fields ===

impl Fields {
    /// The fields of the request to the service; `None` where what was asked for can be no field's value.
    pub fn question(&self, asked: &Asked<'_>, inbound: &HeaderMap) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        for name in &self.sent {
            copy(inbound, name, &mut headers);
        }
        let client = asked.client.to_string();
        for (name, value) in [
            (X_FORWARDED_METHOD, asked.method.as_str()),
            (X_FORWARDED_PROTO, asked.scheme),
            (X_FORWARDED_HOST, asked.authority),
            (X_FORWARDED_URI, asked.target),
            (X_FORWARDED_FOR, &client),
        ] {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
        Some(headers)
    }

    /// What an answer with this head and content means.
    pub fn verdict(&self, status: StatusCode, headers: &HeaderMap, content: Bytes) -> Verdict {
        if status.is_success() {
            return Verdict::Pass {
                to_upstream: chosen(headers, self.to_upstream.iter()),
                to_client: chosen(headers, self.to_client.iter()),
            };
        }
        let mut response = Response::new(content);
        *response.status_mut() = status;
        let more = self.of_refusal.iter().filter(|name| !OF_EVERY_REFUSAL.contains(name));
        *response.headers_mut() = chosen(headers, OF_EVERY_REFUSAL.iter().chain(more));
        Verdict::Refuse(Box::new(response))
    }

    /// Takes away what only the service may tell the upstream. Other spellings of these names, and the names on other
    /// routes, are taken away with all that is the gateway's to say ([`crate::plan::Plan::claimed`]).
    pub fn remove_told(&self, inbound: &mut HeaderMap) {
        for name in &self.to_upstream {
            inbound.remove(name);
        }
    }
}

/// Whether a status says that the service did not come to a verdict: it, or what stands before it, failed.
pub fn is_failure(status: StatusCode) -> bool {
    status.is_server_error()
}

fn chosen<'n>(from: &HeaderMap, names: impl Iterator<Item = &'n HeaderName>) -> HeaderMap {
    let mut chosen = HeaderMap::new();
    for name in names {
        copy(from, name, &mut chosen);
    }
    chosen
}

fn copy(from: &HeaderMap, name: &HeaderName, to: &mut HeaderMap) {
    for value in from.get_all(name) {
        // There are no more lines than one message had.
        let _ = to.try_append(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(names: &[&'static str]) -> Vec<HeaderName> {
        names.iter().map(|&name| HeaderName::from_static(name)).collect()
    }

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
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

    #[test]
    fn the_service_sees_what_was_asked_and_the_chosen_fields() {
        let fields = Fields { sent: names(&["authorization", "cookie"]), ..Fields::default() };
        let asked = Asked {
            method: &Method::DELETE,
            scheme: "https",
            authority: "api.example.com",
            target: "/a%2Fb/../c?d=e",
            client: [192, 0, 2, 7].into(),
        };
        let inbound = map(&[
            ("authorization", "Bearer t"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("x-secret", "s"),
            ("x-forwarded-uri", "/harmless"),
        ]);
        let expected = [
            "authorization: Bearer t",
            "cookie: a=1",
            "cookie: b=2",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: api.example.com",
            "x-forwarded-method: DELETE",
            "x-forwarded-proto: https",
            "x-forwarded-uri: /a%2Fb/../c?d=e",
        ];
        assert_eq!(lines(&fields.question(&asked, &inbound).unwrap()), expected);
        assert!(fields.question(&Asked { authority: "a\nb", ..asked }, &inbound).is_none());
    }

    #[test]
    fn an_answer_that_lets_pass_brings_the_chosen_fields() {
        let fields = Fields {
            to_upstream: names(&["x-user", "x-group"]),
            to_client: names(&["set-cookie"]),
            ..Fields::default()
        };
        let answer = map(&[
            ("x-group", "a"),
            ("x-group", "b"),
            ("x-user", "ada"),
            ("set-cookie", "s=1"),
            ("server", "x"),
        ]);
        let Verdict::Pass { to_upstream, to_client } =
            fields.verdict(StatusCode::NO_CONTENT, &answer, Bytes::new())
        else {
            unreachable!()
        };
        assert_eq!(lines(&to_upstream), ["x-group: a", "x-group: b", "x-user: ada"]);
        assert_eq!(lines(&to_client), ["set-cookie: s=1"]);
    }

    #[test]
    fn any_other_answer_is_the_clients() {
        let fields = Fields { of_refusal: names(&["x-why", "location"]), ..Fields::default() };
        let answer = map(&[
            ("location", "/login"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("x-why", "no session"),
            ("x-internal", "10.0.0.1"),
            ("content-length", "3"),
        ]);
        for status in [302, 401, 403, 429, 500] {
            let status = StatusCode::from_u16(status).unwrap();
            let Verdict::Refuse(response) = fields.verdict(status, &answer, Bytes::from_static(b"why"))
            else {
                unreachable!()
            };
            assert_eq!(response.status(), status);
            assert_eq!(
                lines(response.headers()),
                ["location: /login", "set-cookie: a=1", "set-cookie: b=2", "x-why: no session"]
            );
            assert_eq!(&response.body()[..], b"why");
        }
        assert!(is_failure(StatusCode::BAD_GATEWAY) && !is_failure(StatusCode::FORBIDDEN));
    }

    #[test]
    fn nobody_speaks_for_the_service() {
        let fields = Fields { to_upstream: names(&["x-user-id", "authorization"]), ..Fields::default() };
        let mut inbound =
            map(&[("x-user-id", "1"), ("x-user-id", "2"), ("authorization", "3"), ("x-user", "4")]);
        fields.remove_told(&mut inbound);
        assert_eq!(lines(&inbound), ["x-user: 4"]);
    }
}
