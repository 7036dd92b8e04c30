//! The two paths that a login has of its own: where the provider sends the browser back to, and the logout.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, SET_COOKIE,
};
use http::request::Parts;
use http::{Response, StatusCode};

use super::callback::{self, CallbackError};
use super::cookie;
use super::enter::redirect;
use super::id_token::{self, Expected};
use super::logout::{self, Logout};
use super::pending::{self, Pending};
use super::policy::Login;
use super::provider::Provider;
use super::seal::Purpose;
use super::session::{self, Session};
use super::tokens::{self, Grant, NoTokens, Rejected, exchange};
use crate::deadline::Deadline;
use crate::host::{Host, UnixMillis};
use crate::plan::StorePlan;
use crate::problem::{Failure, Problem};

/// A request to one of a login's own paths.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Its head.
    pub head: &'a Parts,
    /// The time.
    pub now: UnixMillis,
    /// When it must be answered.
    pub deadline: Deadline,
    /// The store that instances share.
    pub store: Option<&'a StorePlan>,
}

/// The callback: the code is exchanged, the ID token judged, and the session begins.
pub async fn finish<H: Host>(host: &H, login: &Login, visit: &Visit<'_>) -> Result<Response<Bytes>, Failure> {
    let Visit { head, now, store, .. } = *visit;
    let pending_keys = tokens::keys(host, login, Purpose::Login).await.map_err(misconfigured)?;
    let session_keys = tokens::keys(host, login, Purpose::Session).await.map_err(misconfigured)?;
    let provider = Provider::of(host, store, login).await.map_err(unavailable)?;
    let query = head.uri.query().unwrap_or_default();
    let checked = callback::check(login, &provider, &pending_keys, (&head.headers, query), now);
    let (code, pending) = match checked {
        Ok(found) => found,
        // Whoever goes back to this page has logged in already.
        Err(CallbackError::Unknown) if Session::open(login, &session_keys, &head.headers, now).is_some() => {
            return home(&format!("{}/", login.origin), Vec::new());
        }
        Err(error) => return Err(refused(login, error)),
    };
    let begun = begin(host, login, visit, &provider, &code, &pending).await;
    // A code is good once: the login is over, whatever came of it.
    let over = cookie::forget(&pending::cookie_name(login, &pending.state), login.secure);
    let session = match (begun, over.clone()) {
        (Ok(session), _) => session,
        (Err(failure), Some(over)) => return Err(failure.field(SET_COOKIE, over)),
        (Err(failure), None) => return Err(failure),
    };
    let mut random = |bytes: &mut [u8]| host.fill(bytes);
    let cookies = session.seal(login, &session_keys, &head.headers, now, &mut random);
    let mut cookies = cookies
        .ok_or_else(|| misconfigured("the session is too large for cookies: keep fewer claims".to_owned()))?;
    cookies.extend(over);
    home(&format!("{}{}", login.origin, pending.return_to), cookies)
}

/// The session that a code gives: exchanged for tokens, of which the ID token is judged.
async fn begin<H: Host>(
    host: &H,
    login: &Login,
    visit: &Visit<'_>,
    provider: &Provider,
    code: &str,
    pending: &Pending,
) -> Result<Session, Failure> {
    let Visit { now, deadline, store, .. } = *visit;
    let grant = Grant::Code(code, &pending.verifier);
    let given = exchange(host, login, provider, grant, deadline).await.map_err(|error| match error {
        NoTokens::Grant => failed("the token endpoint does not take the code"),
        NoTokens::Misconfigured(cause) => misconfigured(cause),
        NoTokens::Unavailable(cause) => unavailable(cause),
    })?;
    let text = given.id_token.as_deref().ok_or_else(|| failed("the token endpoint gave no ID token"))?;
    let claims = match tokens::judged(host, store, login, text, now).await {
        Ok(claims) => claims,
        Err(Rejected::Keys(cause)) => return Err(unavailable(cause)),
        Err(Rejected::Token(cause)) => return Err(failed(cause)),
    };
    let expected = Expected { issuer: &login.issuer, nonce: Some(&pending.nonce), now };
    id_token::check(login, &claims, &expected).map_err(failed)?;
    Ok(Session::begin(login, &claims, given, now))
}

/// The logout.
pub async fn leave<H: Host>(host: &H, login: &Login, visit: &Visit<'_>) -> Result<Response<Bytes>, Failure> {
    let Visit { head, now, store, .. } = *visit;
    match logout::decide(login, &head.method, &head.headers) {
        Logout::Now => {}
        Logout::Ask => return Ok(page()),
        Logout::Forbidden => {
            let cause = "the logout is not known to come from the origin's pages";
            return Err(Failure::from(Problem::Forbidden).cause(cause));
        }
        Logout::Method => return Err(Problem::MethodNotAllowed.into()),
    }
    // Whatever cannot be read or asked: the session here ends.
    let keys = tokens::keys(host, login, Purpose::Session).await.ok();
    let session = keys.and_then(|keys| Session::open(login, &keys, &head.headers, now));
    let provider = Provider::of(host, store, login).await.ok();
    let location = logout::location(login, provider.as_ref(), session.as_ref());
    home(&location, session::forget(login, &head.headers))
}

/// 303, whatever the method was: RFC 9110 section 15.4.4. The address that it comes from holds a code, which is nobody
/// else's business.
fn home(location: &str, cookies: Vec<HeaderValue>) -> Result<Response<Bytes>, Failure> {
    let mut response =
        redirect(StatusCode::SEE_OTHER, location, cookies).ok_or(Failure::from(Problem::Internal))?;
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn misconfigured(cause: String) -> Failure {
    Failure::from(Problem::Misconfigured).cause(cause)
}

fn unavailable(cause: String) -> Failure {
    Failure::from(Problem::AuthUnavailable).cause(cause)
}

fn failed(cause: impl Into<String>) -> Failure {
    Failure::from(Problem::LoginFailed).cause(cause)
}

/// What the client is told of a callback that leads to no session. Nothing that came with it is repeated.
fn refused(login: &Login, error: CallbackError) -> Failure {
    match error {
        CallbackError::Malformed(cause) => failed(cause),
        CallbackError::Unknown => {
            failed(format!("this browser has begun no such login under {}, or too long ago", login.origin))
                .detail("this browser has begun no such login, or too long ago: go to the page again")
        }
        CallbackError::Issuer => failed("the answer is another issuer's (iss)"),
        CallbackError::Refused(error) => Failure::from(Problem::Forbidden)
            .detail("the login was refused")
            .cause(format!("the provider says {error}")),
        CallbackError::Provider(error) => {
            Failure::from(Problem::AuthUnavailable).cause(format!("the provider says {error}"))
        }
    }
}

fn page() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(logout::PAGE.as_bytes()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(logout::PAGE_POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
