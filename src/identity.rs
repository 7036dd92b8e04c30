//! What upstreams are told about the caller: header fields, and one token that the gateway signs.
//!
//! Whatever a client sends under such a name is taken away first, on every route, and under every spelling that a
//! server might read as the same name. Otherwise a client could write its own identity.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;

pub mod fold;
pub mod headers;
pub mod key;
pub mod ring;
pub mod source;
pub mod token;
pub mod value;

use crate::auth::{Authenticator, Caller, Kind};
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
    /// What becomes of the credential that came.
    pub authorization: Authorization,
}

/// What becomes of the credential that a caller came with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authorization {
    /// A token goes on, because the upstream may want to look at it too; what was meant for the gateway alone does not:
    /// keys, passwords, tokens that only their issuer can read, and sessions.
    #[default]
    ByKind,
    /// It goes on.
    Pass,
    /// It does not, and neither does any `Authorization`.
    Drop,
}

/// Takes the credential that let the caller in out of `head`, where it does not go on.
pub fn withhold(identity: &Identity, let_in_by: Option<&Authenticator>, head: &mut Parts) {
    let meant_for_the_gateway = match let_in_by.map(|authenticator| &authenticator.kind) {
        Some(Kind::Basic(_) | Kind::Introspection(_)) => true,
        Some(
            Kind::Jwt(_)
            | Kind::ApiKey(_)
            | Kind::Signature(_)
            | Kind::Certificate(_)
            | Kind::Login(_)
            | Kind::External(_),
        )
        | None => false,
    };
    let drops = match identity.authorization {
        Authorization::ByKind => meant_for_the_gateway,
        Authorization::Pass => false,
        Authorization::Drop => true,
    };
    if drops {
        head.headers.remove(AUTHORIZATION);
    }
}

/// Writes what the upstream is told about `caller`. Nothing where nobody in particular calls.
pub async fn tell<H: Host>(
    host: &H,
    identity: &Identity,
    issuer: Option<&IssuerPlan>,
    caller: Option<&Caller>,
    head: &mut Parts,
    now: UnixMillis,
) -> Result<(), Failure> {
    if let Some(token) = &identity.token {
        head.headers.remove(&token.header);
    }
    let Some(caller) = caller else { return Ok(()) };
    headers::write(&mut head.headers, &identity.headers, caller).map_err(too_long)?;
    if let (Some(plan), Some(issuer)) = (&identity.token, issuer) {
        let token = ring::token(host, plan, issuer, caller, now).await?;
        let value = field(&plan.header, &token).ok_or_else(|| Failure::from(Problem::Internal))?;
        head.headers.try_insert(&plan.header, value).map_err(|_| Failure::from(Problem::HeadersTooLarge))?;
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
