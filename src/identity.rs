//! What upstreams are told about the caller: header fields, and one token that the gateway signs.
//!
//! Whatever a client sends under such a name is taken away first, on every route, and under every spelling that a
//! server might read as the same name. Otherwise a client could write its own identity.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

pub mod fold;
pub mod headers;
pub mod key;
pub mod ring;
pub mod source;
pub mod token;
pub mod value;

use crate::auth::{Caller, Kind};
use crate::host::{Host, UnixMillis};
use crate::plan::IssuerPlan;
use crate::problem::{Failure, Problem};
use headers::{HeaderTooLong, IdentityHeader};
use token::TokenPlan;

/// What the upstream of a route is told.
#[derive(Debug, Default)]
pub struct Identity {
    /// Header fields.
    pub headers: Vec<IdentityHeader>,
    /// The gateway's own token.
    pub token: Option<TokenPlan>,
    /// What becomes of `Authorization`.
    pub authorization: Authorization,
}

/// What becomes of `Authorization`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authorization {
    /// It goes on, because the upstream may want to look at it too, but for a token that only its issuer can read: that
    /// was meant for the gateway. Keys and passwords have a setting of their own ([`crate::auth::conceal`]).
    #[default]
    ByKind,
    /// It goes on.
    Pass,
    /// It does not, whatever it holds.
    Drop,
}

/// Takes `Authorization` out of `headers` where it does not go on. `let_in_by` is what the caller was let in by.
pub fn withhold(authorization: Authorization, let_in_by: Option<&Kind>, headers: &mut HeaderMap) {
    let drops = match authorization {
        Authorization::ByKind => matches!(let_in_by, Some(Kind::Introspection(_))),
        Authorization::Pass => false,
        Authorization::Drop => true,
    };
    if drops {
        headers.remove(AUTHORIZATION);
    }
}

/// Writes what the upstream is told about `caller`. Nothing where nobody in particular calls.
pub async fn tell<H: Host>(
    host: &H,
    identity: &Identity,
    issuer: Option<&IssuerPlan>,
    caller: Option<&Caller>,
    headers: &mut HeaderMap,
    now: UnixMillis,
) -> Result<(), Failure> {
    if let Some(token) = &identity.token {
        headers.remove(&token.header);
    }
    let Some(caller) = caller else { return Ok(()) };
    headers::write(headers, &identity.headers, caller).map_err(too_long)?;
    if let (Some(plan), Some(issuer)) = (&identity.token, issuer) {
        let token = ring::token(host, plan, issuer, caller, now).await?;
        let value = field(&plan.header, &token).ok_or_else(|| Failure::from(Problem::Internal))?;
        headers.try_insert(&plan.header, value).map_err(|_| Failure::from(Problem::HeadersTooLarge))?;
    }
    Ok(())
}

/// RFC 6750 section 2.1: in `Authorization`, a token has a scheme before it.
fn field(header: &HeaderName, token: &str) -> Option<HeaderValue> {
    let mut value = match *header == AUTHORIZATION {
        true => HeaderValue::try_from(format!("Bearer {token}")),
        false => HeaderValue::try_from(token),
    }
    .ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What is cut off is another identity: rather none.
fn too_long(HeaderTooLong(name): HeaderTooLong) -> Failure {
    Failure::from(Problem::HeadersTooLarge).cause(format!("what {name} would say of the caller is too long"))
}
