//! API keys: what they look like, and how they are made and read.
//!
//! A key is `PREFIX_BODYCHECK`: a prefix by which scanners for leaked secrets know it, 256 random bits as 43 digits in
//! base 62, and the CRC-32 (ISO-HDLC, as in zip) of all before it as 6 digits more. `tgk_` and 49 letters and digits.
//! The checksum tells a key from something that only looks like one, without asking anybody: scanners report fewer
//! false finds, and a request with a mistyped key costs no look-up. It is no secret and protects nothing.
//!
//! Only the SHA-256 digest of the whole text is ever kept; [`Digest`] says why no slow hash is needed.

use std::fmt;

use super::base62::{self, DIGITS};
use crate::auth::digest::Digest;
use crate::host::Secret;

/// The prefix where none is chosen.
pub const DEFAULT_PREFIX: &str = "tgk";

/// The longest prefix, in characters: keys stay short enough to be pasted.
pub const PREFIX_LENGTH: usize = 32;

/// The longest text that is looked at, in bytes, whatever the form: more than any system's keys have, and little enough
/// to be hashed for every request.
pub const LONGEST: usize = 512;

/// The shortest key of another form, in characters. 22 letters and digits at random are 131 bits; what is shorter could
/// be found by trying, since the digests are not slow to compute.
pub const SHORTEST: usize = 22;

/// What a key may look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Ours, with this prefix.
    Prefixed(Box<str>),
    /// Any: keys made elsewhere, between [`SHORTEST`] and [`LONGEST`] characters.
    Any,
}

/// Why a text is no key; never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Too short, too long, or not the length of a key.
    Length,
    /// Another prefix.
    Prefix,
    /// A character that keys do not have.
    Character,
    /// The checksum is wrong: mistyped, or made up.
    Checksum,
}

// === making ===

/// Makes a key with 256 bits of `random`. The digest is what to keep; the text is for its owner, once.
pub fn make(prefix: &str, random: &mut dyn FnMut(&mut [u8])) -> (Secret, Digest) {
    let mut bits = [0; 32];
    random(&mut bits);
    let mut text = format!("{prefix}_");
    base62::push_256(&mut text, &bits);
    let check = crc32fast::hash(text.as_bytes());
    base62::push_32(&mut text, check);
    let digest = Digest::of(text.as_bytes());
    (Secret::new(text), digest)
}

/// Whether `text` can be the prefix of keys: words of lower-case letters and digits with `_` between them, a letter
/// first.
pub fn is_prefix(text: &str) -> bool {
    text.len() <= PREFIX_LENGTH
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split('_').all(|word| !word.is_empty() && word.bytes().all(is_of_prefix))
}

fn is_of_prefix(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

// === impl Form ===

impl Form {
    /// The digest to look up, where `text` has this form. What has not is refused here, before anybody is asked.
    pub fn check(&self, text: &str) -> Result<Digest, Malformed> {
        match self {
            Self::Prefixed(prefix) => check_prefixed(prefix, text)?,
            Self::Any => check_any(text)?,
        }
        Ok(Digest::of(text.as_bytes()))
    }
}

fn check_prefixed(prefix: &str, text: &str) -> Result<(), Malformed> {
    let tail = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(Malformed::Prefix)?;
    if tail.len() != base62::LENGTH_OF_256 + base62::LENGTH_OF_32 {
        return Err(Malformed::Length);
    }
    if !tail.bytes().all(|byte| DIGITS.contains(&byte)) {
        return Err(Malformed::Character);
    }
    let (covered, check) = text.split_at(text.len() - base62::LENGTH_OF_32);
    let mut expected = String::with_capacity(base62::LENGTH_OF_32);
    base62::push_32(&mut expected, crc32fast::hash(covered.as_bytes()));
    if check == expected { Ok(()) } else { Err(Malformed::Checksum) }
}

/// Printable ASCII: what a header field, a cookie and a query can all carry.
fn check_any(text: &str) -> Result<(), Malformed> {
    if !(SHORTEST..=LONGEST).contains(&text.len()) {
        Err(Malformed::Length)
    } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Malformed::Character)
    }
}

/// Whether `text` is a key of our form under any prefix: for finding keys where digests belong.
pub fn looks_like_a_key(text: &str) -> bool {
    text.rsplit_once('_').is_some_and(|(prefix, _)| is_prefix(prefix) && check_prefixed(prefix, text).is_ok())
}

// === impl Malformed ===

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the key has the wrong length",
            Self::Prefix => "the key has another prefix",
            Self::Character => "the key has a character that keys do not have",
            Self::Checksum => "the key's checksum is wrong",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Made with Python: `zlib.crc32`, `hashlib.sha256` and `divmod` over the bytes 0 to 31.
    const KEY: &str = "tgk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0BviBn";
    const DIGEST: &str = "5d5254c15522157fc89e22fe72bc9898cd0c10600b17019711cd575b3b424f3d";

    fn counted(bytes: &mut [u8]) {
        (0..).zip(bytes).for_each(|(number, byte)| *byte = number);
    }

    fn ours() -> Form {
        Form::Prefixed(DEFAULT_PREFIX.into())
    }

    #[test]
    fn makes_what_another_implementation_makes() {
        let (text, digest) = make("tgk", &mut counted);
        assert_eq!(text.expose(), KEY);
        assert_eq!(digest.hex(), DIGEST);
        assert_eq!(ours().check(KEY), Ok(digest));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        for at in 0..KEY.len() {
            let mut text = KEY.as_bytes().to_vec();
            text[at] = if text[at] == b'a' { b'b' } else { b'a' };
            let text = String::from_utf8(text).unwrap();
            assert!(ours().check(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "a".repeat(100_000);
        for (text, why) in [
            ("", Malformed::Prefix),
            ("tgk", Malformed::Prefix),
            ("tgk_", Malformed::Length),
            ("key_0123", Malformed::Prefix),
            (&KEY.to_uppercase(), Malformed::Prefix),
            (&KEY[..KEY.len() - 1], Malformed::Length),
            (&format!("{KEY}0"), Malformed::Length),
            (&format!("tgk_{}", "é".repeat(24) + "x"), Malformed::Character),
            (&format!("tgk_{}", "0".repeat(49)), Malformed::Checksum),
            (&KEY.replace("tgk_", "tgk_live_"), Malformed::Length),
            (&format!("tgk_{long}"), Malformed::Length),
        ] {
            assert_eq!(ours().check(text), Err(why), "{text:.80}");
        }
    }

    #[test]
    fn prefixes_may_have_words() {
        let (text, digest) = make("acme_live", &mut counted);
        assert_eq!(Form::Prefixed("acme_live".into()).check(text.expose()), Ok(digest));
        assert_eq!(Form::Prefixed("acme".into()).check(text.expose()), Err(Malformed::Length));
        for good in ["t", "tgk", "a1", "acme_test_2"] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in ["", "_", "1a", "a_", "_a", "a__b", "A", "a-b", "é", &"a".repeat(33)] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn other_forms_have_bounds() {
        let check = |text: &str| Form::Any.check(text);
        assert_eq!(check(KEY).unwrap().hex(), DIGEST);
        assert!(check(&"k".repeat(SHORTEST)).is_ok() && check(&"k".repeat(LONGEST)).is_ok());
        assert_eq!(check(&"k".repeat(SHORTEST - 1)), Err(Malformed::Length));
        assert_eq!(check(&"k".repeat(LONGEST + 1)), Err(Malformed::Length));
        assert_eq!(check("0123456789 0123456789 0123456789"), Err(Malformed::Character));
        assert_eq!(check("ключключключключключключ"), Err(Malformed::Character));
    }

    #[test]
    fn knows_a_key_where_a_digest_belongs() {
        assert!(looks_like_a_key(KEY) && looks_like_a_key(make("acme_live", &mut counted).0.expose()));
        assert!(!looks_like_a_key(DIGEST) && !looks_like_a_key("tgk_") && !looks_like_a_key(""));
    }
}
