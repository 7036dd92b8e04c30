//! `Content-Digest` (RFC 9530): what the content must be.

use std::fmt;

use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use sha2::{Digest as _, Sha256, Sha512};

use super::field_value;

/// RFC 9530 section 2.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// How many bytes of the field are read. A digest has 64 at most; there is room for every algorithm of the registry.
const MOST_BYTES: usize = 2 * 1024;

/// The digests that content is compared with: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigest {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

/// Why content is not what its digests say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestError {
    /// There is no `Content-Digest`.
    Absent,
    /// It is not what RFC 9530 section 2 says, or too large.
    Malformed,
    /// No algorithm in it is one that is compared: `sha-256` and `sha-512`.
    Unknown,
    /// The content has another digest.
    Different,
}

/// Whether content is compared with digests of this algorithm: those of IANA's registry "Hash Algorithms for HTTP
/// Digest Fields" that are active (RFC 9530 section 7.2). The others "MUST NOT be used" against an adversary
/// (section 6.6).
pub fn is_known(algorithm: &str) -> bool {
    matches!(algorithm, "sha-256" | "sha-512")
}

// === impl ContentDigest ===

impl ContentDigest {
    /// Reads `Content-Digest`. Algorithms that are not known are passed over, as long as one is.
    pub fn of(headers: &HeaderMap) -> Result<Self, DigestError> {
        let joined = field_value::joined(headers, &CONTENT_DIGEST).ok_or(DigestError::Absent)?;
        if joined.len() > MOST_BYTES {
            return Err(DigestError::Malformed);
        }
        let members: Dictionary = Parser::new(&joined).parse().map_err(|_| DigestError::Malformed)?;
        let digest = Self { sha256: member(&members, "sha-256")?, sha512: member(&members, "sha-512")? };
        if digest.sha256.is_none() && digest.sha512.is_none() {
            return Err(DigestError::Unknown);
        }
        Ok(digest)
    }

    /// Compares `content` with every digest of it.
    pub fn verify(&self, content: &[u8]) -> Result<(), DigestError> {
        let is_256 = self.sha256.is_none_or(|digest| Sha256::digest(content).as_slice() == digest);
        let is_512 = self.sha512.is_none_or(|digest| Sha512::digest(content).as_slice() == digest);
        if is_256 && is_512 { Ok(()) } else { Err(DigestError::Different) }
    }
}

fn member<const LENGTH: usize>(
    members: &Dictionary,
    algorithm: &str,
) -> Result<Option<[u8; LENGTH]>, DigestError> {
    match members.get(algorithm) {
        None => Ok(None),
        Some(ListEntry::Item(item)) => match &item.bare_item {
            BareItem::ByteSequence(bytes) => {
                bytes.as_slice().try_into().map(Some).map_err(|_| DigestError::Malformed)
            }
            _ => Err(DigestError::Malformed),
        },
        Some(ListEntry::InnerList(_)) => Err(DigestError::Malformed),
    }
}

// === impl DigestError ===

impl fmt::Display for DigestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "there is no Content-Digest",
            Self::Malformed => "Content-Digest is malformed",
            Self::Unknown => "Content-Digest has neither sha-256 nor sha-512",
            Self::Different => "the content is not what Content-Digest says",
        })
    }
}

impl std::error::Error for DigestError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn compared(lines: &[&str], content: &[u8]) -> Result<(), DigestError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_DIGEST, HeaderValue::from_str(line).unwrap());
        }
        ContentDigest::of(&headers)?.verify(content)
    }

    /// RFC 9530 appendix B.1, D.1 and RFC 9421 appendix B.2.
    const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    const SHA_512: &str =
        "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
    const HELLO: &[u8] = b"{\"hello\": \"world\"}\n";

    #[test]
    fn examples() {
        assert_eq!(compared(&[SHA_256], HELLO), Ok(()));
        assert_eq!(compared(&[SHA_512], HELLO), Ok(()));
        // RFC 9421 appendix B.2: the same content without the line feed.
        let test_request = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
        assert_eq!(compared(&[test_request], b"{\"hello\": \"world\"}"), Ok(()));
        assert_eq!(compared(&[test_request], HELLO), Err(DigestError::Different));
        // RFC 9530 appendix B.2: no content.
        let empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        assert_eq!(compared(&[empty], b""), Ok(()));
    }

    #[test]
    fn all_that_are_known_must_fit() {
        assert_eq!(compared(&[SHA_256, SHA_512], HELLO), Ok(()));
        assert_eq!(compared(&[&format!("md5=:AQ==:, {SHA_256}")], HELLO), Ok(()));
        let wrong = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
        assert_eq!(compared(&[SHA_256, wrong], HELLO), Err(DigestError::Different));
        assert_eq!(compared(&[SHA_256, SHA_512], b"other"), Err(DigestError::Different));
    }

    #[test]
    fn what_is_no_digest() {
        assert_eq!(compared(&[], HELLO), Err(DigestError::Absent));
        assert_eq!(compared(&[""], HELLO), Err(DigestError::Unknown));
        assert_eq!(compared(&["md5=:AQ==:, unixsum=:AQ==:"], HELLO), Err(DigestError::Unknown));
        for line in [
            "sha-256",
            "sha-256=1",
            "sha-256=\"RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=\"",
            "sha-256=:RK/0:",
            "sha-256=(:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:)",
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
            "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
            // RFC 9530 appendix B.5 has one padding character too many.
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg==:",
        ] {
            assert_eq!(compared(&[line], HELLO), Err(DigestError::Malformed), "{line}");
        }
        let long = format!("{SHA_256};x=\"{}\"", "x".repeat(MOST_BYTES));
        assert_eq!(compared(&[&long], HELLO), Err(DigestError::Malformed));
    }
}
