//! Under which keys of a store things stand, and how a change of what stands there is noticed.

use bytes::Bytes;

use super::super::Caching;
use super::Digest;
use super::record::{First, Record};
use crate::host::Host;
use crate::plan::StorePlan;

/// How the keys of a store are made.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// The store forgets what has a lifetime: each digest has a key of its own.
    Digests,
    /// It forgets nothing by itself: there are so many keys, and what comes later takes the place of what was there.
    Places(u32),
}

/// What stood where an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stood {
    /// Nothing.
    #[default]
    Nothing,
    /// Something of the address, of this generation.
    Ours(u64),
    /// Something of another address, or something that cannot be read: its checksum and length.
    Other(u32, usize),
}

/// What goes before all keys of the cache.
const PREFIX: &str = "tollgate/cache/";

// === impl Layout ===

impl Layout {
    /// That of `store` on this host.
    pub fn new<H: Host>(host: &H, caching: &Caching, store: &StorePlan) -> Self {
        match host.forgets(store) {
            true => Self::Digests,
            false => Self::Places(caching.places.max(1)),
        }
    }

    /// The key for a digest: ASCII, and no longer than 79 bytes.
    pub fn key(self, digest: &Digest) -> String {
        use std::fmt::Write as _;
        let mut key = String::with_capacity(PREFIX.len() + 2 * digest.0.len());
        key.push_str(PREFIX);
        // Writing to a `String` does not fail.
        let _ = match self {
            Self::Digests => digest.0.iter().try_for_each(|byte| write!(key, "{byte:02x}")),
            Self::Places(places) => {
                let [a, b, c, d, e, f, g, h, ..] = digest.0;
                write!(key, "{}", u64::from_le_bytes([a, b, c, d, e, f, g, h]) % u64::from(places))
            }
        };
        key
    }
}

// === impl Stood ===

impl Stood {
    /// Of the value that was read, and what it was read as.
    pub fn new(value: Option<&Bytes>, first: Option<&First>) -> Self {
        match (value, first) {
            (None, _) => Self::Nothing,
            (Some(_), Some(first)) => Self::Ours(first.generation),
            (Some(value), None) => Self::Other(crc32fast::hash(value), value.len()),
        }
    }
}

/// What stands under an address, by the value that was read.
pub fn first(value: Option<&Bytes>, address: &Digest) -> Option<First> {
    match Record::decode(value?, address)? {
        Record::First(first) => Some(first),
        Record::Variant(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_million_addresses_have_as_many_keys_as_there_are_places() {
        let mut keys = BTreeSet::new();
        let mut lengths = BTreeSet::new();
        for number in 0..1_000_000_u64 {
            let mut digest = Digest([7; 32]);
            digest.0[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
            keys.insert(Layout::Places(4096).key(&digest));
            lengths.insert(Layout::Digests.key(&digest).len());
        }
        assert_eq!(keys.len(), 4096);
        assert_eq!(lengths, BTreeSet::from([79]));
        assert!(keys.iter().all(|key| key.is_ascii() && key.len() < 79));
    }
}
