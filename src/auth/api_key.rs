//! Keys that the gateway gave out, or that it was told of.
//!
//! A key is looked up in the configuration, and then, where the author wants it, in the key-value store. What is found
//! there counts at once: nothing of it is remembered, so a key that is revoked is refused by the next request.

use std::sync::Arc;

use super::consumer::{Consumer, Key, State, record};
use super::digest::Digest;
use super::presented::{self, Place};
use super::{Asking, Authenticator, Caller, CredentialId, Found, Rejection};
use crate::host::{Host, UnixMillis};
use crate::plan::StorePlan;

pub mod base62;
pub mod form;

use form::{Form, Malformed};

/// Keys that the gateway gave out, ready to be judged.
#[derive(Debug)]
pub struct ApiKeys {
    /// Where in a request a key may stand.
    pub places: Vec<Place>,
    /// What a key looks like.
    pub form: Form,
    /// Whether keys and consumers of the key-value store count too.
    pub stored: bool,
    /// Whether the upstream gets the key.
    pub forward: bool,
}

// === impl ApiKeys ===

impl ApiKeys {
    /// What `WWW-Authenticate` says of it. There is no registered scheme for keys; where `Authorization` holds them, its
    /// scheme is named, and otherwise `ApiKey`, which is what most call it.
    pub fn challenge(&self, rejection: &Rejection) -> Option<String> {
        let scheme = self.places.iter().find_map(|place| match place {
            Place::Authorization(scheme) => Some(&**scheme),
            _ => None,
        });
        match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer") => rejection.bearer_challenge(),
            _ => rejection.challenge(scheme.unwrap_or("ApiKey")),
        }
    }
}

/// Looks for a key, and judges it.
pub async fn authenticate<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    keys: &ApiKeys,
    asking: &Asking<'_>,
) -> Found {
    let presented = match presented::find(&keys.places, &asking.head.headers, asking.head.uri.query()) {
        Ok(Some(presented)) => presented,
        Ok(None) => return Found::Absent,
        Err(presented::Ambiguous) => {
            return Found::Rejected(Rejection::malformed("two API keys that are not the same"));
        }
    };
    let digest = match keys.form.check(&presented) {
        Ok(digest) => digest,
        // Somebody else's: a token where keys are bearer tokens too, or a key with the prefix of another way in.
        Err(why @ Malformed::Prefix) => return Found::Foreign(why.to_string()),
        Err(why) => return Found::Rejected(Rejection::invalid(why.to_string())),
    };
    match judge(host, keys, asking, &digest).await {
        Ok((consumer, expires)) => Found::Verified(Arc::new(Caller {
            by: (&*authenticator.name).into(),
            subject: Some(consumer.id.clone()),
            groups: consumer.groups.clone(),
            consumer: Some(consumer),
            expires,
            credential: Some(CredentialId::of(&[digest.bytes()])),
            ..Caller::default()
        })),
        Err(rejection) => Found::Rejected(rejection),
    }
}

/// Whose key it is, and until when.
async fn judge<H: Host>(
    host: &H,
    keys: &ApiKeys,
    asking: &Asking<'_>,
    digest: &Digest,
) -> Result<(Arc<Consumer>, Option<UnixMillis>), Rejection> {
    let known = &asking.plan.consumers;
    let store = asking.plan.store.as_ref().filter(|_| keys.stored);
    let found;
    let key = match (known.key(digest), store) {
        (Some(key), _) => key,
        (None, Some(store)) => {
            found = stored_key(host, store, digest).await?;
            &found
        }
        (None, None) => return Err(Rejection::invalid("nobody has this key")),
    };
    match key.state(asking.now.0 / 1_000) {
        State::Live => {}
        state => return Err(Rejection::invalid(format!("the key {} is {}", digest.name(), state.word()))),
    }
    let consumer = match (known.consumer(&key.consumer), store) {
        (Some(consumer), _) => Arc::clone(consumer),
        (None, Some(store)) => Arc::new(stored_consumer(host, store, key).await?),
        (None, None) => return Err(orphan(key)),
    };
    if consumer.disabled {
        return Err(Rejection::invalid(format!("the consumer {} is disabled", consumer.id)));
    }
    let expires = key.expires.map(|seconds| UnixMillis(seconds.saturating_mul(1_000)));
    Ok((consumer, expires))
}

async fn stored_key<H: Host>(host: &H, store: &StorePlan, digest: &Digest) -> Result<Key, Rejection> {
    let place = record::key_place(digest);
    let found = host.get(store, &place).await.map_err(|error| Rejection::unavailable(error.cause))?;
    let found = found.ok_or(Rejection::invalid("nobody has this key"))?;
    record::read_key(digest, &found).map_err(|why| unreadable(&place, why))
}

async fn stored_consumer<H: Host>(host: &H, store: &StorePlan, key: &Key) -> Result<Consumer, Rejection> {
    let place = record::consumer_place(&key.consumer);
    let found = host.get(store, &place).await.map_err(|error| Rejection::unavailable(error.cause))?;
    let found = found.ok_or_else(|| orphan(key))?;
    record::read_consumer(&key.consumer, &found).map_err(|why| unreadable(&place, why))
}

/// A record that was damaged says nothing about its key: that would be a guess in either direction.
fn unreadable(place: &str, why: record::Unreadable) -> Rejection {
    Rejection::unavailable(format!("the record {place} cannot be read: {why}"))
}

fn orphan(key: &Key) -> Rejection {
    Rejection::invalid(format!("the key {} belongs to {}, who is not known", key.digest.name(), key.consumer))
}
