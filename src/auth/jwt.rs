//! JSON Web Tokens (RFC 7519), signed (RFC 7515): whether one is to be believed.
//!
//! Every decision here is a function of the [`Policy`], the [`KeySet`], the token and the time. Three rules hold by
//! construction (RFC 8725): the algorithm comes from the key, never from the token; an algorithm that does not sign
//! cannot be expressed; and a token is judged by the keys of its own issuer only.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

mod algorithm;
mod der;
mod key;
mod key_set;
mod policy;
mod secret;
mod token;
mod verify;

pub use algorithm::{Algorithm, Algorithms};
pub use key::{Key, KeyError, Origin};
pub use key_set::{KeySet, KeySetError};
pub use policy::{MAX_BYTES, Policy, Required, SKEW, ScopeSource, media_type};
pub(crate) use secret::read_json;
pub use secret::{Encoding, Secrets};
pub use token::{Malformed, Token};
pub use verify::{Judged, Rejection, examine, judge, verify};

use super::key_source::{self, Source};
use super::remembered::Digest;
use super::{Asking, Authenticator, Caller, CredentialId, Found, bearer};
use crate::auth::rejection::Rejection as Refused;
use crate::host::Host;

/// A JSON Web Token as bearer token, ready to be judged.
#[derive(Debug)]
pub struct Jwt {
    /// What is asked of it.
    pub policy: Policy,
    /// Where the keys of its issuer are.
    pub keys: Keys,
    /// Whether it may be revoked; see [`crate::auth::revocation`].
    pub revocable: bool,
}

/// Where an issuer's keys are.
#[derive(Debug)]
pub enum Keys {
    /// In the configuration.
    Written(KeySet),
    /// In variables.
    Secret(Secrets),
    /// At an address.
    Fetched(Box<Source>),
}

/// The keys in force for this request.
enum InForce<'a> {
    Written(&'a KeySet),
    Secret { keys: KeySet, generation: u64 },
    Fetched(Arc<key_source::Keys>),
}

// === impl Jwt ===

impl Jwt {
    /// Where its keys are fetched, where they are.
    pub fn key_source(&self) -> Option<&Source> {
        match &self.keys {
            Keys::Fetched(source) => Some(source),
            Keys::Written(_) | Keys::Secret(_) => None,
        }
    }

    fn caller(&self, by: &str, token: &str, generation: u64, judged: Judged) -> Caller {
        let (policy, expires) = (&self.policy, judged.valid_until(&self.policy));
        let claims = judged.claims;
        let scopes = policy.scopes(&claims).map(Into::into).collect();
        let roles = policy.roles(&claims).map(Into::into).collect();
        let groups = policy.groups(&claims).map(Into::into).collect();
        let subject = policy.subject(&claims).map(Into::into);
        let token_id = claims.get("jti").and_then(|id| id.as_str()).map(Into::into);
        let credential = Some(CredentialId::of(&[token.as_bytes()]));
        Caller {
            by: by.into(),
            subject,
            claims,
            scopes,
            roles,
            groups,
            consumer: None,
            expires,
            generation,
            token_id,
            credential,
        }
    }
}

// === impl InForce ===

impl InForce<'_> {
    fn set(&self) -> &KeySet {
        match self {
            Self::Written(set) => set,
            Self::Secret { keys, .. } => keys,
            Self::Fetched(keys) => &keys.set,
        }
    }

    /// Which keys these are. Those of a configuration are in its fingerprint.
    fn generation(&self) -> u64 {
        match self {
            Self::Written(_) => 0,
            Self::Secret { generation, .. } => *generation,
            Self::Fetched(keys) => keys.generation,
        }
    }
}

/// Looks for a bearer token, and judges it. What is not a token of this issuer is left to the next way in.
pub async fn authenticate<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    jwt: &Jwt,
    asking: &Asking<'_>,
) -> Found {
    let text = match bearer::token(&asking.head.headers) {
        Ok(Some(text)) => text,
        Ok(None) => return Found::Absent,
        Err(rejection) => return Found::Rejected(rejection),
    };
    let memory = host.memory().map(|memory| (&memory.auth.verdicts, digest(authenticator, text)));
    let known = memory.as_ref().and_then(|(verdicts, digest)| verdicts.get(digest));
    // Its other times have come when it was verified, and do not go again.
    let known = known.filter(|known| known.expires.is_none_or(|expires| asking.now < expires));
    if let Some(known) = &known
        && generation(host, &jwt.keys).await == Some(known.generation)
    {
        return as_consumer(&jwt.policy, asking, Arc::clone(known));
    }
    let token = match examine(&jwt.policy, text) {
        Ok(token) => token,
        Err(rejection) => return found(&rejection),
    };
    let keys = match in_force(host, &jwt.keys, asking, None).await {
        Ok(keys) => keys,
        Err(cause) => return Found::Rejected(Refused::Unavailable(cause)),
    };
    // The set was fetched again, and is the same.
    if let Some(known) = known.filter(|known| known.generation == keys.generation()) {
        return as_consumer(&jwt.policy, asking, known);
    }
    let mut judged = verify(&jwt.policy, keys.set(), &token, asking.now);
    let mut by = keys.generation();
    if judged == Err(Rejection::UnknownKey)
        && let Ok(newer) = in_force(host, &jwt.keys, asking, Some(by)).await
        && newer.generation() != by
    {
        judged = verify(&jwt.policy, newer.set(), &token, asking.now);
        by = newer.generation();
    }
    match judged {
        Ok(judged) => {
            let caller = Arc::new(jwt.caller(&authenticator.name, text, by, judged));
            if let Some((verdicts, digest)) = memory {
                verdicts.insert(digest, Arc::clone(&caller));
            }
            as_consumer(&jwt.policy, asking, caller)
        }
        Err(rejection) => found(&rejection),
    }
}

/// The caller as the consumer that its claims name, where they name one of the configuration. It is looked for each
/// time, because what is remembered outlives a change of its groups.
fn as_consumer(policy: &Policy, asking: &Asking<'_>, caller: Arc<Caller>) -> Found {
    let name = policy.consumer(&caller.claims);
    let Some(consumer) = name.and_then(|name| asking.plan.consumers.consumer(&name)) else {
        return Found::Verified(caller);
    };
    if consumer.disabled {
        return Found::Rejected(Refused::invalid("the consumer is disabled"));
    }
    let mut caller = Arc::unwrap_or_clone(caller);
    caller.groups.extend(consumer.groups.iter().cloned());
    caller.consumer = Some(Arc::clone(consumer));
    Found::Verified(Arc::new(caller))
}

/// What a rejection means among several ways in: whatever is not a token of this issuer may be one for the next.
fn found(rejection: &Rejection) -> Found {
    let reason = rejection.reason().to_owned();
    match rejection {
        Rejection::Malformed(_) | Rejection::Foreign => Found::Foreign(reason),
        Rejection::UnknownKey | Rejection::Invalid(_) => Found::Rejected(Refused::Invalid(reason.into())),
    }
}

/// Of everything that a verdict depends on, but for time and keys.
fn digest(authenticator: &Authenticator, token: &str) -> Digest {
    Sha256::new().chain_update(authenticator.fingerprint).chain_update(token).finalize().into()
}

/// Which keys are in force, where that is known without waiting for anybody.
async fn generation<H: Host>(host: &H, keys: &Keys) -> Option<u64> {
    match keys {
        Keys::Written(_) => Some(0),
        Keys::Secret(secrets) => secrets.read(host).await.ok().map(|current| current.generation),
        Keys::Fetched(source) => key_source::ready(host, source).map(|keys| keys.generation),
    }
}

/// The keys; others than those of the generation `beyond`, where there are. The error is for the operator.
async fn in_force<'a, H: Host>(
    host: &H,
    keys: &'a Keys,
    asking: &Asking<'_>,
    beyond: Option<u64>,
) -> Result<InForce<'a>, Cow<'static, str>> {
    match keys {
        Keys::Written(set) => Ok(InForce::Written(set)),
        Keys::Secret(secrets) => {
            let current = secrets.read(host).await?;
            Ok(InForce::Secret { keys: secrets.keys(&current)?, generation: current.generation })
        }
        Keys::Fetched(source) => {
            let fetched = key_source::key_set(host, asking.plan.store.as_ref(), source, beyond).await;
            fetched.map(InForce::Fetched).map_err(|unavailable| unavailable.cause.into())
        }
    }
}
