//! The gateway as an issuer: its keys, read when they are needed, and what is remembered of them.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::key::{SigningKey, key_set};
use super::token::{self, TokenError, TokenPlan};
use crate::auth::Caller;
use crate::host::{Host, UnixMillis};
use crate::plan::IssuerPlan;
use crate::problem::{Failure, Problem};
use crate::transform;

/// How many keys are remembered: those of a few configurations one after the other.
const MOST_KEYS: usize = 64;

/// How many tokens are remembered. One is at most 7 KiB and mostly some hundreds of bytes: some megabytes.
const MOST_TOKENS: usize = 8_192;

/// What is remembered, where the host remembers anything. A key is found by a digest of its text, a token by a digest
/// of all that it says and of the key that signed it.
pub struct Ring {
    keys: Cache<[u8; 32], Arc<SigningKey>>,
    tokens: Cache<[u8; 32], Arc<Signed>>,
}

/// A token, and until when it is given out.
struct Signed {
    token: Box<str>,
    until: UnixMillis,
}

/// The token of `plan` about `caller`. The same token is given out for half of its life, so that upstreams have the
/// other half to look at it.
pub(super) async fn token<H: Host>(
    host: &H,
    plan: &TokenPlan,
    issuer: &IssuerPlan,
    caller: &Caller,
    now: UnixMillis,
) -> Result<Box<str>, Failure> {
    let variable = issuer.keys.first().ok_or_else(|| Failure::from(Problem::Internal))?;
    let key = key(host, variable).await?;
    let claims = token::claims(plan, caller);
    let ring = host.memory().map(|memory| &memory.identity);
    let digest = digest(&[
        key.id(),
        &plan.lifetime.as_secs().to_string(),
        &serde_json::Value::from(claims.clone()).to_string(),
    ]);
    if let Some(signed) = ring.and_then(|ring| ring.tokens.get(&digest))
        && now < signed.until
        // A clock that was set back would make tokens of the future.
        && signed.until.0.saturating_sub(now.0) <= half(plan)
    {
        return Ok(signed.token.clone());
    }
    let mut random = |bytes: &mut [u8]| host.fill(bytes);
    let token = token::sign(claims, plan.lifetime, &key, now, &mut random).map_err(|error| match error {
        TokenError::TooLong => {
            Failure::from(Problem::HeadersTooLarge).cause("the caller's token would be too long")
        }
        TokenError::Key => misconfigured(variable, "does not sign"),
    })?;
    if let Some(ring) = ring {
        let until = UnixMillis(now.0.saturating_add(half(plan)));
        ring.tokens.insert(digest, Arc::new(Signed { token: token.as_str().into(), until }));
    }
    Ok(token.into())
}

/// Half of a token's life, in milliseconds.
fn half(plan: &TokenPlan) -> u64 {
    u64::try_from(plan.lifetime.as_millis() / 2).unwrap_or(u64::MAX)
}

/// The public halves of all keys, as a JSON Web Key Set.
pub async fn published<H: Host>(host: &H, issuer: &IssuerPlan) -> Result<String, Failure> {
    let mut keys = Vec::new();
    for variable in &issuer.keys {
        keys.push(key(host, variable).await?);
    }
    Ok(key_set(keys.iter().map(|key| &**key)))
}

async fn key<H: Host>(host: &H, variable: &str) -> Result<Arc<SigningKey>, Failure> {
    let pem = transform::variable(host, variable).await?;
    let digest = digest(&[pem.expose()]);
    let ring = host.memory().map(|memory| &memory.identity);
    if let Some(key) = ring.and_then(|ring| ring.keys.get(&digest)) {
        return Ok(key);
    }
    let key = SigningKey::from_pem(pem.expose())
        .map_err(|error| misconfigured(variable, &format!("cannot be used: {error}")))?;
    let key = Arc::new(key);
    if let Some(ring) = ring {
        ring.keys.insert(digest, Arc::clone(&key));
    }
    Ok(key)
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn misconfigured(variable: &str, what: &str) -> Failure {
    Failure::from(Problem::Misconfigured).cause(format!("the variable {variable} {what}"))
}

// === impl Ring ===

impl Default for Ring {
    fn default() -> Self {
        Self { keys: Cache::new(MOST_KEYS), tokens: Cache::new(MOST_TOKENS) }
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("keys", &self.keys.len()).field("tokens", &self.tokens.len()).finish()
    }
}
