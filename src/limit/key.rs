//! Whose permits are counted.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use sha2::{Digest as _, Sha256};

use super::sight::{Said, Sight};
use super::{Algorithm, Limit};
use crate::auth::claims::ClaimPath;
use crate::expression::Expression;

/// What a count is found by: the first 16 bytes of SHA-256 over the limit's name and the values of its parts, so that no
/// store knows who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key(pub [u8; 16]);

/// A part of a key. Where a request does not have it, its client's address stands in.
#[derive(Debug, Clone)]
pub enum KeyPart {
    /// The consumer.
    Consumer,
    /// Who calls in the words of the way in, with the way in.
    Subject,
    /// The credential itself.
    Credential,
    /// The client's address, so many bits of it.
    Address {
        /// Bits of an IPv4 address.
        ipv4: u8,
        /// Bits of an IPv6 address.
        ipv6: u8,
    },
    /// The route.
    Route,
    /// The host that was asked for.
    Host,
    /// All requests together.
    Everybody,
    /// A claim of the caller's token.
    Claim(ClaimPath),
    /// A header field.
    Header(HeaderName),
    /// A cookie.
    Cookie(Box<str>),
    /// The value of an expression.
    Expression(Arc<Expression>),
}

// === impl Key ===

impl Key {
    /// Whose permits of `limit` a request takes.
    ///
    /// Beside the name and the parts, what the limit counts is in it, but for how many: a limit that is raised goes on
    /// with what it has counted, and one that counts something else begins anew.
    pub fn of(limit: &Limit, sight: &Sight<'_>) -> Self {
        let mut hash = Writer(Sha256::new());
        hash.bytes(tag::NAME, limit.name.as_bytes());
        hash.algorithm(&limit.algorithm);
        hash.parts(&limit.key, sight);
        let mut key = [0; 16];
        key.copy_from_slice(&hash.0.finalize()[..16]);
        Self(key)
    }
}

/// What a request has, hashed for those who do not count: as [`Key`], of values alone.
#[derive(Debug, Default)]
pub struct Values(Writer);

/// Where a request stands on a line of 2^64 points, by the values of `parts`: anywhere, each point as likely as another, and
/// the same at every instance and on every host. With another `salt`, the same requests stand elsewhere.
pub fn point(salt: &str, parts: &[KeyPart], sight: &Sight<'_>) -> u64 {
    let mut hash = Writer(Sha256::new());
    hash.bytes(tag::NAME, salt.as_bytes());
    hash.parts(parts, sight);
    hash.point()
}

/// What is hashed, so that no two requests that differ come to the same bytes: everything has a tag that says what it is,
/// and whatever has no length of its own has its length before it.
#[derive(Debug, Default)]
struct Writer(Sha256);

/// What the bytes after a tag are.
mod tag {
    pub const NAME: u8 = 0;
    pub const ALGORITHM: u8 = 1;
    pub const STAND_IN: u8 = 2;
    pub const TEXT: u8 = 3;
    pub const CALLER: u8 = 4;
    pub const CREDENTIAL: u8 = 5;
    pub const LINES: u8 = 6;
    pub const IPV4: u8 = 7;
    pub const IPV6: u8 = 8;
    pub const NOWHERE: u8 = 9;
    pub const EVERYBODY: u8 = 10;
    pub const JSON: u8 = 11;
    pub const NUMBER: u8 = 12;
    pub const REAL: u8 = 13;
    pub const TRUTH: u8 = 14;
}

// === impl Values ===

impl Values {
    /// Adds a value; `false` for an address that is not known, which is none.
    pub fn add(&mut self, said: &Said<'_>) -> bool {
        self.0.said(said);
        !matches!(said, Said::Nowhere)
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) {
        self.0.bytes(tag::TEXT, text.as_bytes());
    }

    /// The first 8 bytes of the hash.
    pub fn finish(self) -> u64 {
        self.0.point()
    }
}

// === impl Writer ===

impl Writer {
    /// The first 8 bytes of the hash.
    fn point(self) -> u64 {
        self.0.finalize().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn length(&mut self, length: usize) {
        self.0.update((length as u64).to_be_bytes());
    }

    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.tag(tag);
        self.length(bytes.len());
        self.0.update(bytes);
    }

    fn fixed<const N: usize>(&mut self, tag: u8, bytes: [u8; N]) {
        self.tag(tag);
        self.0.update(bytes);
    }

    fn algorithm(&mut self, algorithm: &Algorithm) {
        let (kind, span) = match algorithm {
            Algorithm::Bucket { per, .. } => (0, *per),
            Algorithm::Fixed { per, .. } => (1, *per),
            Algorithm::Sliding { per, .. } => (2, *per),
            Algorithm::Calendar { period, .. } => (3, *period as u64),
            Algorithm::Concurrent { .. } => (4, 0),
        };
        self.tag(tag::ALGORITHM);
        self.fixed(kind, span.to_be_bytes());
    }

    fn parts(&mut self, parts: &[KeyPart], sight: &Sight<'_>) {
        for part in parts {
            sight.look(part, |said| match said {
                Some(said) => self.said(&said),
                None => {
                    self.tag(tag::STAND_IN);
                    self.said(&sight.stand_in(parts));
                }
            });
        }
    }

    fn said(&mut self, said: &Said<'_>) {
        match said {
            Said::Text(text) => self.bytes(tag::TEXT, text.as_bytes()),
            Said::Caller(by, subject) => {
                self.bytes(tag::CALLER, by.as_bytes());
                self.bytes(tag::TEXT, subject.as_bytes());
            }
            Said::Credential(credential) => self.fixed(tag::CREDENTIAL, credential.0),
            // One list, on however many lines it stands.
            Said::Lines(lines) => {
                let count = lines.iter().count();
                let separators = JOINED.len() * count.saturating_sub(1);
                self.tag(tag::LINES);
                self.length(lines.iter().map(|line| line.len()).sum::<usize>() + separators);
                for (at, line) in lines.iter().enumerate() {
                    self.0.update(if at == 0 { &b""[..] } else { JOINED });
                    self.0.update(line.as_bytes());
                }
            }
            Said::Network(IpAddr::V4(address)) => self.fixed(tag::IPV4, address.octets()),
            Said::Network(IpAddr::V6(address)) => self.fixed(tag::IPV6, address.octets()),
            Said::Nowhere => self.tag(tag::NOWHERE),
            Said::Everybody => self.tag(tag::EVERYBODY),
            Said::Json(json) => self.bytes(tag::JSON, json.to_string().as_bytes()),
            Said::Number(number) => self.fixed(tag::NUMBER, number.to_be_bytes()),
            Said::Real(number) => self.fixed(tag::REAL, number.to_bits().to_be_bytes()),
            Said::Truth(truth) => self.fixed(tag::TRUTH, [u8::from(*truth)]),
        }
    }
}

/// What lines of one field are joined with (RFC 9110 section 5.3).
const JOINED: &[u8] = b", ";

// === impl KeyPart ===

impl KeyPart {
    /// Whether its value is a secret, or holds some.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Credential | Self::Cookie(_) => true,
            Self::Header(name) => [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name),
            _ => false,
        }
    }

    /// Whether it says something of who calls.
    pub fn is_about_the_caller(&self) -> bool {
        match self {
            Self::Consumer | Self::Subject | Self::Credential | Self::Claim(_) => true,
            Self::Expression(expression) => {
                expression.reads().iter().any(|variable| variable.is_about_the_caller())
            }
            _ => false,
        }
    }
}
