//! Origins as browsers write them (RFC 6454 section 6.2; HTML, "serialization of an origin"), and what matches them.

use std::fmt;

use url::Host;

/// An origin, or all below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginPattern {
    /// Exactly this: `https://app.example.com`, `http://localhost:3000`, or `null`.
    Exact(Box<str>),
    /// One label or more before a host, as in the Gateway API: `https://*.example.com`.
    Below {
        /// With `://`.
        scheme: Box<str>,
        /// The rest from the dot on, port included: `.example.com:8443`.
        suffix: Box<str>,
    },
}

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginError {
    /// What is wrong.
    pub message: &'static str,
    /// What could have been meant.
    pub help: String,
}

/// The longest name of the DNS is 253 characters (RFC 1035 section 2.3.4); a scheme and a port are short. What is
/// longer is no origin of a browser's.
const LONGEST: usize = 512;

// === impl OriginPattern ===

impl OriginPattern {
    /// Reads `https://app.example.com:8443`, `https://*.example.com` or `null` into the form in which a browser writes
    /// it: lower case, names in ASCII, without the scheme's own port.
    ///
    /// # Errors
    ///
    /// It is none, or more than one: a path, a wildcard elsewhere than as the first label.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text == "null" {
            return Ok(Self::Exact("null".into()));
        }
        let lower = text.to_ascii_lowercase();
        let Some((scheme, rest)) = lower.split_once("://") else {
            return Err(error("it has no scheme", format!("write https://{text}")));
        };
        if !is_scheme(scheme) {
            return Err(error("its scheme is not one", "such as https://app.example.com"));
        }
        if let Some(end) = rest.find(['/', '?', '#']) {
            // The scheme and the rest have the lengths that they have in what was written: only case has changed.
            let kept = &lower[..scheme.len() + 3 + end];
            return Err(error("an origin ends after host and port", format!("write {kept}")));
        }
        if rest.contains('@') {
            return Err(error("an origin has no user", "such as https://app.example.com"));
        }
        let (host, port) = split_port(scheme, rest)?;
        match host.strip_prefix("*.") {
            None => Ok(Self::Exact(format!("{scheme}://{}{port}", canonical(scheme, host)?).into())),
            Some(parent) => {
                let parent = canonical(scheme, parent)?;
                let scheme = format!("{scheme}://").into();
                Ok(Self::Below { scheme, suffix: format!(".{parent}{port}").into() })
            }
        }
    }

    /// Whether `origin`, as a browser sent it, is one of these. Compared byte for byte (Fetch, "CORS check").
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *origin,
            Self::Below { scheme, suffix } => {
                origin.len() <= LONGEST
                    && origin
                        .strip_prefix(&**scheme)
                        .and_then(|rest| rest.strip_suffix(&**suffix))
                        .is_some_and(are_labels)
            }
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Below { scheme, suffix } => write!(f, "{scheme}*{suffix}"),
        }
    }
}

fn error(message: &'static str, help: impl Into<String>) -> OriginError {
    OriginError { message, help: help.into() }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(rest)
}

/// Whether these are labels of a name, so that nothing else than a name stands before a wildcard's suffix: what is
/// echoed could otherwise be any text that ends in the right way.
fn are_labels(text: &str) -> bool {
    let label = |label: &str| {
        // A browser sends names in lower case.
        let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        !label.is_empty() && label.bytes().all(valid)
    };
    text.split('.').all(label)
}

/// The host, and the port with its colon as a browser writes it: not at all where it is the scheme's own.
fn split_port<'a>(scheme: &str, rest: &'a str) -> Result<(&'a str, String), OriginError> {
    // The colons of an IPv6 address stand in brackets.
    let from = rest.rfind(']').unwrap_or(0);
    let Some(colon) = rest[from..].find(':').map(|at| from + at) else { return Ok((rest, String::new())) };
    let (host, digits) = (&rest[..colon], &rest[colon + 1..]);
    let own = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    // `parse` takes a plus sign.
    let port = Some(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match port.and_then(|text| text.parse::<u16>().ok()) {
        Some(port) if Some(port) == own => Ok((host, String::new())),
        Some(port) => Ok((host, format!(":{port}"))),
        None if digits == "*" => {
            Err(error("a port cannot be a wildcard", "list an origin for each port that is meant"))
        }
        None => Err(error("its port is no number up to 65535", format!("such as {scheme}://{host}:8443"))),
    }
}

/// The host as a browser writes it.
fn canonical(scheme: &str, host: &str) -> Result<String, OriginError> {
    if host.contains('*') {
        return Err(error(
            "a wildcard is the first label of a name, and nothing else",
            format!("such as {scheme}://*.example.com"),
        ));
    }
    if host.is_empty() {
        return Err(error("it has no host", format!("such as {scheme}://app.example.com")));
    }
    if matches!(scheme, "http" | "https") {
        let host = Host::parse(host);
        return host.map(|host| host.to_string()).map_err(|_| {
            error("its host is neither a name nor an address", format!("such as {scheme}://app.example.com"))
        });
    }
    // Of other schemes (`chrome-extension://…`, `capacitor://localhost`) the standard knows nothing to make equal.
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:".contains(&byte);
    match host.bytes().all(valid) {
        true => Ok(host.to_owned()),
        false => Err(error("its host is not a name", format!("such as {scheme}://app.example.com"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn origins_are_read_into_the_form_of_browsers() {
        for (written, read) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.COM", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://app.example.com:443", "http://app.example.com:443"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:03000", "http://localhost:3000"),
            ("https://grüße.example", "https://xn--gre-6ka8l.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[0:0::1]", "http://[::1]"),
            ("https://*.Example.com", "https://*.example.com"),
            ("https://*.example.com:8443", "https://*.example.com:8443"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("null", "null"),
        ] {
            assert_eq!(OriginPattern::parse(written).unwrap().to_string(), read, "{written}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for (written, why) in [
            ("app.example.com", "it has no scheme"),
            ("", "it has no scheme"),
            ("//app.example.com", "it has no scheme"),
            ("://a", "its scheme is not one"),
            ("1a://a", "its scheme is not one"),
            ("https://app.example.com/", "an origin ends after host and port"),
            ("https://app.example.com?x", "an origin ends after host and port"),
            ("https://user@app.example.com", "an origin has no user"),
            ("https://", "it has no host"),
            ("https://*", "a wildcard is the first label of a name, and nothing else"),
            ("https://a.*.example.com", "a wildcard is the first label of a name, and nothing else"),
            ("https://*example.com", "a wildcard is the first label of a name, and nothing else"),
            ("https://*.*.example.com", "a wildcard is the first label of a name, and nothing else"),
            ("https://a.example:*", "a port cannot be a wildcard"),
            ("https://a.example:65536", "its port is no number up to 65535"),
            ("https://a.example:+80", "its port is no number up to 65535"),
            ("https://a.example:", "its port is no number up to 65535"),
            ("https://a b", "its host is neither a name nor an address"),
            ("https://[::1", "its port is no number up to 65535"),
            ("https://[::g]", "its host is neither a name nor an address"),
            ("app://a b", "its host is not a name"),
        ] {
            assert_eq!(OriginPattern::parse(written).unwrap_err().message, why, "{written:?}");
        }
    }

    #[test]
    fn matching() {
        for (pattern, origin, matches) in [
            ("https://app.example.com", "https://app.example.com", true),
            ("https://app.example.com", "http://app.example.com", false),
            ("https://app.example.com", "https://app.example.com:444", false),
            ("https://app.example.com", "https://app.example.com.evil.test", false),
            ("https://app.example.com", "https://APP.example.com", false),
            ("https://app.example.com", "https://app.example.com/", false),
            ("https://app.example.com", "null", false),
            ("null", "null", true),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://a..example.com", false),
            ("https://*.example.com", "http://a.example.com", false),
            ("https://*.example.com", "https://aexample.com", false),
            ("https://*.example.com", "https://a.example.com:8443", false),
            ("https://*.example.com", "https://evil.test/.example.com", false),
            ("https://*.example.com", "https://evil.test:1.example.com", false),
            ("https://*.example.com", "https://user@a.example.com", false),
            ("https://*.example.com", "https://a.example.com.evil.test", false),
            ("https://*.example.com:8443", "https://a.example.com:8443", true),
            ("https://*.example.com:8443", "https://a.example.com", false),
        ] {
            let pattern = OriginPattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(origin), matches, "{pattern} {origin}");
        }
        let long = format!("https://{}.example.com", "a".repeat(LONGEST));
        assert!(!OriginPattern::parse("https://*.example.com").unwrap().matches(&long));
    }
}
