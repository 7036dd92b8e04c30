//! RFC 9111 as functions: of what was asked, what was answered, the policy and the time.

use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};

use super::Entry;
use super::life::Life;
use super::policy::{Lifetimes, Policy};
use super::status::Forward;
use crate::host::UnixMillis;

/// What a request says about caching (RFC 9111 section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// `no-cache`, or `Pragma: no-cache` where there is no `Cache-Control`: what is kept must be validated.
    pub no_cache: bool,
    /// `no-store`: the answer must not be kept.
    pub no_store: bool,
    /// `only-if-cached`: the upstream must not be asked.
    pub only_if_cached: bool,
    /// `max-age`.
    pub max_age: Option<Duration>,
    /// `min-fresh`.
    pub min_fresh: Option<Duration>,
    /// `max-stale`; `Duration::MAX` where it has no value.
    pub max_stale: Option<Duration>,
    /// `stale-if-error` (RFC 5861 section 4).
    pub stale_if_error: Option<Duration>,
    /// The request came with `Authorization` (RFC 9111 section 3.5).
    pub authorization: bool,
}

/// What may be done with what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It may be given.
    Fresh,
    /// It may be given although it is stale, because the client takes that.
    Stale,
    /// It may be given at once, while a new one is fetched (RFC 5861 section 3).
    WhileRevalidate,
    /// The upstream must be asked first, with its validators.
    Validate(Forward),
}

/// Why an answer is not kept; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKept(pub &'static str);

/// Reads what a request says; where `ignored`, only `Authorization` has an effect.
pub fn asked(headers: &HeaderMap, ignored: bool) -> Asked {
    let _ = (headers, ignored);
    Asked::default()
}

/// What may be done with an answer of this life at `now`; `purged`: it was softly purged, and counts as stale.
pub fn reuse(life: &Life, asked: &Asked, purged: bool, now: UnixMillis) -> Reuse {
    let _ = (life, asked, purged, now);
    Reuse::Validate(Forward::Stale)
}

/// Whether a stale answer may be given because the upstream could not be asked (`None`) or answered `status`
/// (RFC 9111 section 4.2.4, RFC 5861 section 4).
pub fn rescues(life: &Life, asked: &Asked, status: Option<StatusCode>, now: UnixMillis) -> bool {
    let _ = (life, asked, status, now);
    false
}

/// How long an answer to a `GET` may be kept, or why it may not (RFC 9111 section 3). `headers` are those of the answer:
/// what must not be kept of them is taken away by [`strip`].
pub fn life(
    policy: &Policy,
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    asked_at: UnixMillis,
    received: UnixMillis,
) -> Result<Life, NotKept> {
    let _ = (&policy.lifetimes as &Lifetimes, asked, status, headers, asked_at, received);
    Err(NotKept("skeleton"))
}

/// Takes away what is not to be kept of an answer: fields of one connection, `Age`, those that `no-cache` and `private` name,
/// and `Set-Cookie` where the policy does not keep it. What is for this cache only stays, because what is kept is read again
/// when a 304 freshens it: [`conceal`] takes it away before an answer goes to a client.
pub fn strip(policy: &Policy, headers: &mut HeaderMap) {
    let _ = (policy, headers);
}

/// Takes away what is for this cache only (`Tollgate-Cache-Control`), from any answer that goes to a client.
pub fn conceal(headers: &mut HeaderMap) {
    let _ = headers;
}

/// Gives a request the validators of what is kept, and takes the client's conditions away; whether there are any
/// (RFC 9111 section 4.3.1).
pub fn condition(entry: &Entry, headers: &mut HeaderMap) -> bool {
    let _ = (entry, headers);
    false
}

/// The fields of what is kept after a 304 with `answer`'s (RFC 9111 sections 3.2 and 4.3.4); `None` where that answer is
/// about something else than what is kept.
pub fn freshen(entry: &Entry, answer: &HeaderMap) -> Option<HeaderMap> {
    let _ = (entry, answer);
    None
}

/// Whether an answer of status 200 to a `HEAD` speaks of what is kept; where not, what is kept is stale (RFC 9111 section
/// 4.3.5).
pub fn head_agrees(entry: &Entry, answer: &HeaderMap) -> bool {
    let _ = (entry, answer);
    false
}

/// Gives an answer without a readable `Date` the one when it was received, which a recipient with a clock that keeps it has
/// to do (RFC 9110 section 6.6.1).
pub fn date(headers: &mut HeaderMap, received: UnixMillis) {
    let _ = (headers, received);
}

/// Whether an answer to `method` makes invalid what is kept for the address (RFC 9111 section 4.4).
pub fn invalidates(method: &Method, status: StatusCode) -> bool {
    let _ = (method, status);
    false
}

/// The other addresses that become invalid with it: `Location` and `Content-Location` of the same origin. `secure` and
/// `authority` are those of the request.
pub fn also_invalid(
    secure: bool,
    authority: &str,
    asked_for: &PathAndQuery,
    headers: &HeaderMap,
) -> Vec<PathAndQuery> {
    let _ = (secure, authority, asked_for, headers);
    Vec::new()
}
