//! A session: what is known of a person who has logged in, sealed into cookies and kept nowhere else.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::chunks;
use super::exchange::Tokens;
use super::policy::Login;
use super::seal::{Keys, Place};
use crate::auth::{Caller, CredentialId};
use crate::host::UnixMillis;

/// A session that was used is sealed anew once this part of its idle time has passed, not at every request: an answer
/// with `Set-Cookie` cannot be cached, and every one of them is bytes.
const RESEAL_PART: u32 = 4;

/// How long an access token is taken to last where the provider does not say (RFC 6749 section 5.1 recommends to).
const EXPIRES_IN: u64 = 3_600;

/// How long before the provider is asked again after it could not be.
const ASK_AGAIN: u64 = 60;

/// Who has logged in. Times are seconds since 1970. The names are short because it travels with every request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The claims that are kept; `iss` and `sub` always.
    #[serde(rename = "c")]
    pub claims: Map<String, Value>,
    /// What the access token was granted.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Box<str>>,
    /// The person's roles.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Box<str>>,
    /// The person's groups.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Box<str>>,
    /// When the login was.
    #[serde(rename = "b")]
    pub begun: u64,
    /// When the session was last sealed for a request.
    #[serde(rename = "u")]
    pub used: u64,
    /// The ID token, for the provider's logout.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The refresh token.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// When the provider is to be asked again.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub ask_at: Option<u64>,
}

// === impl Session ===

impl Session {
    /// The session that begins with an ID token that has been judged, and its claims.
    pub fn begin(login: &Login, claims: &Map<String, Value>, tokens: Tokens, now: UnixMillis) -> Self {
        let now = seconds(now);
        let mut session = Self {
            claims: Map::new(),
            scopes: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            begun: now,
            used: now,
            id_token: None,
            refresh_token: None,
            ask_at: None,
        };
        session.know(login, claims);
        session.scopes = login.scope.split(' ').map(Into::into).collect();
        session.keep(login, tokens, now);
        session
    }

    /// The session goes on with what a refresh gave; `claims` are those of its ID token, where it had one.
    pub fn refreshed(
        mut self,
        login: &Login,
        claims: Option<&Map<String, Value>>,
        tokens: Tokens,
        now: UnixMillis,
    ) -> Self {
        if let Some(claims) = claims {
            self.know(login, claims);
        }
        self.used = seconds(now);
        self.keep(login, tokens, seconds(now));
        self
    }

    /// The session goes on although the provider could not be asked; it will be in a minute.
    pub fn unasked(mut self, now: UnixMillis) -> Self {
        self.ask_at = Some(seconds(now) + ASK_AGAIN);
        self.used = seconds(now);
        self
    }

    /// Whether the provider is to be asked before the session goes on.
    pub fn is_to_ask(&self, now: UnixMillis) -> bool {
        self.refresh_token.is_some() && self.ask_at.is_none_or(|at| at <= seconds(now))
    }

    fn know(&mut self, login: &Login, claims: &Map<String, Value>) {
        self.claims = chosen(login, claims);
        self.roles = login.tokens.roles(claims).map(Into::into).collect();
        self.groups = login.tokens.groups(claims).map(Into::into).collect();
    }

    fn keep(&mut self, login: &Login, tokens: Tokens, now: u64) {
        // RFC 6749 section 5.1: what is not said is what was asked for.
        if let Some(scope) = &tokens.scope {
            self.scopes = scope.split(' ').filter(|scope| !scope.is_empty()).map(Into::into).collect();
        }
        if login.keeps_id_token && tokens.id_token.is_some() {
            self.id_token = tokens.id_token;
        }
        if login.refreshes {
            // RFC 6749 section 6: without a new one, the old one stays good.
            self.refresh_token = tokens.refresh_token.or(self.refresh_token.take());
            self.ask_at = Some(now.saturating_add(tokens.expires_in.unwrap_or(EXPIRES_IN)));
        }
    }

    /// Whether the time has come to say that the session was used.
    pub fn is_to_seal(&self, login: &Login, now: UnixMillis) -> bool {
        seconds(now).saturating_sub(self.used) >= (login.idle / RESEAL_PART).as_secs()
    }

    /// Opens the session of a request. None where there is none: unreadable, over, or not as this configuration has
    /// it, it is all the same.
    pub fn open(login: &Login, keys: &Keys, request: &HeaderMap, now: UnixMillis) -> Option<Self> {
        let name = &*login.cookies.session;
        let text = chunks::read(request, name)?;
        let place = Place { cookie: name, authenticator: &login.name };
        let session: Self = serde_json::from_slice(&keys.open(&place, now, &text)?).ok()?;
        // Both again: the lifetimes may have been shortened since it was sealed.
        (session.left(login, now) > Duration::ZERO).then_some(session)
    }

    /// The `Set-Cookie` values that say the session was used now. None where it is too large for cookies.
    pub fn seal(
        &self,
        login: &Login,
        keys: &Keys,
        request: &HeaderMap,
        now: UnixMillis,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Option<Vec<HeaderValue>> {
        let session = Self { used: seconds(now), ..self.clone() };
        let left = session.left(login, now);
        let expires = UnixMillis(now.0.saturating_add(left.as_millis() as u64));
        let mut nonce = [0; 24];
        random(&mut nonce);
        let name = &*login.cookies.session;
        let place = Place { cookie: name, authenticator: &login.name };
        let text = keys.seal(&place, expires, &serde_json::to_vec(&session).ok()?, nonce)?;
        chunks::write(request, name, &text, left, login.secure)
    }

    /// The caller that it is.
    pub fn caller(self, login: &Login) -> Caller {
        // The cookie is sealed anew from time to time; the login stays the same.
        let credential = self.credential();
        let end = self.begun.saturating_add(login.lifetime.as_secs());
        Caller {
            by: (&*login.name).into(),
            subject: self.claims.get("sub").and_then(Value::as_str).map(Into::into),
            claims: self.claims,
            scopes: self.scopes,
            roles: self.roles,
            groups: self.groups,
            expires: Some(UnixMillis(end.saturating_mul(1_000))),
            credential: Some(credential),
            ..Caller::default()
        }
    }

    /// Who logged in where, and when.
    fn credential(&self) -> CredentialId {
        let said = |name| self.claims.get(name).and_then(Value::as_str).unwrap_or_default().as_bytes();
        CredentialId::of(&[said("iss"), said("sub"), &self.begun.to_be_bytes()])
    }

    /// How long the session may still last without another request.
    fn left(&self, login: &Login, now: UnixMillis) -> Duration {
        let end = |from: u64, span: Duration| from.saturating_add(span.as_secs());
        let end = end(self.begun, login.lifetime).min(end(self.used, login.idle));
        Duration::from_secs(end.saturating_sub(seconds(now)))
    }
}

/// The `Set-Cookie` values that end the session of a request.
pub fn forget(login: &Login, request: &HeaderMap) -> Vec<HeaderValue> {
    chunks::forget(request, &login.cookies.session, login.secure)
}

fn chosen(login: &Login, claims: &Map<String, Value>) -> Map<String, Value> {
    let names = ["iss", "sub"].into_iter().chain(login.claims.iter().map(|name| &**name));
    names.filter_map(|name| Some((name.to_owned(), claims.get(name)?.clone()))).collect()
}

fn seconds(now: UnixMillis) -> u64 {
    now.0 / 1_000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::StatusCode;
    use http::header::COOKIE;
    use serde_json::json;

    use super::super::policy::tests::login;
    use super::super::seal::Purpose;
    use super::*;

    const HOUR: u64 = 3_600;

    fn at(seconds: u64) -> UnixMillis {
        UnixMillis((1_700_000_000 + seconds) * 1_000)
    }

    fn keys() -> Keys {
        Keys::derive(["0123456789abcdef0123456789abcdef"], Purpose::Session).unwrap()
    }

    fn tokens(refresh: &str) -> Tokens {
        let content = json!({"access_token": "a", "token_type": "Bearer", "id_token": "i", "expires_in": 600, "refresh_token": refresh});
        Tokens::read(StatusCode::OK, content.to_string().as_bytes()).ok().unwrap()
    }

    fn claims() -> Map<String, Value> {
        let claims =
            json!({"iss": "https://id.example", "sub": "ada", "email": "a@b", "nonce": "n", "groups": ["x"]});
        claims.as_object().unwrap().clone()
    }

    /// What the browser sends after the session was sealed.
    fn sealed(login: &Login, session: &Session, now: UnixMillis) -> HeaderMap {
        let cookies =
            session.seal(login, &keys(), &HeaderMap::new(), now, &mut |bytes| bytes.fill(3)).unwrap();
        let pair = |cookie: &HeaderValue| cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let pairs: Vec<_> = cookies.iter().map(pair).collect();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap())])
    }

    /// Sessions that began long ago and last long, for cases: they run at any time, over hosts with chance of their
    /// own. If this fails, the layout has changed, and `VERSION` in `seal.rs` should have.
    #[test]
    fn the_sessions_of_the_cases() {
        let days = |days: u64| Duration::from_secs(days * 24 * HOUR);
        let login = Login { lifetime: days(20_000), idle: days(20_000), ..login() };
        let now = UnixMillis(1_767_225_600_000);
        let session = Session::begin(&login, &claims(), tokens("r"), now);
        let request = sealed(&login, &session, now);
        let cookie = request[COOKIE].to_str().unwrap();
        let case = include_str!("../../../tests/cases/auth/login-session.toml");
        assert!(case.contains(cookie), "{cookie}");
        let login = Login { refreshes: true, ..login };
        let session = Session::begin(&login, &claims(), tokens("the-refresh-token"), now);
        let request = sealed(&login, &session, now);
        let cookie = request[COOKIE].to_str().unwrap();
        let case = include_str!("../../../tests/cases/auth/login-refresh.toml");
        assert!(case.contains(cookie), "{cookie}");
    }

    #[test]
    fn only_what_is_chosen_is_kept() {
        let login = login();
        let session = Session::begin(&login, &claims(), tokens("r"), at(0));
        let request = sealed(&login, &session, at(0));
        let opened = Session::open(&login, &keys(), &request, at(1)).unwrap();
        let expected = json!({"iss": "https://id.example", "sub": "ada", "email": "a@b", "groups": ["x"]});
        assert_eq!(Value::from(opened.claims), expected);
        assert_eq!((opened.id_token, opened.refresh_token, opened.ask_at), (None, None, None));
    }

    #[test]
    fn a_session_ends_when_idle_and_at_last() {
        let login = login();
        let session = Session::begin(&login, &claims(), tokens("r"), at(0));
        let idle = sealed(&login, &session, at(0));
        assert!(Session::open(&login, &keys(), &idle, at(HOUR - 1)).is_some());
        assert!(Session::open(&login, &keys(), &idle, at(HOUR)).is_none());
        let used = sealed(&login, &session, at(7 * HOUR + 1800));
        assert!(Session::open(&login, &keys(), &used, at(8 * HOUR - 1)).is_some());
        assert!(Session::open(&login, &keys(), &used, at(8 * HOUR)).is_none());
        let shorter = Login { lifetime: Duration::from_secs(7 * HOUR), ..login };
        assert!(Session::open(&shorter, &keys(), &used, at(7 * HOUR + 1800)).is_none());
    }

    #[test]
    fn a_session_is_sealed_anew_after_a_part_of_its_idle_time() {
        let login = login();
        let session = Session::begin(&login, &claims(), tokens("r"), at(0));
        assert!(!session.is_to_seal(&login, at(HOUR / 4 - 1)));
        assert!(session.is_to_seal(&login, at(HOUR / 4)));
    }

    #[test]
    fn a_refresh_replaces_what_it_gives() {
        let login = Login { refreshes: true, keeps_id_token: true, ..login() };
        let session = Session::begin(&login, &claims(), tokens("r"), at(0));
        assert!(!session.is_to_ask(at(599)));
        assert!(session.is_to_ask(at(600)));
        let waiting = session.clone().unasked(at(600));
        assert!(!waiting.is_to_ask(at(659)) && waiting.is_to_ask(at(660)));
        let mut newer = claims();
        newer.insert("email".to_owned(), json!("c@d"));
        let session = session.refreshed(&login, Some(&newer), tokens("s"), at(600));
        assert_eq!(session.refresh_token.as_deref(), Some("s"));
        assert_eq!((&session.claims["email"], session.begun), (&json!("c@d"), at(0).0 / 1000));
        assert_eq!(session.ask_at, Some(at(1_200).0 / 1000));
        let mut none = tokens("");
        (none.refresh_token, none.id_token) = (None, None);
        let session = session.refreshed(&login, None, none, at(1_200));
        assert_eq!((session.refresh_token.as_deref(), session.id_token.as_deref()), (Some("s"), Some("i")));
    }

    #[test]
    fn what_is_too_large_is_not_sealed() {
        let login = Login { keeps_id_token: true, ..login() };
        let mut session = Session::begin(&login, &claims(), tokens("r"), at(0));
        session.id_token = Some("x".repeat(5_000));
        assert!(Session::open(&login, &keys(), &sealed(&login, &session, at(0)), at(0)).is_some());
        session.id_token = Some("x".repeat(9_000));
        assert_eq!(session.seal(&login, &keys(), &HeaderMap::new(), at(0), &mut |_| {}), None);
    }
}
