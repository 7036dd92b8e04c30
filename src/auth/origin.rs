//! Addresses that somebody else names, and the origins within which they are believed.
//!
//! A document that is fetched names further addresses. Whoever could write any address there would have the gateway
//! call what only the gateway can reach (server-side request forgery); so only origins are called that the
//! configuration names, which are also all that a component's manifest must allow.

use std::fmt;

use url::Url;

use crate::plan::{Endpoint, Target};

/// The origins that may be called: the first is that of the issuer itself.
#[derive(Debug, Clone)]
pub struct Origins {
    /// In the order of the configuration; never empty.
    allowed: Vec<Target>,
}

/// An address within the allowed origins.
#[derive(Debug, Clone)]
pub struct Address {
    /// Whom to call, and what to ask for there.
    pub endpoint: Endpoint,
    /// The whole address, for a browser.
    pub text: Box<str>,
}

/// Why an address is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// It is no address, or one that is too long.
    Malformed,
    /// Neither http nor https.
    Scheme,
    /// `http` where the issuer has `https`.
    Insecure,
    /// It holds a name and a password, or a fragment.
    Adorned,
    /// Its origin is not one of those in the configuration.
    Origin,
}

/// Longer addresses are no endpoint of anybody's.
const LONGEST: usize = 2048;

// === impl Origins ===

impl Origins {
    /// The issuer's own origin, and those that the configuration names beside it.
    pub fn new(own: Target, others: impl IntoIterator<Item = Target>) -> Self {
        Self { allowed: std::iter::once(own).chain(others).collect() }
    }

    /// All that may be called.
    pub fn targets(&self) -> &[Target] {
        &self.allowed
    }

    /// Reads an address that somebody else wrote.
    pub fn address(&self, text: &str) -> Result<Address, Foreign> {
        if text.len() > LONGEST {
            return Err(Foreign::Malformed);
        }
        let url = Url::parse(text).map_err(|_| Foreign::Malformed)?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Foreign::Scheme),
        };
        if !secure && self.allowed.first().is_none_or(|own| own.secure) {
            return Err(Foreign::Insecure);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Foreign::Adorned);
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let is_it = |target: &&Target| {
            target.secure == secure
                && *target.host == *host
                && Some(target.port) == url.port_or_known_default()
        };
        let target = self.allowed.iter().find(is_it).ok_or(Foreign::Origin)?;
        let path = url[url::Position::BeforePath..].parse().map_err(|_| Foreign::Malformed)?;
        let endpoint = Endpoint { target: target.clone(), path };
        Ok(Address { endpoint, text: url.as_str().into() })
    }
}

// === impl Foreign ===

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no address",
            Self::Scheme => "it is neither http nor https",
            Self::Insecure => "it is http, and the issuer's is https",
            Self::Adorned => "it holds credentials or a fragment",
            Self::Origin => "its origin is not the issuer's, and not one of origins in the configuration",
        })
    }
}

impl std::error::Error for Foreign {}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    pub(in crate::auth) fn target(origin: &str) -> Target {
        Target::of(&Url::parse(origin).unwrap()).unwrap()
    }

    fn origins() -> Origins {
        Origins::new(
            target("https://id.example"),
            [target("https://keys.example:8443"), target("https://[::1]")],
        )
    }

    #[test]
    fn addresses_of_known_origins_are_taken() {
        for (text, path, host) in [
            ("https://id.example/jwks.json", "/jwks.json", "id.example"),
            ("https://ID.example:443/a?b=c", "/a?b=c", "id.example"),
            ("https://id.example", "/", "id.example"),
            ("https://keys.example:8443/k", "/k", "keys.example"),
            ("https://[0:0::1]/k", "/k", "::1"),
            ("https://id.example/a/../b", "/b", "id.example"),
        ] {
            let address = origins().address(text).unwrap();
            assert_eq!(
                (address.endpoint.path.as_str(), &*address.endpoint.target.host),
                (path, host),
                "{text}"
            );
        }
        assert_eq!(&*origins().address("https://id.example").unwrap().text, "https://id.example/");
    }

    #[test]
    fn all_others_are_refused() {
        for (text, why) in [
            ("http://id.example/k", Foreign::Insecure),
            ("https://keys.example/k", Foreign::Origin),
            ("https://id.example:444/k", Foreign::Origin),
            ("https://id.example.evil.example/k", Foreign::Origin),
            ("https://169.254.169.254/latest/meta-data", Foreign::Origin),
            ("https://id.example@169.254.169.254/", Foreign::Adorned),
            ("https://id.example:443@evil.example/", Foreign::Adorned),
            ("https://id.example/k#x", Foreign::Adorned),
            ("file:///etc/passwd", Foreign::Scheme),
            ("//id.example/k", Foreign::Malformed),
            ("", Foreign::Malformed),
        ] {
            assert_eq!(origins().address(text).err(), Some(why), "{text}");
        }
        let long = format!("https://id.example/{}", "x".repeat(LONGEST));
        assert_eq!(origins().address(&long).err(), Some(Foreign::Malformed));
    }

    #[test]
    fn http_is_for_issuers_that_have_it_themselves() {
        let origins = Origins::new(target("http://id.test:8080"), [target("https://keys.example")]);
        assert!(origins.address("http://id.test:8080/k").is_ok());
        assert!(origins.address("https://keys.example/k").is_ok());
        assert_eq!(origins.address("http://keys.example/k").err(), Some(Foreign::Origin));
    }
}
