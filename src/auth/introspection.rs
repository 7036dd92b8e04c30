//! Tokens that their issuer is asked about (RFC 7662).
//!
//! What it said is remembered for a while, in the host's memory and in the key-value store, under a digest of the token
//! ([`verdict_cache`]). An issuer that cannot be asked lets nobody in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

pub mod client;
pub mod verdict;
pub mod verdict_cache;

use super::claims::{self, ClaimPath};
use super::{Asking, Authenticator, Caller, CredentialId, Found, Rejection, bearer};
use crate::ask::{Question, ask};
use crate::host::{Host, UnixMillis};
use crate::plan::{Endpoint, StorePlan};
use client::Client;
use verdict::{Active, Refusal, Requirements, Verdict};
use verdict_cache::{Found as InPlace, Keep, Kept, TokenDigest};

/// Tokens that their issuer is asked about (RFC 7662), ready to be judged.
#[derive(Debug)]
pub struct Introspection {
    /// Who is asked.
    pub endpoint: Endpoint,
    /// As whom the gateway asks; `None` where the endpoint wants nothing.
    pub client: Option<Client>,
    /// What an answer must say beside `active`.
    pub required: Requirements,
    /// Where roles are.
    pub roles: Option<ClaimPath>,
    /// Where groups are.
    pub groups: Option<ClaimPath>,
    /// How long verdicts are kept.
    pub keep: Keep,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// The longest token that anybody is asked about: what servers commonly take as one field.
const LONGEST_TOKEN: usize = 8 << 10;

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    introspection: &Introspection,
    asking: &Asking<'_>,
) -> Found {
    let token = match bearer::token(&asking.head.headers) {
        Ok(Some(token)) if token.len() > LONGEST_TOKEN => {
            return Found::Rejected(Rejection::invalid("the token is too long"));
        }
        Ok(Some(token)) => token,
        Ok(None) => return Found::Absent,
        Err(rejection) => return Found::Rejected(rejection),
    };
    let digest = TokenDigest::new(&authenticator.fingerprint, token);
    if let Some(known) = remembered(host, &digest) {
        return known;
    }
    let store = asking.plan.store.as_ref();
    let place = match store {
        Some(store) => stored(host, store, authenticator, introspection, &digest).await,
        None => InPlace::Free,
    };
    let (verdict, body, until) = match &place {
        InPlace::Kept(kept) if !kept.active => {
            return Found::Rejected(Rejection::invalid(Refusal::Inactive.to_string()));
        }
        // Judged again: it may have expired since.
        InPlace::Kept(kept) => match Verdict::parse(&kept.body, &introspection.required, host.unix()) {
            Ok(verdict) => (verdict, Bytes::new(), Some(kept.until)),
            Err(malformed) => return Found::Rejected(Rejection::unavailable(malformed.0)),
        },
        InPlace::Free | InPlace::Taken => {
            match Box::pin(question(host, introspection, token, asking)).await {
                Ok((verdict, body)) => {
                    let until = introspection.keep.until(&verdict, host.unix());
                    (verdict, body, until)
                }
                Err(rejection) => return Found::Rejected(rejection),
            }
        }
    };
    let found = remember(host, authenticator, introspection, &digest, verdict, until);
    if let (Some(store), Some(until), false) = (store, until, matches!(place, InPlace::Kept(_))) {
        let active = matches!(found, Found::Verified(_));
        let body = if active { body.to_vec() } else { Vec::new() };
        let kept = Kept { token: digest, until, active, body };
        if place.takes(active) {
            // A store that fails makes the next one ask, as this one did.
            let _ = host.set(store, &key(authenticator, &digest), kept.encode().into()).await;
        }
    }
    found
}

/// What is in memory of the token.
fn remembered<H: Host>(host: &H, digest: &TokenDigest) -> Option<Found> {
    let memory = &host.memory()?.auth;
    let now = host.unix();
    if let Some(caller) = memory.verdicts.get(digest.bytes())
        && caller.expires.is_some_and(|expires| expires > now)
    {
        return Some(Found::Verified(caller));
    }
    let refused = memory.refused.get(digest.bytes()).is_some_and(|until| until > now);
    refused.then(|| Found::Rejected(Rejection::invalid("the token was refused a moment ago")))
}

/// What the verdict means for the request; kept in memory, where there is any.
fn remember<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    introspection: &Introspection,
    digest: &TokenDigest,
    verdict: Verdict,
    until: Option<UnixMillis>,
) -> Found {
    let memory = host.memory().map(|memory| &memory.auth);
    match verdict {
        Verdict::Active(active) => {
            let caller = Arc::new(caller(authenticator, introspection, digest, *active, until));
            if let (Some(memory), Some(_)) = (memory, until) {
                memory.verdicts.insert(*digest.bytes(), Arc::clone(&caller));
            }
            Found::Verified(caller)
        }
        Verdict::Refused(refusal) => {
            if let (Some(memory), Some(until)) = (memory, until) {
                memory.refused.insert(*digest.bytes(), until);
            }
            Found::Rejected(Rejection::invalid(refusal.to_string()))
        }
    }
}

fn caller(
    authenticator: &Authenticator,
    introspection: &Introspection,
    digest: &TokenDigest,
    active: Active,
    until: Option<UnixMillis>,
) -> Caller {
    let words = |path: &Option<ClaimPath>| {
        let value = path.as_ref().and_then(|path| claims::at(&active.claims, path));
        value.map_or_else(Vec::new, |value| claims::words(value).map(Into::into).collect())
    };
    let end = active.expires.map(|seconds| UnixMillis(seconds.saturating_mul(1_000)));
    Caller {
        by: (*authenticator.name).into(),
        // RFC 7662 section 2.2: a client that acts for itself may have no `sub`.
        subject: active.subject.or(active.client_id),
        scopes: active.scopes,
        roles: words(&introspection.roles),
        groups: words(&introspection.groups),
        expires: until.or(end),
        token_id: active.claims.get("jti").and_then(|id| id.as_str()).map(Into::into),
        claims: active.claims,
        credential: Some(CredentialId::of(&[digest.bytes()])),
        ..Caller::default()
    }
}

/// Asks the endpoint.
async fn question<H: Host>(
    host: &H,
    introspection: &Introspection,
    token: &str,
    asking: &Asking<'_>,
) -> Result<(Verdict, Bytes), Rejection> {
    let mut form = verdict::form(token);
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(client) = &introspection.client {
        let authorization = client.authenticate(host, &mut form).await.map_err(Rejection::unavailable)?;
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    }
    let question = Question {
        endpoint: &introspection.endpoint,
        target: None,
        method: Method::POST,
        headers,
        body: form.into(),
        within: introspection.timeout,
        deadline: asking.deadline,
        most: verdict::MAX_ANSWER,
    };
    let answer = ask(host, question).await.map_err(|error| Rejection::unavailable(error.cause))?;
    // RFC 7662 section 2.3: any other status is about the gateway's own credentials, or about the server.
    if answer.status() != StatusCode::OK {
        let status = answer.status().as_u16();
        return Err(Rejection::unavailable(format!("the introspection endpoint answers {status}")));
    }
    let body = answer.into_body();
    let verdict = Verdict::parse(&body, &introspection.required, host.unix());
    let verdict = verdict.map_err(|malformed| {
        Rejection::unavailable(format!("the introspection endpoint's answer: {}", malformed.0))
    })?;
    Ok((verdict, body))
}

// === the store ===

async fn stored<H: Host>(
    host: &H,
    store: &StorePlan,
    authenticator: &Authenticator,
    introspection: &Introspection,
    digest: &TokenDigest,
) -> InPlace {
    let bytes = host.get(store, &key(authenticator, digest)).await.unwrap_or_default();
    InPlace::read(bytes.as_deref(), digest, &introspection.keep, host.unix())
}

/// The token's place: one of a fixed number for each authenticator.
fn key(authenticator: &Authenticator, digest: &TokenDigest) -> String {
    let mut own = [0; 8];
    own.copy_from_slice(&authenticator.fingerprint[..8]);
    format!("tollgate/introspection/{:016x}/{:03x}", u64::from_be_bytes(own), digest.place())
}
