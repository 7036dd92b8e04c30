//! Fields that tell browsers to be careful, on every answer of a route.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};

/// The fields of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`, for answers over TLS.
    pub hsts: Option<HeaderValue>,
    /// All others. None is here twice.
    pub always: Vec<(HeaderName, HeaderValue)>,
}

// === impl SecurityHeaders ===

impl SecurityHeaders {
    /// Writes the fields into the answer to a client whose connection is `secure`, or was to the trusted proxy that it
    /// came to. What an upstream said is replaced.
    pub fn stamp(&self, secure: bool, headers: &mut HeaderMap) {
        for (name, value) in &self.always {
            headers.insert(name, value.clone());
        }
        if let Some(hsts) = &self.hsts {
            // RFC 6797 section 7.2: MUST NOT be in an answer without TLS, where anybody could have written it;
            // section 6.1: not more than one.
            match secure {
                true => drop(headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone())),
                false => drop(headers.remove(STRICT_TRANSPORT_SECURITY)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(hsts: bool) -> SecurityHeaders {
        SecurityHeaders {
            hsts: hsts.then(|| HeaderValue::from_static("max-age=1")),
            always: vec![(http::header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))],
        }
    }

    fn stamped(policy: &SecurityHeaders, secure: bool) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-frame-options", "ALLOWALL"),
            ("x-frame-options", "SAMEORIGIN"),
            ("strict-transport-security", "max-age=0"),
            ("x-other", "1"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        policy.stamp(secure, &mut headers);
        let mut lines: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        lines.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        lines
    }

    fn lines(lines: &[(&'static str, &'static str)]) -> Vec<(HeaderName, HeaderValue)> {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_gateways_word_replaces_an_upstreams() {
        assert_eq!(
            stamped(&policy(true), true),
            lines(&[
                ("strict-transport-security", "max-age=1"),
                ("x-frame-options", "DENY"),
                ("x-other", "1")
            ])
        );
    }

    #[test]
    fn no_hsts_without_tls_not_even_an_upstreams() {
        assert_eq!(stamped(&policy(true), false), lines(&[("x-frame-options", "DENY"), ("x-other", "1")]));
    }

    #[test]
    fn what_is_left_out_passes() {
        let expected = lines(&[
            ("strict-transport-security", "max-age=0"),
            ("x-frame-options", "DENY"),
            ("x-other", "1"),
        ]);
        assert_eq!(stamped(&policy(false), false), expected);
        assert_eq!(stamped(&policy(false), true), expected);
    }
}
