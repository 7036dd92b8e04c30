//! The browser comes back from the provider: is the answer the one to a question of this browser?

use std::borrow::Cow;

use http::HeaderMap;
use url::form_urlencoded;

use super::pending::{self, Pending};
use super::policy::Login;
use super::provider::Provider;
use super::seal::Keys;
use crate::host::UnixMillis;

/// The longest value of a parameter that is looked at. Codes are opaque, and of some providers signed tokens.
const LONGEST: usize = 4_096;

/// Why a callback leads to no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackError {
    /// It is no answer to an authorisation request: for the operator, what is wrong.
    Malformed(&'static str),
    /// This browser has not begun such a login, or too long ago.
    Unknown,
    /// RFC 9207 section 2.4: another provider gave the answer.
    Issuer,
    /// The person, or the provider on its rules, said no: an error of RFC 6749 section 4.1.2.1 or OpenID Connect Core
    /// section 3.1.2.6.
    Refused(&'static str),
    /// The provider cannot now, or does not understand the request: an error of the same lists, or none of them.
    Provider(&'static str),
}

/// Errors by which a person, or the provider's rules, refuse.
const REFUSALS: [&str; 5] = [
    "access_denied",
    "login_required",
    "account_selection_required",
    "consent_required",
    "interaction_required",
];

/// Errors that are the provider's or the configuration's.
const FAILURES: [&str; 6] = [
    "server_error",
    "temporarily_unavailable",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_response_type",
];

/// The code, and the login that it belongs to. Only once the answer is known to be ours is anything believed, an
/// error included.
pub fn check<'a>(
    login: &Login,
    provider: &Provider,
    keys: &Keys,
    (request, query): (&HeaderMap, &'a str),
    now: UnixMillis,
) -> Result<(Cow<'a, str>, Pending), CallbackError> {
    let [state, issuer, error, code] = parameters(query, ["state", "iss", "error", "code"])?;
    let state = state.ok_or(CallbackError::Malformed("no state"))?;
    let pending = pending::find(login, keys, request, &state, now).ok_or(CallbackError::Unknown)?;
    if !same(&pending.state, &state) {
        return Err(CallbackError::Unknown);
    }
    match issuer {
        Some(issuer) if *issuer != *login.issuer => return Err(CallbackError::Issuer),
        None if provider.names_issuer => return Err(CallbackError::Issuer),
        _ => {}
    }
    if let Some(error) = error {
        return Err(refusal(&error));
    }
    match code {
        Some(code) if !code.is_empty() => Ok((code, pending)),
        _ => Err(CallbackError::Malformed("no code")),
    }
}

/// The error by its name in the lists: nothing that came is passed on, not even to the operator.
fn refusal(error: &str) -> CallbackError {
    if let Some(known) = REFUSALS.iter().find(|known| **known == error) {
        return CallbackError::Refused(known);
    }
    let known = FAILURES.iter().find(|known| **known == error);
    CallbackError::Provider(known.copied().unwrap_or("an error that no list has"))
}

/// The parameters of these names. RFC 6749 section 3.1: none may stand twice.
fn parameters<'a, const N: usize>(
    query: &'a str,
    names: [&str; N],
) -> Result<[Option<Cow<'a, str>>; N], CallbackError> {
    let mut found = [const { None }; N];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(at) = names.iter().position(|known| *known == name) else { continue };
        if value.len() > LONGEST {
            return Err(CallbackError::Malformed("a parameter is too long"));
        }
        if found[at].replace(value).is_some() {
            return Err(CallbackError::Malformed("a parameter stands twice"));
        }
    }
    Ok(found)
}

/// In constant time.
fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::header::{COOKIE, HeaderValue};

    use super::super::policy::tests::login;
    use super::super::provider::tests::provider;
    use super::super::seal::Purpose;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn keys() -> Keys {
        Keys::derive(["0123456789abcdef0123456789abcdef"], Purpose::Login).unwrap()
    }

    /// A browser that has begun a login, and its state.
    fn browser() -> (HeaderMap, String) {
        let mut random = |bytes: &mut [u8]| bytes.fill(9);
        let begun =
            pending::begin(&login(), &provider(), &keys(), (&HeaderMap::new(), "/page"), NOW, &mut random);
        let cookie = begun.unwrap().cookies[0].to_str().unwrap().split(';').next().unwrap().to_owned();
        let state = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk".to_owned();
        (HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookie).unwrap())]), state)
    }

    fn answer(query: &str, announces: bool) -> Result<String, CallbackError> {
        let (browser, state) = browser();
        let provider = Provider { names_issuer: announces, ..provider() };
        let query = query.replace("STATE", &state);
        check(&login(), &provider, &keys(), (&browser, &query), NOW).map(|(code, pending)| {
            assert_eq!(pending.return_to, "/page");
            code.into_owned()
        })
    }

    #[test]
    fn answers() {
        use CallbackError::*;
        for (query, expected) in [
            ("code=a%2Bb&state=STATE", Ok("a+b")),
            ("state=STATE&code=c&session_state=x&scope=openid", Ok("c")),
            ("code=c&state=STATE&iss=https%3A%2F%2Fid.example", Ok("c")),
            ("code=c&state=STATE&iss=https%3A%2F%2Fid.example%2F", Err(Issuer)),
            ("code=c&state=STATE&iss=https%3A%2F%2Fevil.example", Err(Issuer)),
            ("", Err(Malformed("no state"))),
            ("code=c", Err(Malformed("no state"))),
            ("code=c&state=", Err(Unknown)),
            ("code=c&state=STATEx", Err(Unknown)),
            ("code=c&state=other", Err(Unknown)),
            ("state=STATE", Err(Malformed("no code"))),
            ("state=STATE&code=", Err(Malformed("no code"))),
            ("code=c&code=d&state=STATE", Err(Malformed("a parameter stands twice"))),
            ("code=c&state=STATE&state=STATE", Err(Malformed("a parameter stands twice"))),
            ("error=access_denied&state=STATE", Err(Refused("access_denied"))),
            ("error=access_denied&code=c&state=STATE", Err(Refused("access_denied"))),
            ("error=server_error&error_description=%3Cscript%3E&state=STATE", Err(Provider("server_error"))),
            ("error=%3Cscript%3E&state=STATE", Err(Provider("an error that no list has"))),
            ("error=access_denied&state=other", Err(Unknown)),
            ("error=access_denied&state=STATE&iss=x", Err(Issuer)),
        ] {
            assert_eq!(answer(query, false), expected.map(str::to_owned), "{query}");
        }
        let long = format!("code={}&state=STATE", "c".repeat(LONGEST + 1));
        assert_eq!(answer(&long, false), Err(Malformed("a parameter is too long")));
    }

    #[test]
    fn a_provider_that_announces_iss_says_it() {
        assert_eq!(answer("code=c&state=STATE", true), Err(CallbackError::Issuer));
        assert_eq!(answer("error=access_denied&state=STATE", true), Err(CallbackError::Issuer));
        assert_eq!(answer("code=c&state=STATE&iss=https://id.example", true), Ok("c".to_owned()));
    }

    #[test]
    fn another_browser_gets_nothing() {
        let (_, state) = browser();
        let query = format!("code=c&state={state}");
        let found = check(&login(), &provider(), &keys(), (&HeaderMap::new(), &query), NOW);
        assert_eq!(found.err(), Some(CallbackError::Unknown));
    }
}
