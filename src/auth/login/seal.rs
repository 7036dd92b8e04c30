//! Sealing: turning a small value into cookie text that only this gateway can read, and that nobody can change.
//!
//! XChaCha20-Poly1305, whose nonce of 24 bytes may be random without counting how many there were. The key is made
//! from the secret by HKDF-SHA256 (RFC 5869) for one purpose, so that what was sealed for one cannot be opened for
//! another; the associated data binds it to its cookie's and its authenticator's name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::host::UnixMillis;

/// The least length of a secret, in bytes of its text: 32 characters of hexadecimal are 128 bits, of base64 192.
pub const SECRET_LEAST: usize = 32;

/// The most keys at once. Two are enough for a rotation; each costs an attempt to open what is not for it.
pub const KEYS_MOST: usize = 4;

/// The layout of what is sealed. It is bound to the text, so that another layout is not even opened.
const VERSION: u8 = 1;

const NONCE: usize = 24;
/// Poly1305's.
const TAG: usize = 16;
/// When it ends, in milliseconds since 1970, before the value.
const EXPIRY: usize = 8;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A login that has begun and is not finished.
    Login,
    /// A session.
    Session,
}

/// Where something sealed belongs; it opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The cookie's name.
    pub cookie: &'a str,
    /// The authenticator's name.
    pub authenticator: &'a str,
}

/// The keys for one purpose: the first seals, all of them open.
pub struct Keys {
    ciphers: Vec<XChaCha20Poly1305>,
}

/// Why there are no keys: for the operator, and without a secret in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysError {
    /// There is no secret, or there are more than [`KEYS_MOST`].
    Number,
    /// The secret at this place in the list, counted from 0, is shorter than [`SECRET_LEAST`] bytes.
    Short(usize),
}

// === impl Purpose ===

impl Purpose {
    /// RFC 5869 section 3.2: `info` binds a key to what it is for.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Login => b"tollgate login v1",
            Self::Session => b"tollgate session v1",
        }
    }
}

// === impl Keys ===

impl Keys {
    /// Makes the keys for `purpose` from the texts of secrets.
    pub fn derive<'a>(
        secrets: impl IntoIterator<Item = &'a str>,
        purpose: Purpose,
    ) -> Result<Self, KeysError> {
        let mut ciphers = Vec::new();
        for (at, secret) in secrets.into_iter().enumerate() {
            if at == KEYS_MOST {
                return Err(KeysError::Number);
            }
            if secret.len() < SECRET_LEAST {
                return Err(KeysError::Short(at));
            }
            let mut key = [0; 32];
            // Fails only for more than 255 blocks (RFC 5869 section 2.3); this is one.
            Hkdf::<Sha256>::new(None, secret.as_bytes())
                .expand(purpose.label(), &mut key)
                .map_err(|_| KeysError::Number)?;
            ciphers.push(XChaCha20Poly1305::new(&key.into()));
        }
        if ciphers.is_empty() { Err(KeysError::Number) } else { Ok(Self { ciphers }) }
    }

    /// Seals `value` until `expires`, as base64url without padding. `nonce` must be random. None only where the value
    /// is beyond what the cipher takes, 256 GiB.
    pub fn seal(
        &self,
        place: &Place<'_>,
        expires: UnixMillis,
        value: &[u8],
        nonce: [u8; NONCE],
    ) -> Option<String> {
        let mut plain = Vec::with_capacity(EXPIRY + value.len());
        plain.extend_from_slice(&expires.0.to_be_bytes());
        plain.extend_from_slice(value);
        let payload = Payload { msg: &plain, aad: &associated(place) };
        let sealed = self.ciphers.first()?.encrypt(&XNonce::from(nonce), payload).ok()?;
        let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens `text`. None for whatever is not there, was changed, belongs elsewhere, was sealed by another key, or is
    /// over: which of them it was is nobody's business.
    pub fn open(&self, place: &Place<'_>, now: UnixMillis, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION || rest.len() < NONCE + EXPIRY + TAG {
            return None;
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let (nonce, associated) = (XNonce::from(*nonce), associated(place));
        let plain = self
            .ciphers
            .iter()
            .find_map(|cipher| cipher.decrypt(&nonce, Payload { msg: sealed, aad: &associated }).ok())?;
        let (expires, value) = plain.split_first_chunk::<EXPIRY>()?;
        (now.0 < u64::from_be_bytes(*expires)).then(|| value.to_vec())
    }
}

/// Version and names, each with its length before it, so that no two places are written alike.
fn associated(place: &Place<'_>) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for part in [place.cookie, place.authenticator] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";
    const PLACE: Place<'_> = Place { cookie: "__Host-a", authenticator: "people" };
    const NOW: UnixMillis = UnixMillis(1_000);
    const LATER: UnixMillis = UnixMillis(2_000);

    fn keys(secrets: &[&str]) -> Keys {
        Keys::derive(secrets.iter().copied(), Purpose::Session).unwrap()
    }

    fn sealed() -> String {
        keys(&[SECRET]).seal(&PLACE, LATER, b"value", [7; 24]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_until_it_is_over() {
        let (keys, text) = (keys(&[SECRET]), sealed());
        assert_eq!(keys.open(&PLACE, NOW, &text).unwrap(), b"value");
        assert_eq!(keys.open(&PLACE, UnixMillis(1_999), &text).unwrap(), b"value");
        assert_eq!(keys.open(&PLACE, LATER, &text), None);
        assert!(!text.contains('='), "cookie text needs no padding: {text}");
    }

    #[test]
    fn any_key_opens_and_the_first_seals() {
        let text = sealed();
        assert_eq!(keys(&[OTHER, SECRET]).open(&PLACE, NOW, &text).unwrap(), b"value");
        assert_eq!(keys(&[OTHER]).open(&PLACE, NOW, &text), None);
        let newer = keys(&[OTHER, SECRET]).seal(&PLACE, LATER, b"newer", [8; 24]).unwrap();
        assert_eq!(keys(&[OTHER]).open(&PLACE, NOW, &newer).unwrap(), b"newer");
        assert_eq!(keys(&[SECRET]).open(&PLACE, NOW, &newer), None);
    }

    #[test]
    fn nothing_opens_elsewhere() {
        let (keys, text) = (keys(&[SECRET]), sealed());
        for (cookie, authenticator) in [("__Host-b", "people"), ("__Host-a", "staff"), ("__Host-ap", "eople")]
        {
            assert_eq!(keys.open(&Place { cookie, authenticator }, NOW, &text), None);
        }
        let login = Keys::derive([SECRET], Purpose::Login).unwrap();
        assert_eq!(login.open(&PLACE, NOW, &text), None);
    }

    #[test]
    fn what_is_not_sealed_does_not_open() {
        let keys = keys(&[SECRET]);
        for text in ["", "A", "AQ", "!!", "AQEBAQ==", &"AQ".repeat(30), &format!("{}=", sealed())] {
            assert_eq!(keys.open(&PLACE, NOW, text), None, "{text}");
        }
    }

    #[test]
    fn weak_secrets_make_no_keys() {
        let derive = |secrets: &[&str]| Keys::derive(secrets.iter().copied(), Purpose::Session).err();
        assert_eq!(derive(&[]), Some(KeysError::Number));
        assert_eq!(derive(&[SECRET; 5]), Some(KeysError::Number));
        assert_eq!(derive(&[SECRET, &SECRET[1..]]), Some(KeysError::Short(1)));
        assert_eq!(derive(&[SECRET; 4]), None);
    }
}
