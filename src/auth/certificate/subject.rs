//! Which of a certificate's names says who the caller is, and which of them are let in.

use std::fmt;

use super::x509::ClientCertificate;

/// Which of a certificate's names says who the caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectOf {
    /// The subject, as RFC 4514 writes it.
    Subject,
    /// The subject's common name.
    CommonName,
    /// A name of the DNS among the alternative names.
    Dns,
    /// A URI among them.
    Uri,
    /// A mail address among them.
    Email,
    /// SHA-256 of the certificate.
    Fingerprint,
}

/// A name, or many: with an asterisk at one end, which stands for one character or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// Exactly this.
    Exact(Box<str>),
    /// What begins so: `spiffe://example.org/ns/shop/*`.
    Beginning(Box<str>),
    /// What ends so: `*.clients.example.com`.
    End(Box<str>),
}

/// The longest name that is taken for who the caller is, in bytes: it goes into fields and logs.
const LONGEST: usize = 1024;

// === impl SubjectOf ===

impl SubjectOf {
    /// The certificate's names of this kind.
    pub fn names(self, certificate: &ClientCertificate) -> &[Box<str>] {
        let one = std::slice::from_ref;
        match self {
            Self::Subject => one(&certificate.subject),
            Self::CommonName => certificate.common_name.as_slice(),
            Self::Dns => &certificate.dns,
            Self::Uri => &certificate.uris,
            Self::Email => &certificate.emails,
            Self::Fingerprint => one(&certificate.fingerprint),
        }
    }

    /// Who the caller is: the first of the certificate's names of this kind that is let in; any is where `allow` is
    /// empty. A name with characters that a field or a line of a log could not have is nobody's.
    pub fn caller<'c>(self, certificate: &'c ClientCertificate, allow: &[NamePattern]) -> Option<&'c str> {
        let usable =
            |name: &&str| !name.is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control);
        let allowed = |name: &&str| allow.is_empty() || allow.iter().any(|pattern| pattern.matches(name));
        self.names(certificate).iter().map(|name| &**name).filter(usable).find(allowed)
    }
}

impl fmt::Display for SubjectOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "subject",
            Self::CommonName => "common name",
            Self::Dns => "name of the DNS",
            Self::Uri => "URI",
            Self::Email => "mail address",
            Self::Fingerprint => "fingerprint",
        })
    }
}

// === impl NamePattern ===

impl NamePattern {
    /// Reads a name with or without an asterisk at one end; `None` where there are more, or elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (None, None) => Self::Exact(text.into()),
            (Some(end), None) => Self::End(end.into()),
            (None, Some(beginning)) => Self::Beginning(beginning.into()),
            (Some(_), Some(_)) => return None,
        };
        let (Self::Exact(rest) | Self::Beginning(rest) | Self::End(rest)) = &pattern;
        (!rest.is_empty() && !rest.contains('*')).then_some(pattern)
    }

    fn matches(&self, name: &str) -> bool {
        let longer = |part: &str| name.len() > part.len();
        match self {
            Self::Exact(exact) => **exact == *name,
            Self::Beginning(beginning) => longer(beginning) && name.starts_with(&**beginning),
            Self::End(end) => longer(end) && name.ends_with(&**end),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, matches) in [
            ("a.example.com", "a.example.com", true),
            ("a.example.com", "b.example.com", false),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.example.com.evil.test", false),
            ("spiffe://a/ns/*", "spiffe://a/ns/x/y", true),
            ("spiffe://a/ns/*", "spiffe://a/ns/", false),
            ("spiffe://a/ns/*", "https://spiffe://a/ns/x", false),
        ] {
            assert_eq!(NamePattern::parse(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for bad in ["", "*", "**", "*a*", "a*b", "*a*b"] {
            assert_eq!(NamePattern::parse(bad), None, "{bad}");
        }
    }
}
