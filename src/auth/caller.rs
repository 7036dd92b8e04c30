//! Who a request comes from, as far as it was verified.

use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::host::UnixMillis;

/// A verified caller. Shared between requests where the host remembers verdicts, so never changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Caller {
    /// The name of the authenticator that verified it.
    pub by: Arc<str>,
    /// Who it is, in the words of who vouches for it: a token's `sub`, a key's consumer, a certificate's name.
    pub subject: Option<Box<str>>,
    /// What was said of it: a token's claims, or what an introspection endpoint answered. Empty for keys.
    pub claims: Map<String, Value>,
    /// What it was granted (RFC 6749 section 3.3).
    pub scopes: Vec<Box<str>>,
    /// What it is within its organisation.
    pub roles: Vec<Box<str>>,
    /// The groups it belongs to: its consumer's, and those that its claims name.
    pub groups: Vec<Box<str>>,
    /// The consumer that it is, where it is a known one.
    pub consumer: Option<Arc<Consumer>>,
    /// Until when this may be believed; `None` for as long as the configuration says so.
    pub expires: Option<UnixMillis>,
    /// The generation of the key set that verified it: a verdict is worth nothing when its key has gone.
    pub generation: u64,
    /// The token's `jti`, where it has one, for revocation.
    pub token_id: Option<Box<str>>,
    /// Which of its credentials it showed; `None` where nobody looked at one.
    pub credential: Option<CredentialId>,
}

/// Tells credentials apart without holding any: half a SHA-256 digest, of a secret that nobody can guess or of something
/// that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialId(pub [u8; 16]);

/// A known caller: a customer, a partner, a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub id: Box<str>,
    /// The groups it belongs to.
    pub groups: Vec<Box<str>>,
    /// The name of its plan (of limits and quotas).
    pub plan: Option<Box<str>>,
    /// What else is known of it, sorted by name.
    pub metadata: Vec<(Box<str>, Box<str>)>,
    /// Whether it is switched off: its credentials are then as good as none.
    pub disabled: bool,
}

// === impl CredentialId ===

impl CredentialId {
    /// Of a credential that is all of `parts`.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // Each with its length before it, so that nothing can move from one part to the next.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&hash.finalize()[..16]);
        Self(half)
    }
}

// === impl Consumer ===

impl Consumer {
    /// What is known of it under this name.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        let at = self.metadata.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.metadata[at].1)
    }
}
