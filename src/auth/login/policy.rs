//! What a login is configured to be, ready to be used.

use std::time::Duration;

use super::provider::Provider;
use super::{chunks, cookie};
use crate::auth::jwt::Policy;
use crate::auth::key_source::Source;

/// Where the provider's addresses are known from.
#[derive(Debug)]
pub enum Home {
    /// Its discovery document, which also says where its keys are.
    Discovered,
    /// The configuration.
    Written(Box<Provider>),
}

/// How the gateway shows the token endpoint that it is the client it says (OpenID Connect Core section 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// It has no secret; PKCE alone ties the code to it.
    None,
    /// `client_secret_basic`, with the secret in the variable of this name.
    Basic(Box<str>),
    /// `client_secret_post`, with the secret in the variable of this name.
    Post(Box<str>),
}

/// A login of browsers at one provider.
#[derive(Debug)]
pub struct Login {
    /// The authenticator's name.
    pub name: Box<str>,
    /// The gateway's own origin as browsers write it, `https://app.example.com`: what redirect addresses begin with,
    /// and what `Origin` must be. Never taken from a request.
    pub origin: Box<str>,
    /// Whether cookies are for TLS only: everywhere but on a developer's own machine.
    pub secure: bool,
    /// The provider: what `iss` must be.
    pub issuer: Box<str>,
    /// Where its addresses are known from.
    pub home: Home,
    /// Its keys.
    pub keys: Source,
    /// What every token of the provider must be, and where its roles and groups are.
    pub tokens: Policy,
    /// The path that the provider sends the browser back to.
    pub callback: Box<str>,
    /// The path of the logout.
    pub logout: Box<str>,
    /// The path that a person lands on after the logout.
    pub after_logout: Box<str>,
    /// The client's identifier at the provider.
    pub client_id: Box<str>,
    /// How the client proves itself.
    pub client: ClientAuthentication,
    /// `scope`, with `openid` among them.
    pub scope: Box<str>,
    /// Further parameters of the authorisation request.
    pub parameters: Vec<(Box<str>, Box<str>)>,
    /// The variables with the secrets that cookies are sealed by: the first seals, all open.
    pub secrets: Vec<Box<str>>,
    /// How long a session lasts, whatever happens.
    pub lifetime: Duration,
    /// How long a session lasts without a request.
    pub idle: Duration,
    /// The claims of the ID token that a session keeps, beside `iss` and `sub`.
    pub claims: Vec<Box<str>>,
    /// Whether a session keeps the ID token, as the hint for the provider's logout.
    pub keeps_id_token: bool,
    /// Whether a session keeps the refresh token and asks the provider again when the access token is over.
    pub refreshes: bool,
    /// Audiences that an ID token may have beside the client.
    pub trusted_audiences: Vec<Box<str>>,
    /// How far the provider's clock may be from ours.
    pub skew: Duration,
    /// The names of its cookies.
    pub cookies: Cookies,
}

/// The names of a login's cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookies {
    /// That of the session.
    pub session: Box<str>,
    /// What the names for logins that have begun begin with.
    pub pending: Box<str>,
}

// === impl Login ===

impl Login {
    /// Where the provider's keys are fetched.
    pub fn key_source(&self) -> Option<&Source> {
        Some(&self.keys)
    }

    /// `redirect_uri`: the address of the callback, as it is registered at the provider.
    pub fn redirect_uri(&self) -> String {
        format!("{}{}", self.origin, self.callback)
    }
}

// === impl Cookies ===

impl Cookies {
    /// Those of the authenticator `name`, which has no `~` in it.
    pub fn of(name: &str, secure: bool) -> Self {
        Self {
            session: cookie::name(secure, &format!("tollgate~{name}")).into(),
            pending: cookie::name(secure, &format!("tollgate-login~{name}~")).into(),
        }
    }

    /// Whether the cookie `name` is one of them: no upstream's business.
    pub fn has(&self, name: &str) -> bool {
        chunks::is_of(&self.session, name) || name.starts_with(&*self.pending)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use url::Url;

    use super::super::provider::tests::provider;
    use super::*;
    use crate::auth::jwt::Algorithms;
    use crate::auth::key_source::Place;
    use crate::auth::key_source::life::Life;
    use crate::plan::Endpoint;

    /// A login as a configuration that says little makes it.
    pub fn login() -> Login {
        Login {
            name: "people".into(),
            origin: "https://app.example".into(),
            secure: true,
            issuer: "https://id.example".into(),
            home: Home::Written(Box::new(provider())),
            keys: Source {
                place: Place::Address(Endpoint::of(&Url::parse("https://id.example/keys").unwrap()).unwrap()),
                life: Life {
                    refresh: Duration::from_secs(600),
                    grace: Duration::from_secs(3_600),
                    cool_down: Duration::from_secs(30),
                    timeout: Duration::from_secs(5),
                },
                limit: 1 << 16,
                id: [0; 32],
            },
            tokens: Policy::new("https://id.example", Algorithms::ASYMMETRIC),
            callback: "/.tollgate/login/people/callback".into(),
            logout: "/.tollgate/login/people/logout".into(),
            after_logout: "/".into(),
            client_id: "app".into(),
            client: ClientAuthentication::Basic("client_secret".into()),
            scope: "openid email".into(),
            parameters: Vec::new(),
            secrets: vec!["session_key".into()],
            lifetime: Duration::from_secs(8 * 3600),
            idle: Duration::from_secs(3600),
            claims: vec!["email".into(), "groups".into()],
            keeps_id_token: false,
            refreshes: false,
            trusted_audiences: Vec::new(),
            skew: Duration::from_secs(60),
            cookies: Cookies::of("people", true),
        }
    }

    #[test]
    fn own_cookies_are_known() {
        let cookies = Cookies::of("people", true);
        for (name, expected) in [
            ("__Host-tollgate~people", true),
            ("__Host-tollgate~people~2", true),
            ("__Host-tollgate-login~people~x", true),
            ("__Host-tollgate~people2", false),
            ("__Host-tollgate~people~3", false),
            ("tollgate~people", false),
            ("a", false),
        ] {
            assert_eq!(cookies.has(name), expected, "{name}");
        }
    }
}
