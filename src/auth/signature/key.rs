//! The keys that signatures are verified with (RFC 9421 section 3.3). Each has one algorithm.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// RFC 2104 section 3: keys of less than the digest's length "would decrease the security strength".
const LEAST_SECRET: usize = 32;

/// RFC 8410 section 4: what stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An algorithm of IANA's registry "HTTP Signature Algorithms" (RFC 9421 section 6.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 9421 section 3.3.6.
    Ed25519,
    /// RFC 9421 section 3.3.3.
    HmacSha256,
}

/// A key, with its algorithm.
#[derive(Clone)]
pub enum Key {
    /// A public key, known not to be one that every signature fits.
    Ed25519(VerifyingKey),
    /// A shared secret.
    HmacSha256(Hmac<Sha256>),
}

/// Why something is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Neither PEM (`BEGIN PUBLIC KEY`) nor base64.
    Encoding,
    /// Not an Ed25519 key.
    NotEd25519,
    /// A point of small order: signatures that fit everything can be made for it.
    Weak,
    /// A secret of fewer than 32 bytes.
    Short,
}

// === impl Key ===

impl Key {
    /// An Ed25519 public key: PEM as `openssl pkey -pubout` writes it, or base64 of the same or of the 32 bytes of the
    /// key.
    pub fn ed25519(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text).ok_or(KeyError::Encoding)?;
        let raw = bytes.strip_prefix(&SPKI).unwrap_or(&bytes);
        let raw: &[u8; 32] = raw.try_into().map_err(|_| KeyError::NotEd25519)?;
        let key = VerifyingKey::from_bytes(raw).map_err(|_| KeyError::NotEd25519)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self::Ed25519(key)) }
    }

    /// A shared secret.
    pub fn hmac_sha256(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < LEAST_SECRET {
            return Err(KeyError::Short);
        }
        Hmac::new_from_slice(secret).map(Self::HmacSha256).map_err(|_| KeyError::Short)
    }

    /// The one algorithm of this key.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::HmacSha256(_) => Algorithm::HmacSha256,
        }
    }

    /// Whether `signature` is this key's over `base`. Takes the same time whatever is wrong with an HMAC.
    pub(super) fn verifies(&self, base: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(base, &signature).is_ok()),
            Self::HmacSha256(keyed) => keyed.clone().chain_update(base).verify_slice(signature).is_ok(),
        }
    }
}

/// A key is not shown, whatever it is.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Key").field(&self.algorithm()).finish()
    }
}

/// RFC 7468 section 13, or base64 alone. White space does not count.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let inner = match text.strip_prefix("-----BEGIN PUBLIC KEY-----") {
        Some(rest) => rest.strip_suffix("-----END PUBLIC KEY-----")?,
        None => text,
    };
    let packed: Vec<u8> = inner.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

// === impl Algorithm ===

impl Algorithm {
    /// Its name in IANA's registry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::HmacSha256 => "hmac-sha256",
        }
    }
}

// === impl KeyError ===

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Encoding => "it is neither PEM (BEGIN PUBLIC KEY) nor base64",
            Self::NotEd25519 => "it is not an Ed25519 public key",
            Self::Weak => "it is a weak key: signatures that fit everything can be made for it",
            Self::Short => "it has fewer than 32 bytes",
        })
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// RFC 9421 appendix B.1.4.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
                       MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
                       -----END PUBLIC KEY-----\n";

    #[test]
    fn ed25519_keys() {
        let point = |text: &str| match Key::ed25519(text) {
            Ok(Key::Ed25519(key)) => Ok(key.to_bytes()),
            Ok(Key::HmacSha256(_)) => panic!("a public key is no secret"),
            Err(error) => Err(error),
        };
        let pem = point(PEM).unwrap();
        assert_eq!(pem[..2], [0x26, 0xb4]);
        assert_eq!(point("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="), Ok(pem));
        assert_eq!(point(" JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"), Ok(pem));
        assert_eq!(point(&PEM.replace('\n', "\r\n")), Ok(pem));
        for (text, error) in [
            ("", KeyError::NotEd25519),
            ("!", KeyError::Encoding),
            ("-----BEGIN PUBLIC KEY-----\nMCow", KeyError::Encoding),
            ("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----", KeyError::Encoding),
            ("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0Q==", KeyError::NotEd25519),
            // An X25519 key.
            ("MCowBQYDK2VuAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=", KeyError::NotEd25519),
            // No point of the curve has this y.
            ("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KeyError::NotEd25519),
            // The identity.
            ("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KeyError::Weak),
        ] {
            assert_eq!(point(text), Err(error), "{text}");
        }
    }

    #[test]
    fn secrets() {
        assert!(matches!(Key::hmac_sha256(&[7; 31]), Err(KeyError::Short)));
        let key = Key::hmac_sha256(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(HmacSha256)");
        assert!(!key.verifies(b"base", b""));
        assert!(!key.verifies(b"base", &[0; 32]));
    }
}
