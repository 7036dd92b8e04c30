//! A browser's session, begun by logging in with OpenID Connect.

use std::time::Duration;

use url::{Host, Origin, Url};

use super::super::Endpoint;
use super::super::compile::{Context, Pointer};
use super::super::key_source::Issuer;
use crate::auth::claims::ClaimPath;
use crate::auth::discovery::Kind;
use crate::auth::jwt::{Algorithms, Policy};
use crate::auth::key_source::Source;
use crate::auth::login::policy::{ClientAuthentication, Cookies, Home, Login};
use crate::auth::login::provider::Provider;
use crate::auth::login::seal::KEYS_MOST;
use crate::config::auth::login as config;

/// The longest name: it is part of names of cookies, and of paths.
const NAME_MOST: usize = 64;

/// The largest ID token: what a token endpoint gives, not what a header takes.
const ID_TOKEN_MOST: usize = 32 << 10;

const SCOPES: [&str; 3] = ["openid", "email", "profile"];
const CLAIMS: [&str; 4] = ["email", "email_verified", "name", "preferred_username"];

/// Parameters that the gateway itself sets, or that would undo what it relies on.
const OWN_PARAMETERS: [&str; 12] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];

impl Context<'_> {
    pub(super) fn login(&mut self, at: &Pointer, name: &str, written: &config::Login) -> Option<Login> {
        self.login_name(at, name);
        let origin = self.login_origin(&at.key("origin"), &written.origin);
        let found = self.login_provider(at, written);
        let client = self.login_client(at, written);
        let secrets = self.login_secrets(&at.key("session_secret"), written);
        let path = |key: &str, last: &str, written: Option<&String>| {
            let path = written.cloned().unwrap_or_else(|| format!("/.tollgate/login/{name}/{last}"));
            (at.key(key), path)
        };
        let callback = self.login_path(path("callback", "callback", written.callback.as_ref()));
        let logout = self.login_path(path("logout", "logout", written.logout.as_ref()));
        if callback.is_some() && callback == logout {
            self.error(&at.key("logout"), "callback and logout cannot have the same path");
        }
        let after_logout = written.after_logout.clone().unwrap_or_else(|| "/".to_owned());
        let after_logout = self.login_path((at.key("after_logout"), after_logout));
        let (lifetime, idle) = self.login_lifetimes(at, written);
        let skew =
            self.duration_or(&at.key("clock_skew"), written.clock_skew.as_ref(), Duration::from_secs(60));
        let tokens = self.login_tokens(at, written, skew);
        let scope = self.login_scope(&at.key("scopes"), written.scopes.as_deref());
        self.login_parameters(&at.key("parameters"), written);
        let ((origin, secure), (home, keys)) = (origin?, found?);
        let boxed = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
        Some(Login {
            name: name.into(),
            cookies: Cookies::of(name, secure),
            origin,
            secure,
            issuer: written.issuer.as_str().into(),
            home,
            keys,
            tokens,
            callback: callback?,
            logout: logout?,
            after_logout: after_logout?,
            client_id: written.client_id.as_str().into(),
            client: client?,
            scope: scope.into(),
            parameters: written
                .parameters
                .iter()
                .map(|(k, v)| (k.as_str().into(), v.as_str().into()))
                .collect(),
            secrets,
            lifetime,
            idle,
            claims: written.claims.as_deref().map_or_else(|| CLAIMS.map(Into::into).into(), boxed),
            keeps_id_token: written.keep_id_token.unwrap_or(false),
            refreshes: written.refresh.unwrap_or(false),
            trusted_audiences: boxed(&written.trusted_audiences),
            skew,
        })
    }

    fn login_name(&mut self, at: &Pointer, name: &str) {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !is_plain || name.len() > NAME_MOST {
            self.error(&at.parent(), format!("\"{name}\" cannot be the name of a login")).help(
                "it stands in paths and in names of cookies: at most 64 letters, digits, and any of . _ -",
            );
        }
    }

    /// The origin as browsers write it, and whether it is https.
    fn login_origin(&mut self, at: &Pointer, text: &str) -> Option<(Box<str>, bool)> {
        let url = Url::parse(text).ok();
        let bare = |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = |url: &Url| url.username().is_empty() && url.password().is_none();
        let url = url.filter(|url| bare(url) && anonymous(url) && !text.ends_with(['/', '?', '#']));
        let origin = url.as_ref().map(Url::origin);
        match (&url, &origin) {
            (Some(url), Some(Origin::Tuple(scheme, host, _))) if scheme == "https" || scheme == "http" => {
                let secure = scheme == "https";
                if !secure && !is_loopback(host) {
                    self.error(
                        at,
                        format!("browsers send cookies that are for TLS only to no page of \"{text}\""),
                    )
                    .help(
                        "https; only localhost and loopback addresses may have http, for trying things out",
                    );
                }
                Some((url.origin().ascii_serialization().into(), secure))
            }
            _ => {
                self.error(at, format!("\"{text}\" is not an origin")).help(
                    "scheme, host and, where it is not the usual one, port: \"https://app.example.com\"",
                );
                None
            }
        }
    }

    /// Where the provider's addresses are known from, and its keys.
    fn login_provider(&mut self, at: &Pointer, written: &config::Login) -> Option<(Home, Source)> {
        let (at_issuer, at_origins, at_fetch) = (at.key("issuer"), at.key("origins"), at.key("fetch"));
        let fetch = (&at_fetch, written.fetch.as_ref());
        let Some(endpoints) = &written.endpoints else {
            let issuer = Issuer {
                issuer: (&at_issuer, &written.issuer),
                origins: (&at_origins, &written.origins),
                kind: Kind::OpenId,
            };
            return Some((Home::Discovered, self.key_set_of(&issuer, fetch)?));
        };
        if !written.origins.is_empty() {
            self.error(&at_origins, "origins are for what a discovery document names")
                .help("remove it, or remove endpoints");
        }
        let at = at.key("endpoints");
        let authorization = self.browser_address(&at.key("authorization"), &endpoints.authorization);
        let token = self.endpoint(&at.key("token"), &endpoints.token, "a login's tokens");
        let keys = self.key_set_at(&at.key("jwks"), &endpoints.jwks, fetch);
        let end = endpoints.end_session.as_ref();
        let end_session = end.and_then(|text| self.browser_address(&at.key("end_session"), text));
        let provider =
            Provider { authorization: authorization?, token: token?, end_session, names_issuer: false };
        Some((Home::Written(Box::new(provider)), keys?))
    }

    /// An address that only browsers are sent to.
    fn browser_address(&mut self, at: &Pointer, text: &str) -> Option<Box<str>> {
        let endpoint = Url::parse(text).ok().filter(|url| Endpoint::of(url).is_some());
        if endpoint.is_none() {
            self.error(at, format!("\"{text}\" is not an address that browsers can be sent to"))
                .help("http or https, without user, password and fragment: \"https://id.example.com/login\"");
        }
        endpoint.map(|url| url.as_str().into())
    }

    fn login_client(&mut self, at: &Pointer, written: &config::Login) -> Option<ClientAuthentication> {
        if written.client_id.is_empty() {
            self.error(&at.key("client_id"), "the client has no identifier");
        }
        match (&written.client_secret, written.client_authentication) {
            (None, None) => Some(ClientAuthentication::None),
            (None, Some(_)) => {
                self.error(&at.key("client_authentication"), "there is no secret to show")
                    .help("give client_secret, or remove this for a public client");
                None
            }
            (Some(text), how) => {
                let variable = self.secret(&at.key("client_secret"), text)?;
                Some(match how.unwrap_or(config::ClientAuthentication::Basic) {
                    config::ClientAuthentication::Basic => ClientAuthentication::Basic(variable),
                    config::ClientAuthentication::Post => ClientAuthentication::Post(variable),
                })
            }
        }
    }

    fn login_secrets(&mut self, at: &Pointer, written: &config::Login) -> Vec<Box<str>> {
        let texts = written.session_secret.as_slice();
        if texts.is_empty() || texts.len() > KEYS_MOST {
            self.error(at, format!("there are {} secrets to seal sessions with", texts.len()))
                .help(format!("1 to {KEYS_MOST}: the first seals, all open"));
        }
        let listed = matches!(written.session_secret, crate::config::OneOrMany::Many(_));
        let places = texts.iter().zip(at.indices());
        places.filter_map(|(text, each)| self.secret(if listed { &each } else { at }, text)).collect()
    }

    /// A path that is exactly what browsers ask for.
    fn login_path(&mut self, (at, path): (Pointer, String)) -> Option<Box<str>> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
        let is_normal = !path.contains("//") && !path.split('/').any(|part| part == "." || part == "..");
        if path.starts_with('/') && is_normal && path.bytes().all(plain) {
            return Some(path.into());
        }
        self.error(&at, format!("\"{path}\" is not a path")).help(
            "a slash first, then letters, digits, and any of / . _ ~ -, without empty or dotted segments",
        );
        None
    }

    fn login_lifetimes(&mut self, at: &Pointer, written: &config::Login) -> (Duration, Duration) {
        let lifetime =
            self.duration_or(&at.key("lifetime"), written.lifetime.as_ref(), Duration::from_secs(8 * 3600));
        let idle =
            self.duration_or(&at.key("idle"), written.idle.as_ref(), Duration::from_secs(3600).min(lifetime));
        if idle > lifetime {
            self.error(&at.key("idle"), "the session ends before it can be idle for so long")
                .help("idle is at most lifetime");
        }
        let idle_at = if written.idle.is_some() { "idle" } else { "lifetime" };
        for (key, span) in [("lifetime", lifetime), (idle_at, idle)] {
            if span < Duration::from_secs(1) {
                self.error(&at.key(key), "sessions are counted in whole seconds").help("\"1s\" or more");
            }
        }
        (lifetime, idle)
    }

    fn login_tokens(&mut self, at: &Pointer, written: &config::Login, skew: Duration) -> Policy {
        let mut path = |key: &str, text: Option<&String>| match ClaimPath::parse(text?) {
            Ok(path) => Some(path),
            Err(message) => {
                self.error(&at.key(key), message);
                None
            }
        };
        let (roles, groups) =
            (path("roles", written.roles.as_ref()), path("groups", written.groups.as_ref()));
        Policy {
            audiences: vec![written.client_id.as_str().into()],
            skew,
            roles,
            groups,
            max_bytes: ID_TOKEN_MOST,
            ..Policy::new(&written.issuer, Algorithms::ASYMMETRIC)
        }
    }

    fn login_scope(&mut self, at: &Pointer, written: Option<&[String]>) -> String {
        let mut scopes = vec![SCOPES[0]];
        // RFC 6749 section 3.3.
        let valid = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        for (scope, at) in written.unwrap_or_default().iter().zip(at.indices()) {
            if scope.is_empty() || !scope.bytes().all(valid) {
                self.error(&at, format!("\"{scope}\" is not a scope"))
                    .help("one scope without blanks, quotes and backslashes, such as \"email\"");
            }
            if !scopes.contains(&scope.as_str()) {
                scopes.push(scope);
            }
        }
        if written.is_none() {
            scopes.extend(&SCOPES[1..]);
        }
        scopes.join(" ")
    }

    fn login_parameters(&mut self, at: &Pointer, written: &config::Login) {
        for name in written.parameters.keys().filter(|name| OWN_PARAMETERS.contains(&name.as_str())) {
            self.error(&at.key(name), format!("the gateway itself says what {name} is"));
        }
    }
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
