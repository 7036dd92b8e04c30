//! Clients that stay with a target, by a cookie that says which.
//!
//! The cookie holds the hash of the target's name, with a signature, in such a way that nobody without the secret can read
//! it, change it, or make one (a synthetic initialisation vector, as in RFC 5297: the signature is also what the hash is hidden by).
//! Nothing is kept in the gateway, so that every instance knows the targets of any other's cookies.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::auth::login::cookie;
use crate::plan::Upstream;

/// How clients stay with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sticky {
    /// The name of the cookie.
    pub cookie: Box<str>,
    /// The variable with the secret.
    pub secret: Box<str>,
    /// The paths that clients send it for.
    pub path: Box<str>,
    /// How long clients keep it; `None` for as long as the browser runs.
    pub max_age: Option<Duration>,
}

/// What cookies of one upstream are made and read with.
#[derive(Debug)]
pub struct Keys {
    sign: [u8; 32],
    hide: [u8; 32],
}

/// The least length of a secret, in bytes of its text: 32 characters of hexadecimal are 128 bits.
pub const LEAST_SECRET: usize = 32;

/// How much of the signature is kept: 128 bits are more than anybody guesses.
const SIGNATURE: usize = 16;

/// RFC 5869 section 3.2: binds the keys to their use, so that the same secret gives others elsewhere.
const USE: &[u8] = b"tollgate sticky v1 ";

// === impl Keys ===

impl Keys {
    /// The keys for `upstream`; `None` for a secret that is shorter than [`LEAST_SECRET`].
    pub fn derive(secret: &str, upstream: &str) -> Option<Self> {
        if secret.len() < LEAST_SECRET {
            return None;
        }
        let mut both = [0; 64];
        // Fails only for more than 255 blocks (RFC 5869 section 2.3); these are two.
        Hkdf::<Sha256>::new(None, secret.as_bytes())
            .expand_multi_info(&[USE, upstream.as_bytes()], &mut both)
            .ok()?;
        let mut keys = Self { sign: [0; 32], hide: [0; 32] };
        keys.sign.copy_from_slice(&both[..32]);
        keys.hide.copy_from_slice(&both[32..]);
        Some(keys)
    }

    /// The value of a cookie for the target whose name has this hash.
    pub fn write(&self, target: u64) -> String {
        let target = target.to_be_bytes();
        let signature = self.signature(target);
        let mut bytes = [0; SIGNATURE + 8];
        bytes[..SIGNATURE].copy_from_slice(&signature);
        bytes[SIGNATURE..].copy_from_slice(&self.hidden(&signature, target));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The hash of the target's name; `None` for whatever was not made with these keys.
    pub fn read(&self, text: &str) -> Option<u64> {
        let mut bytes = [0; SIGNATURE + 8];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (signature, hidden) = bytes.split_first_chunk::<SIGNATURE>()?;
        let hidden = *hidden.first_chunk::<8>().filter(|_| length == SIGNATURE + 8)?;
        let target = self.hidden(signature, hidden);
        let is_ours: bool = self.signature(target).ct_eq(signature).into();
        is_ours.then(|| u64::from_be_bytes(target))
    }

    fn signature(&self, target: [u8; 8]) -> [u8; SIGNATURE] {
        first(&self.sign, &target)
    }

    /// Hides what is plain, and the other way round.
    fn hidden(&self, signature: &[u8; SIGNATURE], text: [u8; 8]) -> [u8; 8] {
        let mask: [u8; 8] = first(&self.hide, signature);
        (u64::from_be_bytes(mask) ^ u64::from_be_bytes(text)).to_be_bytes()
    }
}

/// The first bytes of HMAC-SHA-256.
fn first<const N: usize>(key: &[u8; 32], text: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    // HMAC takes keys of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(text);
        first.copy_from_slice(&mac.finalize().into_bytes()[..N]);
    }
    first
}

// === impl Sticky ===

impl Sticky {
    /// `Set-Cookie` with this value; `None` where it is no text for a header.
    pub fn set(&self, value: &str, secure: bool) -> Option<HeaderValue> {
        let mut text = format!("{}={value}; Path={}", self.cookie, self.path);
        if let Some(age) = self.max_age {
            write!(text, "; Max-Age={}", age.as_secs()).ok()?;
        }
        if secure {
            text.push_str("; Secure");
        }
        text.push_str("; HttpOnly; SameSite=Lax");
        HeaderValue::try_from(text).ok()
    }
}

/// Takes the cookies of every upstream whose clients stay with a target out of a request.
pub fn remove_cookies(upstreams: &[Upstream], headers: &mut HeaderMap) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let ours = || upstreams.iter().filter_map(|upstream| upstream.balance.sticky.as_ref());
    if ours().next().is_some() {
        cookie::remove(headers, |name| ours().any(|sticky| &*sticky.cookie == name));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_these_keys_read_it() {
        let keys = Keys::derive(SECRET, "orders").unwrap();
        let text = keys.write(7);
        assert_eq!(text.len(), 32);
        assert_eq!(keys.read(&text), Some(7));
        assert_eq!(keys.write(7), text);
        assert_ne!(keys.write(8), text);
        assert_eq!(Keys::derive(SECRET, "users").unwrap().read(&text), None);
        assert_eq!(Keys::derive("fedcba9876543210fedcba9876543210", "orders").unwrap().read(&text), None);
        assert!(Keys::derive("too short", "orders").is_none());
    }

    #[test]
    fn nothing_that_was_changed_is_read() {
        let keys = Keys::derive(SECRET, "orders").unwrap();
        let text = keys.write(7);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.read(std::str::from_utf8(&changed).unwrap()), None, "{at}");
            assert_eq!(keys.read(&text[..at]), None, "{at}");
        }
        for wrong in ["", "=", "ä", &text.repeat(2), &format!("{text}="), &"A".repeat(32)] {
            assert_eq!(keys.read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn attributes() {
        let mut sticky = Sticky {
            cookie: "at".into(),
            secret: "s".into(),
            path: "/".into(),
            max_age: Some(Duration::from_secs(60)),
        };
        let text = |sticky: &Sticky, secure| sticky.set("v", secure).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text(&sticky, true), "at=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
        sticky.max_age = None;
        assert_eq!(text(&sticky, false), "at=v; Path=/; HttpOnly; SameSite=Lax");
    }
}
