//! Tokens at rest: what is kept in a key-value store, where others may read, is encrypted.
//!
//! The key is derived from the client's secret, which the store never sees (HKDF, RFC 5869), so there is no further
//! secret to look after: whoever can read the token could fetch one. What a token is for is bound to it as additional
//! data: a token cannot be moved to another upstream's place. ChaCha20-Poly1305 (RFC 8439), with a random nonce: at one
//! token a minute, 2^32 of them under one key take eight thousand years.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::grant::Granted;
use crate::host::{Secret, UnixMillis};

/// The first byte of what is written: another form would begin with another.
const VERSION: u8 = 1;

const NONCE: usize = 12;

/// RFC 5869 section 3.2: binds the key to its use, so that the same secret gives other keys elsewhere.
const USE: &[u8] = b"tollgate client-credentials token v1";

/// `granted` encrypted under a key made from `secret`; `place` is where it is kept.
pub fn seal(
    granted: &Granted,
    secret: &Secret,
    place: &str,
    random: &mut dyn FnMut(&mut [u8]),
) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    random(&mut nonce);
    let mut plain = [granted.since.0.to_be_bytes(), granted.until.0.to_be_bytes()].concat();
    plain.extend_from_slice(granted.token.expose().as_bytes());
    let payload = Payload { msg: &plain, aad: place.as_bytes() };
    let sealed = cipher(secret)?.encrypt(Nonce::from_slice(&nonce), payload).ok()?;
    Some([&[VERSION][..], &nonce, &sealed].concat())
}

/// What [`seal`] encrypted for the same `secret` and `place`; `None` for anything else.
pub fn open(sealed: &[u8], secret: &Secret, place: &str) -> Option<Granted> {
    let sealed = sealed.strip_prefix(&[VERSION])?;
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let payload = Payload { msg: sealed, aad: place.as_bytes() };
    let plain = cipher(secret)?.decrypt(Nonce::from_slice(nonce), payload).ok()?;
    let (since, rest) = plain.split_first_chunk::<8>()?;
    let (until, token) = rest.split_first_chunk::<8>()?;
    let [since, until] = [since, until].map(|bytes| UnixMillis(u64::from_be_bytes(*bytes)));
    Some(Granted { token: Secret::new(std::str::from_utf8(token).ok()?), since, until })
}

fn cipher(secret: &Secret) -> Option<ChaCha20Poly1305> {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, secret.expose().as_bytes()).expand(USE, &mut key).ok()?;
    Some(ChaCha20Poly1305::new(&key.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_who_has_the_secret_reads_it() {
        let granted = Granted {
            token: Secret::new("the-token"),
            since: UnixMillis(7),
            until: UnixMillis(1_795_219_199_999),
        };
        let secret = Secret::new("s3cret");
        let mut counter = 0;
        let mut random = |bytes: &mut [u8]| {
            counter += 1;
            bytes.fill(counter);
        };
        let sealed = seal(&granted, &secret, "token/users", &mut random).unwrap();
        assert_eq!(open(&sealed, &secret, "token/users"), Some(granted.clone()));
        assert!(!sealed.windows(9).any(|window| window == b"the-token"));
        // A new nonce each time.
        assert_ne!(seal(&granted, &secret, "token/users", &mut random).unwrap(), sealed);

        assert_eq!(open(&sealed, &Secret::new("s3cres"), "token/users"), None);
        assert_eq!(open(&sealed, &secret, "token/other"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed, &secret, "token/users"), None, "byte {at}");
            assert_eq!(open(&sealed[..at], &secret, "token/users"), None, "{at} bytes");
        }
    }
}
