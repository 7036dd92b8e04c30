//! Whether somebody is the operator.

use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, StatusCode};
use tollgate::auth::digest::Digest;
use tollgate::host::Secret;

use super::{Done, Managed, Problem, Reply};

/// What `work` comes to, which only the operator may have done: it is not begun for anybody else.
pub(super) async fn for_operator(
    managed: &Managed,
    headers: &HeaderMap,
    work: impl Future<Output = Done>,
) -> Reply {
    let done = match operator(managed, headers) {
        Ok(()) => work.await,
        Err(problem) => Err(problem),
    };
    done.unwrap_or_else(Problem::reply)
}

/// Whether the request has the token; nobody may where there is none.
pub(super) fn operator(managed: &Managed, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(variable) = &managed.token else {
        let text = "server.admin_token is not configured, and without it nobody may";
        return Err(Problem(StatusCode::FORBIDDEN, text.to_owned()));
    };
    let Some(token) = managed.value.as_ref().map(Secret::expose).filter(|token| !token.is_empty()) else {
        let text = format!("the variable {variable} of server.admin_token is not set");
        return Err(Problem(StatusCode::FORBIDDEN, text));
    };
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let presented = lines.next().and_then(|value| bearer(value)).unwrap_or_default();
    // Digests are compared in constant time, and are equally long.
    if lines.next().is_some() || Digest::of(presented) != Digest::of(token.as_bytes()) {
        return Err(Problem(StatusCode::UNAUTHORIZED, "the token is missing or wrong".to_owned()));
    }
    Ok(())
}

fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
