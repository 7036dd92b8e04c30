//! Names and passwords (RFC 7617) of consumers that stand in the configuration.
//!
//! A password takes some 20 ms to verify, on purpose. Where the host keeps memory, one that was right is not computed
//! again; a component computes it for every request.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};

use super::password::Password;
use super::presented::{self, Place};
use super::{Asking, Authenticator, Caller, CredentialId, Found, Rejection};
use crate::host::Host;

pub mod credentials;

use credentials::{Credentials, SCHEME};

/// Names and passwords (RFC 7617), ready to be judged.
#[derive(Debug)]
pub struct Basic {
    /// `WWW-Authenticate`.
    pub challenge: Box<str>,
    /// Where credentials stand: in `Authorization` only.
    pub places: [Place; 1],
    /// Whether the upstream gets them.
    pub forward: bool,
}

// === impl Basic ===

impl Basic {
    /// For `realm`, which browsers show.
    pub fn new(realm: &str, forward: bool) -> Self {
        let challenge = credentials::challenge(realm).into();
        Self { challenge, places: [Place::Authorization(SCHEME.into())], forward }
    }

    /// What `WWW-Authenticate` says of it.
    pub fn challenge(&self, rejection: &Rejection) -> Option<String> {
        rejection.challenge(&self.challenge)
    }
}

/// Looks for a name and a password, and judges them.
pub async fn authenticate<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    basic: &Basic,
    asking: &Asking<'_>,
) -> Found {
    let presented = match presented::find(&basic.places, &asking.head.headers, None) {
        Ok(Some(presented)) => presented,
        Ok(None) => return Found::Absent,
        Err(presented::Ambiguous) => {
            return Found::Rejected(Rejection::malformed(format!("{AUTHORIZATION} stands twice")));
        }
    };
    let credentials = match credentials::read(&presented) {
        Ok(credentials) => credentials,
        Err(why) => return Found::Rejected(Rejection::malformed(why.to_string())),
    };
    let known = &asking.plan.consumers;
    let consumer = known.consumer(&credentials.user).filter(|consumer| !consumer.disabled);
    let password = known.password(&credentials.user);
    // Whoever is not known costs the same, so that the time tells nobody who there is.
    let Some(computed) = password.or(known.nobodys.as_ref()) else {
        return Found::Rejected(Rejection::invalid("nobody has a password"));
    };
    let Some(right) = verify(host, authenticator, computed, credentials).await else {
        return Found::Rejected(Rejection::unavailable("too many passwords wait to be verified"));
    };
    match (right, consumer, password) {
        (true, Some(consumer), Some(password)) => Found::Verified(Arc::new(Caller {
            by: (&*authenticator.name).into(),
            subject: Some(consumer.id.clone()),
            groups: consumer.groups.clone(),
            consumer: Some(Arc::clone(consumer)),
            // Of the password there is only its salt in it: a digest of a password that somebody chose can be guessed.
            credential: Some(CredentialId::of(&[consumer.id.as_bytes(), password.parts().0])),
            ..Caller::default()
        })),
        (_, _, None) => Found::Rejected(Rejection::invalid("nobody of this name has a password")),
        (_, None, _) => Found::Rejected(Rejection::invalid("the consumer is disabled")),
        (false, ..) => Found::Rejected(Rejection::invalid("the password is wrong")),
    }
}

/// Whether the password is right; `None` where the host has too much to do to say. What was right once is right again, as
/// long as the digest is the same.
async fn verify<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    password: &Password,
    credentials: Credentials,
) -> Option<bool> {
    let remembered = host.memory().map(|memory| &memory.auth.passwords);
    let digest = digest(authenticator, password, &credentials);
    if remembered.is_some_and(|passwords| passwords.get(&digest).is_some()) {
        return Some(true);
    }
    let password = password.clone();
    let right = host.compute(move || password.is(credentials.password.expose().as_bytes())).await?;
    if let Some(passwords) = remembered
        && right
    {
        passwords.insert(digest, ());
    }
    Some(right)
}

/// Of everything that the answer depends on. The salt of the password's own digest is in it, so that equal passwords of
/// two consumers are not equal here; what is kept is in memory only, and never of a password that was wrong.
fn digest(authenticator: &Authenticator, password: &Password, credentials: &Credentials) -> [u8; 32] {
    let (salt, kept) = password.parts();
    let mut hash = Sha256::new();
    for part in [
        &authenticator.fingerprint[..],
        salt,
        kept,
        credentials.user.as_bytes(),
        credentials.password.expose().as_bytes(),
    ] {
        // Each with its length before it, so that nothing can move from one part to the next.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
