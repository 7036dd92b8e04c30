//! Under what answers are kept: digests of everything that they depend on.

/// A SHA-256 digest. Nobody can make two requests with the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Under what the answers to a request are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The address within the route: what an unsafe method makes invalid.
    pub address: Digest,
    /// What the policy adds to it of this request; `None` where that is nothing.
    pub part: Option<Digest>,
}
