//! A request comes to a route: with a session, or without one.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use http::{Response, StatusCode};

use super::id_token::{self, Expected};
use super::pending;
use super::policy::Login;
use super::provider::Provider;
use super::seal::{Keys, Purpose};
use super::session::Session;
use super::tokens::{self, Grant, NoTokens, exchange};
use super::{browser, cookie};
use crate::auth::{Access, Admitted, Asking, Found, Rejection};
use crate::host::Host;

/// Looks for a session; a person without one is sent to log in.
pub async fn authenticate<H: Host>(host: &H, login: &Login, asking: &Asking<'_>) -> Found {
    let headers = &asking.head.headers;
    if cookie::all(headers).any(|(name, _)| *name == *login.cookies.session) {
        let keys = match tokens::keys(host, login, Purpose::Session).await {
            Ok(keys) => keys,
            Err(cause) => return Found::Rejected(Rejection::unavailable(cause)),
        };
        if let Some(session) = Session::open(login, &keys, headers, asking.now) {
            if !browser::may_change(&asking.head.method, headers, &login.origin) {
                let cause =
                    "the request would change something and is not known to come from the origin's pages";
                return Found::Rejected(Rejection::denied(cause));
            }
            if let Some(admitted) = go_on(host, login, &keys, session, asking).await {
                return Found::Session(admitted);
            }
        }
    }
    invite(host, login, asking).await
}

/// The session goes on: the provider asked where it is time to, the cookie sealed anew where it is. None where the
/// provider says that it is over.
async fn go_on<H: Host>(
    host: &H,
    login: &Login,
    keys: &Keys,
    mut session: Session,
    asking: &Asking<'_>,
) -> Option<Admitted> {
    let head = asking.head;
    let mut changed = session.is_to_seal(login, asking.now);
    // What a page fetches comes many requests at once, and a refresh token is often good for one use only. A person
    // goes to one page at a time.
    if login.refreshes && session.is_to_ask(asking.now) && browser::is_visit(&head.method, &head.headers) {
        session = refresh(host, login, session, asking).await?;
        changed = true;
    }
    let mut response = HeaderMap::new();
    // RFC 9111 section 3.5 keeps shared caches from answers to requests with Authorization; nothing keeps them from
    // those to requests with cookies, and what is behind the gateway sees no cookie and may say `public`.
    response.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    if changed {
        let mut random = |bytes: &mut [u8]| host.fill(bytes);
        // Without a new cookie the old one goes on until it is over.
        let cookies = session.seal(login, keys, &head.headers, asking.now, &mut random).unwrap_or_default();
        for cookie in cookies {
            response.append(SET_COOKIE, cookie);
        }
    }
    let caller = Some(Arc::new(session.caller(login)));
    Some(Admitted { caller, request: HeaderMap::new(), response })
}

/// Asks the provider for new tokens. A provider that cannot be asked ends nobody's session; one that refuses does.
async fn refresh<H: Host>(host: &H, login: &Login, session: Session, asking: &Asking<'_>) -> Option<Session> {
    let store = asking.plan.store.as_ref();
    let Ok(provider) = Provider::of(host, store, login).await else {
        return Some(session.unasked(asking.now));
    };
    let token = session.refresh_token.clone()?;
    let given = match exchange(host, login, &provider, Grant::Refresh(&token), asking.deadline).await {
        Ok(given) => given,
        Err(NoTokens::Grant) => return None,
        Err(NoTokens::Misconfigured(_) | NoTokens::Unavailable(_)) => {
            return Some(session.unasked(asking.now));
        }
    };
    let Some(text) = &given.id_token else { return Some(session.refreshed(login, None, given, asking.now)) };
    // OpenID Connect Core section 12.2: the same issuer, person and client, and no nonce needed.
    let claims = tokens::judged(host, store, login, text, asking.now).await.ok()?;
    let expected = Expected { issuer: &login.issuer, nonce: None, now: asking.now };
    let subject = id_token::check(login, &claims, &expected).ok()?;
    let same = session.claims.get("sub").and_then(serde_json::Value::as_str) == Some(subject);
    same.then(|| session.refreshed(login, Some(&claims), given, asking.now))
}

/// Sends a person to the provider. Anybody else has no credentials of this kind: so has a request with other
/// credentials, and one that needs none.
async fn invite<H: Host>(host: &H, login: &Login, asking: &Asking<'_>) -> Found {
    let headers = &asking.head.headers;
    let optional = matches!(&asking.route.access, Access::Required(required) if required.optional);
    if optional || headers.contains_key(AUTHORIZATION) || !browser::is_visit(&asking.head.method, headers) {
        return Found::Absent;
    }
    let keys = tokens::keys(host, login, Purpose::Login).await;
    let provider = Provider::of(host, asking.plan.store.as_ref(), login).await;
    let (keys, provider) = match (keys, provider) {
        (Ok(keys), Ok(provider)) => (keys, provider),
        (Err(cause), _) | (_, Err(cause)) => return Found::Rejected(Rejection::unavailable(cause)),
    };
    let target = asking.head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut random = |bytes: &mut [u8]| host.fill(bytes);
    let begun = pending::begin(login, &provider, &keys, (headers, target), asking.now, &mut random);
    match begun.and_then(|begun| redirect(StatusCode::FOUND, &begun.location, begun.cookies)) {
        Some(answer) => Found::Answer(Box::new(answer)),
        None => Found::Rejected(Rejection::unavailable("the login cannot be sealed into a cookie")),
    }
}

/// An answer that sends the browser elsewhere, kept by no cache.
pub(super) fn redirect(
    status: StatusCode,
    location: &str,
    cookies: Vec<HeaderValue>,
) -> Option<Response<Bytes>> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::try_from(location).ok()?);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    Some(response)
}
