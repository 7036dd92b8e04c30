//! What becomes invalid when something is changed through the gateway (RFC 9111 section 4.4).

use http::header::{CONTENT_LOCATION, LOCATION};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

/// How many addresses one answer can make invalid beside its own: one of each field. Both fields are to stand once.
const MOST: usize = 2;

/// The longest address that is read, in bytes: as long as any that a client can ask for.
const LONGEST: usize = 8 * 1024;

/// Methods that IANA's registry of HTTP methods says are safe. RFC 9111 section 4.4: those of which it is not known count
/// as unsafe.
const SAFE: [&str; 8] = ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "REPORT", "SEARCH"];

/// Whether an answer to `method` makes invalid what is kept for the address (RFC 9111 section 4.4).
pub fn invalidates(method: &Method, status: StatusCode) -> bool {
    (status.is_success() || status.is_redirection()) && !SAFE.contains(&method.as_str())
}

/// The other addresses that become invalid with it: `Location` and `Content-Location` of the same origin. `secure` and
/// `authority` are those of the request.
pub fn also_invalid(
    secure: bool,
    authority: &str,
    asked_for: &PathAndQuery,
    headers: &HeaderMap,
) -> Vec<PathAndQuery> {
    let mut found = Vec::new();
    let named = [LOCATION, CONTENT_LOCATION].into_iter().filter_map(|name| headers.get(name));
    let named: Vec<_> = named.filter(|value| value.len() <= LONGEST).take(MOST).collect();
    if named.is_empty() || asked_for.as_str().len() > LONGEST {
        return found;
    }
    // Without an origin of its own, no other address is known to have the same.
    let Some(base) = base(secure, authority, asked_for) else { return found };
    for value in named {
        if let Some(address) = address(&base, value)
            && address != *asked_for
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// The address that was asked for. It is written as a whole and not resolved: a path may begin with `//`.
fn base(secure: bool, authority: &str, asked_for: &PathAndQuery) -> Option<Url> {
    // What is no authority could become a part of something else.
    authority.parse::<Authority>().ok().filter(|authority| !authority.as_str().contains('@'))?;
    let scheme = if secure { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{authority}{asked_for}")).ok()
}

/// The path and query of a reference (RFC 3986 section 5), where it has the origin of `base`.
fn address(base: &Url, reference: &HeaderValue) -> Option<PathAndQuery> {
    let url = base.join(reference.to_str().ok()?).ok()?;
    // RFC 9111 section 4.4: "if they have the same origin", or one site could make another's answers invalid.
    let same = url.origin() == base.origin();
    same.then(|| PathAndQuery::try_from(&url[url::Position::BeforePath..url::Position::AfterQuery]).ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cache::rules::tests::headers;

    #[test]
    fn what_changes_something() {
        let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
        for unsafe_one in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get", "PURGE"] {
            for (status, expected) in
                [(200, true), (204, true), (303, true), (304, true), (404, false), (500, false), (101, false)]
            {
                let status = StatusCode::from_u16(status).unwrap();
                assert_eq!(invalidates(&method(unsafe_one), status), expected, "{unsafe_one} {status}");
            }
        }
        for safe in SAFE {
            assert!(!invalidates(&method(safe), StatusCode::OK), "{safe}");
        }
    }

    #[test]
    fn addresses_of_the_same_origin() {
        let of = |secure, authority, lines: &[(&str, &'static str)]| {
            let asked_for = PathAndQuery::from_static("/a/b?c");
            let found = also_invalid(secure, authority, &asked_for, &headers(lines));
            found.iter().map(|address| address.as_str().to_owned()).collect::<Vec<_>>()
        };
        for (location, expected) in [
            ("/x", &["/x"][..]),
            ("x", &["/a/x"]),
            ("../x?y#z", &["/x?y"]),
            ("?d", &["/a/b?d"]),
            ("./b?c", &[]),
            ("", &[]),
            ("#z", &[]),
            ("http://example.com/x", &["/x"]),
            ("HTTP://EXAMPLE.com:80/x", &["/x"]),
            ("//example.com/x", &["/x"]),
            ("http://example.com", &["/"]),
            ("https://example.com/x", &[]),
            ("http://example.com:8080/x", &[]),
            ("http://example.com.evil/x", &[]),
            ("http://example.com@evil/x", &[]),
            ("//evil/x", &[]),
            ("\\\\evil/x", &[]),
            ("/%2e%2E/%7Ex%2fy", &["/%7Ex%2fy"]),
            ("mailto:a@example.com", &[]),
            ("http://[/x", &[]),
        ] {
            assert_eq!(of(false, "example.com", &[("location", location)]), expected, "{location}");
        }
        let both = [("location", "/x"), ("content-location", "y"), ("location", "/z")];
        assert_eq!(of(false, "example.com", &both), ["/x", "/a/y"]);
        let twice = [("location", "/x"), ("content-location", "/x")];
        assert_eq!(of(true, "example.com:443", &twice), ["/x"]);
        assert_eq!(of(true, "example.com:443", &[("location", "https://example.com/x")]), ["/x"]);
        assert_eq!(of(false, "[::1]:81", &[("location", "http://[0:0::1]:81/x")]), ["/x"]);
        for nobody in ["", "a b", "[", "a/b", "a@b"] {
            assert_eq!(of(false, nobody, &[("location", "http://a/x")]), Vec::<String>::new(), "{nobody}");
        }
    }

    #[test]
    fn a_path_is_no_authority() {
        let lines = headers(&[("location", "http://evil/x"), ("content-location", "http://a/y")]);
        let found = also_invalid(false, "a", &PathAndQuery::from_static("//evil/z"), &lines);
        assert_eq!(found, [PathAndQuery::from_static("/y")]);
    }

    #[test]
    fn addresses_are_bounded() {
        let long = format!("/{}", "x".repeat(LONGEST));
        let lines = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(&long).unwrap())]);
        assert!(also_invalid(false, "a", &PathAndQuery::from_static("/"), &lines).is_empty());
    }
}
