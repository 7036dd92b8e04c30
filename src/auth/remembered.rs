//! What authentication remembers between requests, where the host does.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::Caller;
use super::discovery::Metadata;
use super::key_source::Keys;
use super::key_source::slots::Slots;

/// SHA-256 of everything a verdict depends on: the authenticator's own fingerprint, and the credential.
pub type Digest = [u8; 32];

/// How many verdicts are kept. A caller is some hundreds of bytes, so this is at most some tens of megabytes.
const MOST_VERDICTS: usize = 65_536;

/// What authentication remembers.
pub struct Remembered {
    /// Callers whose credentials were verified. Whoever takes one checks [`Caller::expires`] and what may have changed
    /// since (the key set's generation, revocation).
    pub verdicts: Cache<Digest, Arc<Caller>>,
    /// Key sets that were fetched.
    pub key_sets: Slots<Keys>,
    /// What issuers say of themselves.
    pub providers: Slots<Metadata>,
}

// === impl Remembered ===

impl Default for Remembered {
    fn default() -> Self {
        Self { verdicts: Cache::new(MOST_VERDICTS), key_sets: Slots::default(), providers: Slots::default() }
    }
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").field("verdicts", &self.verdicts.len()).finish_non_exhaustive()
    }
}
