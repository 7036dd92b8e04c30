//! Verdicts that are kept for a while (RFC 7662 section 4): under a digest of the token, never under the token itself.
//!
//! A key-value store forgets nothing by itself, and anybody can send tokens that nobody has seen before. So verdicts
//! stand in a fixed number of places, which the digest chooses: the store never grows beyond them, and the worst that
//! strangers can do is that the server is asked again.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::verdict::{Refusal, Verdict};
use crate::auth::key_source::life::after;
use crate::host::UnixMillis;

/// How long verdicts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// That a token is active; zero to ask each time.
    pub active: Duration,
    /// That it is not; zero to ask each time.
    pub refused: Duration,
}

/// What stands for a token: a SHA-256 over the authenticator's fingerprint and the token, so that no authenticator
/// takes another's verdict for its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenDigest([u8; 32]);

/// A verdict in its place: the answer's body, so that whoever reads it judges it again by its own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// For which token.
    pub token: TokenDigest,
    /// Until when it may be used.
    pub until: UnixMillis,
    /// Whether the token was taken for active.
    pub active: bool,
    /// The answer's body; empty for a token that is refused.
    pub body: Vec<u8>,
}

/// What is in a token's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its own verdict.
    Kept(Kept),
    /// Nothing that is worth anything.
    Free,
    /// The verdict about another token, which is active: no refused one takes its place.
    Taken,
}

/// How many places there are for the verdicts of one authenticator in a key-value store.
pub const PLACES: u16 = 4096;

/// What a kept verdict begins with; another version's is none.
const MAGIC: [u8; 8] = *b"tgintro1";
/// A SHA-256 over all that follows it.
const SUM: usize = 32;

// === impl Keep ===

impl Keep {
    /// Until when a verdict that was reached at `now` may be used; `None` where it is not kept.
    pub fn until(&self, verdict: &Verdict, now: UnixMillis) -> Option<UnixMillis> {
        let until = match verdict {
            Verdict::Active(active) => {
                let expires = active.expires.map_or(u64::MAX, |seconds| seconds.saturating_mul(1_000));
                after(now, self.active).min(UnixMillis(expires))
            }
            // It will be valid at a time that the verdict does not keep.
            Verdict::Refused(Refusal::Early) => now,
            Verdict::Refused(_) => after(now, self.refused),
        };
        (until > now).then_some(until)
    }
}

// === impl TokenDigest ===

impl TokenDigest {
    /// The digest of `token` for the authenticator of this fingerprint.
    pub fn new(fingerprint: &[u8; 32], token: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(fingerprint);
        hasher.update(token.as_bytes());
        Self(hasher.finalize().into())
    }

    /// The token's place, below [`PLACES`].
    pub fn place(&self) -> u16 {
        u16::from_le_bytes([self.0[0], self.0[1]]) % PLACES
    }

    /// The digest itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

// === impl Kept ===

impl Kept {
    /// As bytes for a store.
    pub fn encode(&self) -> Vec<u8> {
        let content =
            [&self.token.0[..], &self.until.0.to_le_bytes(), &[u8::from(self.active)], &self.body].concat();
        [&MAGIC[..], &Sha256::digest(&content), &content].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (sum, content) = bytes.strip_prefix(&MAGIC)?.split_at_checked(SUM)?;
        if *sum != *Sha256::digest(content) {
            return None;
        }
        let (token, rest) = content.split_first_chunk::<32>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (active, body) = rest.split_first()?;
        Some(Self {
            token: TokenDigest(*token),
            until: UnixMillis(u64::from_le_bytes(*until)),
            active: *active == 1,
            body: body.to_vec(),
        })
    }
}

// === impl Found ===

impl Found {
    /// What `bytes`, which stand in the place of `token`, mean for it. What would be kept for longer than `keep` says
    /// was written by a clock that is far ahead, or under another configuration, and is nothing.
    pub fn read(bytes: Option<&[u8]>, token: &TokenDigest, keep: &Keep, now: UnixMillis) -> Self {
        let Some(kept) = bytes.and_then(Kept::decode) else { return Self::Free };
        let longest = if kept.active { keep.active } else { keep.refused };
        if kept.until <= now || kept.until > after(now, longest) {
            return Self::Free;
        }
        match kept.token == *token {
            true => Self::Kept(kept),
            false if kept.active => Self::Taken,
            false => Self::Free,
        }
    }

    /// Whether a new verdict may stand here.
    pub fn takes(&self, active: bool) -> bool {
        active || *self != Self::Taken
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::super::verdict::Requirements;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_767_225_600_000);
    const A: [u8; 32] = [1; 32];
    const KEEP: Keep = Keep { active: Duration::from_secs(30), refused: Duration::from_secs(5) };

    fn verdict(answer: &serde_json::Value) -> Verdict {
        Verdict::parse(answer.to_string().as_bytes(), &Requirements::default(), NOW).unwrap()
    }

    fn kept(token: &str, seconds: u64, active: bool) -> Kept {
        let until = after(NOW, Duration::from_secs(seconds));
        Kept { token: TokenDigest::new(&A, token), until, active, body: b"{}".to_vec() }
    }

    #[test]
    fn no_verdict_outlives_the_token() {
        let seconds = NOW.0 / 1_000;
        for (answer, kept) in [
            (json!({"active": true}), Some(30_000)),
            (json!({"active": true, "exp": seconds + 3_600}), Some(30_000)),
            (json!({"active": true, "exp": seconds + 7}), Some(7_000)),
            (json!({"active": true, "exp": u64::MAX}), Some(30_000)),
            (json!({"active": true, "exp": seconds}), Some(5_000)),
            (json!({"active": false, "exp": seconds + 1}), Some(5_000)),
            (json!({"active": true, "nbf": seconds + 100}), None),
        ] {
            let until = KEEP.until(&verdict(&answer), NOW).map(|until| until.0 - NOW.0);
            assert_eq!(until, kept, "{answer}");
        }
        let never = Keep { active: Duration::ZERO, refused: Duration::ZERO };
        assert_eq!(never.until(&verdict(&json!({"active": true})), NOW), None);
        assert_eq!(never.until(&verdict(&json!({"active": false})), NOW), None);
    }

    #[test]
    fn what_was_kept_is_found_for_its_own_token_only() {
        let token = TokenDigest::new(&A, "one");
        let read = |kept: &Kept, now: UnixMillis| Found::read(Some(&kept.encode()), &token, &KEEP, now);
        let own = kept("one", 30, true);
        assert_eq!(read(&own, NOW), Found::Kept(own.clone()));
        assert_eq!(read(&own, own.until), Found::Free);
        assert_eq!(read(&kept("two", 30, true), NOW), Found::Taken);
        assert_eq!(read(&kept("two", 5, false), NOW), Found::Free);
        assert_eq!(read(&kept("one", 31, true), NOW), Found::Free);
        assert_eq!(read(&kept("one", 6, false), NOW), Found::Free);
        assert_eq!(Found::read(None, &token, &KEEP, NOW), Found::Free);
        let good = own.encode();
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1;
            assert_eq!(Found::read(Some(&bad), &token, &KEEP, NOW), Found::Free, "{index}");
            assert_eq!(Found::read(Some(&good[..index]), &token, &KEEP, NOW), Found::Free, "{index}");
        }
    }

    #[test]
    fn refused_tokens_push_no_active_one_out() {
        assert!(Found::Taken.takes(true) && !Found::Taken.takes(false));
        assert!(Found::Free.takes(true) && Found::Free.takes(false));
    }

    #[test]
    fn digests_tell_authenticators_apart() {
        assert_ne!(TokenDigest::new(&A, "t"), TokenDigest::new(&[2; 32], "t"));
        assert_ne!(TokenDigest::new(&A, "t"), TokenDigest::new(&A, "u"));
        assert!(TokenDigest::new(&A, "t").place() < PLACES);
        let encoded = kept("a secret token", 30, true).encode();
        assert!(!encoded.windows(6).any(|window| window == b"secret"));
    }
}
