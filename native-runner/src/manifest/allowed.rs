//! One entry of `allowed_outbound_hosts`: `scheme://host[:port]`, with `*` in any place and `*.suffix` for hosts.

/// An entry, as far as it can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Allowed<'a> {
    /// An address, or a pattern of addresses.
    Pattern(Pattern<'a>),
    /// A template, which variables fill in when the application starts.
    Template,
    /// No address at all.
    Unknown,
}

/// A pattern of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern<'a> {
    scheme: &'a str,
    host: &'a str,
    /// How many bits of an address make a network: `http://10.0.0.0:8080/8`.
    network: Option<&'a str>,
    port: Port,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Any,
    Range(u16, u16),
}

// === impl Allowed ===

impl<'a> Allowed<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        if text.contains("{{") {
            return Self::Template;
        }
        Pattern::parse(text).map_or(Self::Unknown, Self::Pattern)
    }
}

// === impl Pattern ===

impl<'a> Pattern<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, network) = match rest.trim_end_matches('/').split_once('/') {
            Some((rest, bits)) => (rest, Some(bits)),
            None => (rest.trim_end_matches('/'), None),
        };
        if network.is_some_and(|bits| bits.parse::<u8>().is_err()) {
            return None;
        }
        let (host, port) = match rest.rfind(':') {
            // In `[::1]` the colons are the address's own.
            Some(colon) if !rest[colon..].contains(']') => (&rest[..colon], Port::parse(&rest[colon + 1..])?),
            _ => (rest, Port::of_scheme(scheme)),
        };
        (!host.is_empty()).then_some(Self { scheme, host, network, port })
    }

    /// Whether everything that `other` allows is allowed.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let host = self.host == "*"
            || (self.host.eq_ignore_ascii_case(other.host) && self.network == other.network)
            || self.host.strip_prefix('*').is_some_and(|suffix| other.host.ends_with(suffix));
        host && (self.scheme == "*" || self.scheme == other.scheme) && self.port.covers(other.port)
    }
}

// === impl Port ===

impl Port {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        Some(Self::Range(first.parse().ok()?, last.parse().ok()?))
    }

    fn of_scheme(scheme: &str) -> Self {
        match scheme {
            "http" => Self::Range(80, 80),
            "https" => Self::Range(443, 443),
            _ => Self::Any,
        }
    }

    fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Range(..), Self::Any) => false,
            (Self::Range(first, last), Self::Range(a, b)) => first <= a && b <= last,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns_cover_addresses() {
        let covers = |a: &str, b: &str| Pattern::parse(a).unwrap().covers(&Pattern::parse(b).unwrap());
        for (pattern, address) in [
            ("https://a.example", "https://a.example:443"),
            ("https://*.example", "https://a.example:443"),
            ("*://*:*", "http://[::1]:9101"),
            ("http://127.0.0.1:9100..9103", "http://127.0.0.1:9101"),
            ("https://*", "https://a.example"),
        ] {
            assert!(covers(pattern, address), "{pattern} {address}");
            assert!(!covers(address, pattern) || pattern == "https://a.example", "{address} {pattern}");
        }
        assert!(!covers("http://a.example", "http://a.example:8080"));
        assert!(!covers("http://a.example:8080", "https://a.example:8080"));
        assert!(covers("http://10.0.0.0:*/8", "http://10.0.0.0:8080/8"));
        assert!(!covers("http://10.0.0.0:*/8", "http://10.0.0.0:8080/16"));
        assert!(Pattern::parse("http://a.example/path").is_none());
        assert!(Pattern::parse("a.example").is_none());
        assert_eq!(Allowed::parse("https://{{ host }}"), Allowed::Template);
    }
}
