//! What authentication remembers between requests, where the host does.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::Caller;
use super::discovery::Metadata;
use super::key_source::Keys;
use super::key_source::slots::Slots;
use crate::host::UnixMillis;

/// SHA-256 of everything a verdict depends on: the authenticator's own fingerprint, and the credential.
pub type Digest = [u8; 32];

/// How many verdicts are kept. A caller is some hundreds of bytes, so this is at most some tens of megabytes.
const MOST_VERDICTS: usize = 65_536;

/// How many nonces are kept: some four megabytes.
const MOST_NONCES: usize = 65_536;
/// How many refused tokens are kept: strangers can make up as many as they like, and forgetting one costs a question.
const MOST_REFUSED: usize = 16_384;
/// How many passwords are kept: as many people as log in by name at one time, at 32 bytes each.
const MOST_PASSWORDS: usize = 8_192;

/// What authentication remembers.
pub struct Remembered {
    /// Callers whose credentials were verified. Whoever takes one checks [`Caller::expires`] and what may have changed
    /// since (the key set's generation, revocation).
    pub verdicts: Cache<Digest, Arc<Caller>>,
    /// Nonces of signatures that this process has accepted. The store has them too, for all processes; here two
    /// requests at once are told apart, which a store that only reads and writes cannot.
    pub nonces: Cache<Digest, ()>,
    /// Until when tokens are refused without asking anybody about them.
    pub refused: Cache<Digest, UnixMillis>,
    /// Key sets that were fetched.
    pub key_sets: Slots<Keys>,
    /// What issuers say of themselves.
    pub providers: Slots<Metadata>,
    /// Names and passwords that were right.
    pub passwords: Cache<Digest, ()>,
}

// === impl Remembered ===

impl Default for Remembered {
    fn default() -> Self {
        Self {
            verdicts: Cache::new(MOST_VERDICTS),
            nonces: Cache::new(MOST_NONCES),
            refused: Cache::new(MOST_REFUSED),
            key_sets: Slots::default(),
            providers: Slots::default(),
            passwords: Cache::new(MOST_PASSWORDS),
        }
    }
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").field("verdicts", &self.verdicts.len()).finish_non_exhaustive()
    }
}
