//! The host that a request is for.

use std::net::Ipv6Addr;

use http::header::HOST;
use http::request::Parts;

/// Why no host can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostError(pub &'static str);

/// The authority that a request is for: the target's own, where it has one, else the `Host` field (RFC 9112 section
/// 3.2). A request with none, more than one or an invalid one has no host.
pub fn authority(head: &Parts) -> Result<&str, HostError> {
    let mut fields = head.headers.get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err(HostError("two Host fields"));
    }
    let field = field
        .map(|value| value.to_str().map_err(|_| HostError("a Host field that is not ASCII")))
        .transpose()?;
    let authority = match (head.uri.authority(), field) {
        // RFC 9112 section 3.2.2: the target's goes before the field's.
        (Some(authority), _) => authority.as_str(),
        (None, Some(field)) => field,
        (None, None) => return Err(HostError("no Host field")),
    };
    is_valid(authority).then_some(authority).ok_or(HostError("an invalid Host"))
}

/// The name in an authority: without port, and without the dot of a fully qualified name.
pub fn name(authority: &str) -> &str {
    let name = match authority.rfind(':') {
        // In `[::1]` the colons are the address's own.
        Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
        _ => authority,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// What names in the DNS and addresses have, and perhaps a port. RFC 3986 section 3.2.2 allows more in a host, but no
/// such name can be looked up, and `a,b` or `a@b` is a mistake or an attack (RFC 9110 section 4.2.4).
fn is_valid(authority: &str) -> bool {
    let (name, port) = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => (&authority[..colon], &authority[colon + 1..]),
        _ => (authority, ""),
    };
    let is_number = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (port.is_empty() || port.parse::<u16>().is_ok()) && is_host(name)
}

fn is_host(name: &str) -> bool {
    match name.strip_prefix('[') {
        Some(address) => address.strip_suffix(']').is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()),
        None => {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn takes_the_port_off() {
        for (authority, expected) in [
            ("a.example", "a.example"),
            ("a.example:80", "a.example"),
            ("a.", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(name(authority), expected);
        }
    }

    #[test]
    fn refuses_what_is_no_authority() {
        for bad in ["", "a b", "u@a", "a:x", "a:99999", "a/b", "a,b", ":80", "[::1"] {
            assert!(!is_valid(bad), "{bad}");
        }
        for good in ["a", "a:", "a:80", "[::1]:80", "a_b.c"] {
            assert!(is_valid(good), "{good}");
        }
    }

    #[test]
    fn one_host_and_no_more() {
        let head = |hosts: &[&str]| {
            let request =
                hosts.iter().fold(http::Request::get("/"), |request, host| request.header("host", *host));
            request.body(()).unwrap().into_parts().0
        };
        assert_eq!(authority(&head(&["a"])), Ok("a"));
        assert!(authority(&head(&[])).is_err());
        assert!(authority(&head(&["a", "a"])).is_err());
    }
}
