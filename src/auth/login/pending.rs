//! A login that has begun: what the browser carries to the provider, and what it keeps here until it comes back.
//!
//! Each login has a cookie of its own, named after its `state`, so that several tabs can log in at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::HeaderValue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::form_urlencoded::Serializer;

use super::cookie;
use super::policy::Login;
use super::provider::Provider;
use super::return_to::same_origin;
use super::seal::{Keys, Place};
use crate::host::UnixMillis;

/// How long a person has to log in: passwords are looked up, second factors fetched.
pub const PENDING_LIFE: Duration = Duration::from_secs(10 * 60);

/// How many logins one browser may have begun at once. Each is a cookie of at most 2 KiB on every request.
pub const PENDING_MOST: usize = 4;

/// 256 bits: RFC 7636 section 7.1 asks for that much in a verifier, and `state` and `nonce` are no worse for it.
const RANDOM: usize = 32;

/// What is kept of a login until the browser comes back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// RFC 6749 section 10.12: ties the answer to this browser.
    #[serde(rename = "s")]
    pub state: String,
    /// OpenID Connect Core section 3.1.2.1: ties the ID token to this login.
    #[serde(rename = "n")]
    pub nonce: String,
    /// RFC 7636 section 4.1: ties the code to this login.
    #[serde(rename = "v")]
    pub verifier: String,
    /// The path and query to go to afterwards.
    #[serde(rename = "r")]
    pub return_to: String,
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "b")]
    pub begun: u64,
}

/// Where to send a browser, and what to give it along.
pub struct Begun {
    /// `Location`.
    pub location: String,
    /// `Set-Cookie`, each.
    pub cookies: Vec<HeaderValue>,
}

// === impl Pending ===

impl Pending {
    fn new(target: &str, now: UnixMillis, random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut text = || {
            let mut bytes = [0; RANDOM];
            random(&mut bytes);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        let (state, nonce, verifier) = (text(), text(), text());
        Self { state, nonce, verifier, return_to: same_origin(target).to_owned(), begun: now.0 }
    }

    /// RFC 7636 section 4.2, `S256`.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// Begins a login for a browser that asked for `target` (path and query). None where nothing can be sealed.
pub fn begin(
    login: &Login,
    provider: &Provider,
    keys: &Keys,
    (request, target): (&HeaderMap, &str),
    now: UnixMillis,
    random: &mut dyn FnMut(&mut [u8]),
) -> Option<Begun> {
    let is_own = [&login.callback, &login.logout].iter().any(|own| target.starts_with(&***own));
    let pending = Pending::new(if is_own { "/" } else { target }, now, random);
    let name = cookie_name(login, &pending.state);
    let mut nonce = [0; 24];
    random(&mut nonce);
    let place = Place { cookie: &name, authenticator: &login.name };
    let expires = UnixMillis(now.0.saturating_add(PENDING_LIFE.as_millis() as u64));
    let sealed = keys.seal(&place, expires, &serde_json::to_vec(&pending).ok()?, nonce)?;
    let mut cookies = vec![cookie::set(&name, &sealed, PENDING_LIFE, login.secure)?];
    cookies.extend(superfluous(login, keys, request, now));
    Some(Begun { location: authorisation(login, provider, &pending), cookies })
}

/// The login that `state` belongs to, if this browser has begun it.
pub fn find(
    login: &Login,
    keys: &Keys,
    request: &HeaderMap,
    state: &str,
    now: UnixMillis,
) -> Option<Pending> {
    let name = cookie_name(login, state);
    open(login, keys, &name, cookie::find(request, &name)?, now)
}

/// The name of the cookie for a login, a prefix and a digest of its state: a name may be seen where a value may not.
pub fn cookie_name(login: &Login, state: &str) -> String {
    let digest = Sha256::digest(state.as_bytes());
    format!("{}{}", login.cookies.pending, URL_SAFE_NO_PAD.encode(&digest[..9]))
}

fn open(login: &Login, keys: &Keys, name: &str, text: &str, now: UnixMillis) -> Option<Pending> {
    let place = Place { cookie: name, authenticator: &login.name };
    serde_json::from_slice(&keys.open(&place, now, text)?).ok()
}

/// What to take away so that there are no more than [`PENDING_MOST`] with the new one: what cannot be opened, then
/// the oldest.
fn superfluous(login: &Login, keys: &Keys, request: &HeaderMap, now: UnixMillis) -> Vec<HeaderValue> {
    let mine = cookie::all(request).filter(|(name, _)| name.starts_with(&*login.cookies.pending));
    let age = |(name, text)| (open(login, keys, name, text, now).map(|pending| pending.begun), name);
    let mut mine: Vec<(Option<u64>, &str)> = mine.map(age).collect();
    mine.sort_unstable_by(|a, b| b.cmp(a));
    let readable = mine.iter().filter(|(begun, _)| begun.is_some()).count();
    let kept = readable.min(PENDING_MOST - 1);
    mine[kept..].iter().filter_map(|(_, name)| cookie::forget(name, login.secure)).collect()
}

/// The authorisation request (OpenID Connect Core section 3.1.2.1, RFC 7636 section 4.3). RFC 6749 section 3.1: a
/// query that the endpoint has is kept.
fn authorisation(login: &Login, provider: &Provider, pending: &Pending) -> String {
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", &login.client_id),
        ("scope", &login.scope),
        ("state", &pending.state),
        ("nonce", &pending.nonce),
        ("code_challenge_method", "S256"),
    ];
    let (redirect_uri, challenge) = (login.redirect_uri(), pending.challenge());
    parameters.extend([("redirect_uri", &*redirect_uri), ("code_challenge", &challenge)]);
    parameters.extend(login.parameters.iter().map(|(name, value)| (&**name, &**value)));
    with_query(&provider.authorization, &parameters)
}

/// `address` with parameters added to its query.
pub(super) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let address = address.split('#').next().unwrap_or(address);
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{address}{joint}{query}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use http::header::COOKIE;

    use super::super::policy::tests::login;
    use super::super::provider::tests::provider;
    use super::super::seal::Purpose;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn keys() -> Keys {
        Keys::derive(["0123456789abcdef0123456789abcdef"], Purpose::Login).unwrap()
    }

    /// A browser's jar.
    #[derive(Default)]
    struct Jar(BTreeMap<String, String>);

    impl Jar {
        fn take(&mut self, cookies: &[HeaderValue]) {
            for cookie in cookies {
                let cookie = cookie.to_str().unwrap();
                let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                match cookie.contains("Max-Age=0") {
                    true => self.0.remove(name),
                    false => self.0.insert(name.to_owned(), value.to_owned()),
                };
            }
        }

        fn headers(&self) -> HeaderMap {
            let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
            HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap())])
        }
    }

    fn begin_at(jar: &Jar, target: &str, now: UnixMillis, seed: u8) -> Begun {
        let mut next = seed;
        let mut random = |bytes: &mut [u8]| {
            next = next.wrapping_add(1);
            bytes.fill(next);
        };
        begin(&login(), &provider(), &keys(), (&jar.headers(), target), now, &mut random).unwrap()
    }

    fn parameter(location: &str, name: &str) -> String {
        let url = url::Url::parse(location).unwrap();
        let values: Vec<_> = url.query_pairs().filter(|(other, _)| other == name).collect();
        assert_eq!(values.len(), 1, "{name} in {location}");
        values[0].1.to_string()
    }

    #[test]
    fn the_challenge_of_rfc_7636() {
        // RFC 7636 appendix B.
        let pending = Pending {
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            ..Pending::new("/", NOW, &mut |_| {})
        };
        assert_eq!(pending.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_request_says_what_it_must() {
        let location = begin_at(&Jar::default(), "/a?b", NOW, 0).location;
        assert!(location.starts_with("https://id.example/auth?response_type=code&"), "{location}");
        for (name, value) in [
            ("client_id", "app"),
            ("scope", "openid email"),
            ("redirect_uri", "https://app.example/.tollgate/login/people/callback"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(parameter(&location, name), value);
        }
        assert_eq!(parameter(&location, "state").len(), 43);
        assert_ne!(parameter(&location, "state"), parameter(&location, "nonce"));
        assert!(!location.contains("code_verifier"));
    }

    #[test]
    fn a_query_of_the_endpoint_stays() {
        for (address, expected) in [
            ("https://a/b", "https://a/b?x=+%26"),
            ("https://a/b?", "https://a/b?x=+%26"),
            ("https://a/b?c=d", "https://a/b?c=d&x=+%26"),
        ] {
            assert_eq!(with_query(address, &[("x", " &")]), expected);
        }
    }

    #[test]
    fn what_was_begun_is_found_by_its_state_alone() {
        let mut jar = Jar::default();
        let begun = begin_at(&jar, "/a?b", NOW, 0);
        jar.take(&begun.cookies);
        let state = parameter(&begun.location, "state");
        let found = find(&login(), &keys(), &jar.headers(), &state, NOW).unwrap();
        assert_eq!((&found.state, found.return_to.as_str()), (&state, "/a?b"));
        assert_eq!(parameter(&begun.location, "nonce"), found.nonce);
        assert!(find(&login(), &keys(), &jar.headers(), "other", NOW).is_none());
        assert!(find(&login(), &keys(), &HeaderMap::new(), &state, NOW).is_none());
        let late = UnixMillis(NOW.0 + PENDING_LIFE.as_millis() as u64);
        assert!(find(&login(), &keys(), &jar.headers(), &state, late).is_none());
    }

    /// A login that began long ago and lasts long, for cases: they run at any time, over hosts with chance of their
    /// own. If this fails, the layout has changed, and `VERSION` in `seal.rs` should have.
    #[test]
    fn the_login_of_the_cases() {
        let pending = Pending {
            state: "the-state".to_owned(),
            nonce: "the-nonce".to_owned(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            return_to: "/orders?page=2".to_owned(),
            begun: 1_767_225_600_000,
        };
        let name = cookie_name(&login(), &pending.state);
        let place = Place { cookie: &name, authenticator: "people" };
        let text = serde_json::to_vec(&pending).unwrap();
        let sealed = keys().seal(&place, UnixMillis(4_102_444_800_000), &text, [1; 24]).unwrap();
        let case = include_str!("../../../tests/cases/auth/login-callback.toml");
        assert!(case.contains(&format!("{name}={sealed}")), "{name}={sealed}");
    }

    #[test]
    fn the_logins_own_paths_are_not_returned_to() {
        let mut jar = Jar::default();
        let begun = begin_at(&jar, "/.tollgate/login/people/callback?code=x", NOW, 0);
        jar.take(&begun.cookies);
        let state = parameter(&begun.location, "state");
        assert_eq!(find(&login(), &keys(), &jar.headers(), &state, NOW).unwrap().return_to, "/");
    }

    #[test]
    fn tabs_log_in_side_by_side_and_the_oldest_goes() {
        let mut jar = Jar::default();
        jar.0.insert("other".to_owned(), "stays".to_owned());
        jar.0.insert(format!("{}x", login().cookies.pending), "unreadable".to_owned());
        let mut states = Vec::new();
        for number in 0..6_u8 {
            let begun = begin_at(&jar, "/", UnixMillis(NOW.0 + u64::from(number)), number * 10);
            jar.take(&begun.cookies);
            states.push(parameter(&begun.location, "state"));
        }
        let found = |state: &String| find(&login(), &keys(), &jar.headers(), state, NOW).is_some();
        assert_eq!(states.iter().map(found).collect::<Vec<_>>(), [false, false, true, true, true, true]);
        assert_eq!(jar.0.len(), PENDING_MOST + 1);
    }
}
