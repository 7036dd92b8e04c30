//! SHA-256 digests: what is kept of a secret.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The SHA-256 digest of a secret. Compared in constant time, and never shown whole but by [`Self::hex`].
///
/// A digest without salt and without stretching is enough for a secret of 256 random bits: nobody can guess one, so
/// there is nothing that a slow hash would slow down, and no table of guesses that a salt would spoil. It is not enough
/// for a password; see [`crate::auth::password`].
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

/// How many hexadecimal digits of a digest name it: 48 bits, so that a million keys hardly ever share a name, and
/// nothing that helps to find the secret.
pub const NAME_DIGITS: usize = 12;

/// What goes before a digest in a configuration.
pub const SCHEME: &str = "sha256:";

// === impl Digest ===

impl Digest {
    /// The digest of `secret`.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Reads 64 hexadecimal digits, in lower case only, so that a digest has one spelling.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What people call it: its first [`NAME_DIGITS`] hexadecimal digits.
    pub fn name(&self) -> String {
        let mut name = self.hex();
        name.truncate(NAME_DIGITS);
        name
    }

    /// The bytes, for looking it up. An index over digests does not tell an attacker anything useful by its timing:
    /// what is compared are the bytes of a digest, which nobody can choose without knowing the secret. What a look-up
    /// finds is still compared in constant time.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}…", self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// FIPS 180-4, the example of one block.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn is_sha_256() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.hex(), ABC);
        assert_eq!(Digest::from_hex(ABC).unwrap(), digest);
        assert_ne!(Digest::of(b"abd"), digest);
        assert_eq!(digest.name(), "ba7816bf8f01");
    }

    #[test]
    fn has_one_spelling() {
        for bad in
            [&ABC.to_uppercase(), &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "g"), "", &"é".repeat(32)]
        {
            assert!(Digest::from_hex(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn is_never_shown_whole() {
        assert_eq!(format!("{:?}", Digest::of(b"abc")), "sha256:ba7816bf8f01…");
    }
}
