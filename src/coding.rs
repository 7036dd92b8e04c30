//! Content codings (RFC 9110 section 8.4): content made smaller for its way, and made readable again.
//!
//! Whoever decodes reads what others wrote: everything that comes out is bounded before it grows, and what is cut off, broken
//! or followed by something else is an error with a name. The same code runs on every host.

use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

pub mod accept;
mod collect;
mod decode;
mod encode;

pub use collect::{Room, Unreadable, collect_decoded};
pub use decode::{Decoder, decode};
pub use encode::Encoder;

/// How many codings one content may have, one around the other. More than one is a mistake of somebody's in practice, two of
/// them happen; each one more is a way to make much of little.
pub const MOST_CODINGS: usize = 3;

/// What is decoded, as `Accept-Encoding` of an answer says it (RFC 9110 section 12.5.3).
pub const READABLE: &str = "gzip, deflate, br, zstd";

/// A coding that is read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// `gzip` (RFC 1952), also as `x-gzip`.
    Gzip,
    /// `deflate`: zlib (RFC 1950), and what some servers send under this name, deflate (RFC 1951) alone.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878) with a window of at most 8 MiB (RFC 9659).
    Zstd,
}

/// Why content cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has a coding that is not read here.
    Unknown,
    /// It has more than [`MOST_CODINGS`].
    TooMany,
    /// It ends before its end.
    Truncated(Coding),
    /// It is not what the coding says, or its checksum is another.
    Corrupt(Coding),
    /// Something stands behind its end.
    Trailing(Coding),
    /// It needs more memory than RFC 9659 section 3 lets a sender ask for.
    Window,
    /// It is larger than allowed, decoded.
    TooLarge,
}

/// The codings of content with the fields `headers`, in the order in which they were applied. None where it is readable as it
/// is.
pub fn of(headers: &HeaderMap) -> Result<Vec<Coding>, Fault> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // RFC 9110 section 5.6.1: empty members count for nothing; nor does `identity` (section 8.4.1).
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            codings.push(Coding::of_name(name).ok_or(Fault::Unknown)?);
            if codings.len() > MOST_CODINGS {
                return Err(Fault::TooMany);
            }
        }
    }
    Ok(codings)
}

/// Whether content with the fields `headers` has any coding, known or not.
pub fn is_coded(headers: &HeaderMap) -> bool {
    !of(headers).is_ok_and(|codings| codings.is_empty())
}

// === impl Coding ===

impl Coding {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// Its name in fields.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// RFC 9110 section 8.4.1: names in any case; `x-gzip` is `gzip`.
    pub fn of_name(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL.into_iter().find(|coding| coding.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl Fault ===

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the content has a coding that is not read here"),
            Self::TooMany => write!(f, "the content has more than {MOST_CODINGS} codings"),
            Self::Truncated(coding) => write!(f, "the content, as {coding}, ends before its end"),
            Self::Corrupt(coding) => write!(f, "the content is not valid {coding}"),
            Self::Trailing(coding) => {
                write!(f, "something stands behind the end of the content, as {coding}")
            }
            Self::Window => f.write_str("the content, as zstd, needs a window of more than 8 MiB"),
            Self::TooLarge => f.write_str("the content is too large, decoded"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests;
