//! Validators: what tells whether two answers are about the same thing (RFC 9110 section 8.8).

use http::header::{ETAG, HeaderMap};

/// An entity tag (RFC 9110 section 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag<'a> {
    /// Answers with the same one are equivalent, and need not be the same to the byte.
    pub weak: bool,
    /// What is between the quotes.
    pub opaque: &'a [u8],
}

// === impl EntityTag ===

impl<'a> EntityTag<'a> {
    /// That of an answer, where it is well-formed.
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        headers.get(ETAG).and_then(|value| Self::parse(value.as_bytes()))
    }

    /// Reads one.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = value.trim_ascii();
        // The `W` is case-sensitive.
        let (weak, quoted) = value.strip_prefix(b"W/").map_or((false, value), |rest| (true, rest));
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        // `etagc` of RFC 9110 section 8.8.3: visible characters but the quote, and obs-text.
        let allowed = |byte: &u8| matches!(byte, b'!' | b'#'..=b'~' | 0x80..);
        opaque.iter().all(allowed).then_some(Self { weak, opaque })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_entity_tag() {
        let tag = |value: &'static str| EntityTag::parse(value.as_bytes());
        assert_eq!(tag("\"xyzzy\""), Some(EntityTag { weak: false, opaque: b"xyzzy" }));
        assert_eq!(tag("W/\"xyzzy\""), Some(EntityTag { weak: true, opaque: b"xyzzy" }));
        assert_eq!(tag("\"\""), Some(EntityTag { weak: false, opaque: b"" }));
        assert!(tag("\"\u{fc},/=\"").is_some());
        for none in [
            "",
            "*",
            "\"",
            "abc",
            "w/\"a\"",
            "W\"a\"",
            "W\\\"a\"",
            "\"a\", \"b\"",
            "\"a\"b\"",
            "\"a b\"",
            "'a'",
        ] {
            assert_eq!(tag(none), None, "{none}");
        }
    }
}
