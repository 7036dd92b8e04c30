//! What upstreams are told about the caller, ready to be told.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HeaderName};

use super::compile::{Context, Pointer, one};
use super::policy::Layers;
use super::scalar::nearest;
use super::{Action, IssuerPlan, Proxy, Route};
use crate::auth::claims::ClaimPath;
use crate::auth::{self as area, Access, Kind};
use crate::config::identity::{self as config, Token, Told};
use crate::config::{self as written, Document};
use crate::diagnostic::{Diagnostic, Place};
use crate::identity::fold::FoldedNames;
use crate::identity::headers::IdentityHeader;
use crate::identity::source::Source;
use crate::identity::token::{RESERVED, TokenPlan};
use crate::identity::{Authorization, Identity};
use crate::route::condition::Methods;
use crate::route::pattern::Pattern;

/// What can be told by a word.
const WORDS: [(&str, Source); 6] = [
    ("subject", Source::Subject),
    ("consumer", Source::Consumer),
    ("authenticator", Source::Authenticator),
    ("scopes", Source::Scopes),
    ("roles", Source::Roles),
    ("groups", Source::Groups),
];

/// The field of the gateway's token, where none is named.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("tollgate-identity");

/// Where the public keys are, where no other path is named.
const JWKS: &str = "/.well-known/tollgate/jwks.json";

/// How many keys the gateway may have as an issuer: one that signs, and some on their way in and out.
const MOST_KEYS: usize = 8;

/// From the shortest life of a token, of which half must still be a second, to the longest: it cannot be revoked.
const LIFETIMES: std::ops::RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(3600);

impl Context<'_> {
    /// The gateway as an issuer of tokens.
    pub(super) fn own_issuer(
        &mut self,
        documents: &[(String, Document)],
        gateway: &str,
    ) -> Option<IssuerPlan> {
        let (at, written) = one(documents, "issuer", |document| document.issuer.as_ref())?;
        let at_keys = at.key("keys");
        if written.keys.is_empty() || written.keys.len() > MOST_KEYS {
            self.error(&at_keys, format!("an issuer has 1 to {MOST_KEYS} keys"))
                .help("such as [\"${identity_key}\"]");
        }
        let keys = written.keys.iter().zip(at_keys.indices()).filter_map(|(key, at)| self.secret(&at, key));
        let keys = keys.collect();
        let name = written.name.as_deref().unwrap_or(gateway);
        if name.is_empty() {
            self.error(&at.key("name"), "an issuer has a name");
        }
        let jwks = written.jwks.as_deref().unwrap_or(JWKS);
        let jwks = (jwks != "off").then(|| Pattern::path(jwks));
        let jwks = match jwks {
            Some(Ok(pattern)) if pattern.captures().next().is_none() => Some(pattern),
            Some(_) => {
                self.error(&at.key("jwks"), "the keys are published at one path, or \"off\"")
                    .help(format!("such as \"{JWKS}\""));
                None
            }
            None => None,
        };
        Some(IssuerPlan { name: name.into(), keys, jwks, origin: (at.file().into(), at.path().into()) })
    }

    /// The route at which the public keys are.
    pub(super) fn published(&mut self, issuer: Option<&IssuerPlan>) -> Option<Route> {
        let issuer = issuer?;
        let get = Methods { listed: vec![http::Method::GET], head_through_get: true };
        let route =
            Route::of_the_gateway("issuer/jwks", issuer.origin.clone(), issuer.jwks.clone()?, Action::KeySet);
        Some(Route { methods: get, ..route })
    }

    /// What the upstream of one route is told.
    pub(super) fn identity(
        &mut self,
        layers: &Layers<'_, written::Identity>,
        issuer: Option<&IssuerPlan>,
        action: Option<&Action>,
        access: &Access,
    ) -> Identity {
        let [(at_route, of_route), _] = layers;
        let Some(Action::Proxy(proxy)) = action else {
            // Steps of a composed route tell it.
            if of_route.is_some() && action.is_some_and(|action| !matches!(action, Action::Compose(_))) {
                self.error(at_route, "identity is for routes with an upstream");
            }
            return Identity::default();
        };
        if of_route.is_some_and(|it| it.headers.is_some() || it.token.is_some())
            && matches!(access, Access::Public)
        {
            let message = "nobody is known on a public route: its upstream is told nothing";
            self.report(Diagnostic::warning(Place::from(at_route), message))
                .help("give the route a way in, with optional = true where callers may stay unknown");
        }
        let headers = nearer(layers, |it| it.headers.as_ref());
        let headers = headers.map_or_else(Vec::new, |(at, it)| self.identity_headers(&at.key("headers"), it));
        let token = nearer(layers, |it| it.token.as_ref());
        let token = token.and_then(|(at, it)| self.token(&at.key("token"), it, issuer, proxy, &headers));
        let authorization = match nearer(layers, |it| it.authorization.as_ref()) {
            None => Authorization::ByKind,
            Some((_, config::Authorization::Pass)) => Authorization::Pass,
            Some((_, config::Authorization::Drop)) => Authorization::Drop,
        };
        Identity { headers, token, authorization }
    }

    fn identity_headers(&mut self, at: &Pointer, written: &BTreeMap<String, Told>) -> Vec<IdentityHeader> {
        let mut headers: Vec<IdentityHeader> = Vec::new();
        for (name, told) in written {
            let at = at.key(name);
            let source = self.source(&at, told);
            let Some(name) = self.editable(&at, name) else { continue };
            if [AUTHORIZATION, COOKIE].contains(&name) {
                self.error(&at, format!("{name} holds credentials, not names")).help(
                    "choose a field of its own, or give token = { header = \"Authorization\" } for the gateway's token",
                );
                continue;
            }
            if let Some(first) = headers.iter().find(|known| folds_to(&known.name, &name)) {
                let first = first.name.clone();
                self.error(&at, format!("servers read {name} and {first} as one name"))
                    .help("give one of them another name");
            }
            headers.extend(source.map(|source| IdentityHeader { name, source }));
        }
        headers
    }

    fn source(&mut self, at: &Pointer, told: &Told) -> Option<Source> {
        match told {
            Told::Word(word) => {
                let known = WORDS.into_iter().find(|(known, _)| known == word);
                if known.is_none() {
                    let help = match nearest(word, WORDS.iter().map(|(known, _)| *known)) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => format!("a claim is written {{ claim = \"{word}\" }}"),
                    };
                    self.error(at, format!("nothing is known of callers by the word \"{word}\"")).help(help);
                }
                known.map(|(_, source)| source)
            }
            Told::Table(config::ToldTable { claim: Some(path), metadata: None }) => {
                let path = ClaimPath::parse(path);
                if let Err(message) = path {
                    self.error(&at.key("claim"), format!("this is not the place of a claim: {message}"));
                }
                path.ok().map(Source::Claim)
            }
            Told::Table(config::ToldTable { claim: None, metadata: Some(name) }) => {
                Some(Source::Metadata(name.as_str().into()))
            }
            Told::Table(_) => {
                self.error(at, "this needs exactly one of claim and metadata");
                None
            }
        }
    }

    fn token(
        &mut self,
        at: &Pointer,
        written: &Token,
        issuer: Option<&IssuerPlan>,
        proxy: &Proxy,
        headers: &[IdentityHeader],
    ) -> Option<TokenPlan> {
        let at_header = at.key("header");
        let header = match &written.header {
            Some(name) => self.editable(&at_header, name)?,
            None => TOKEN_HEADER,
        };
        if header == COOKIE {
            self.error(&at_header, "a token is no cookie").help("Authorization, or a field of its own");
        }
        if let Some(first) = headers.iter().find(|known| folds_to(&known.name, &header)) {
            let message = format!("servers read {header} and {} of headers as one name", first.name);
            self.error(&at_header, message).help("give one of them another name");
        }
        let lifetime =
            self.duration_or(&at.key("lifetime"), written.lifetime.as_ref(), Duration::from_secs(60));
        if !LIFETIMES.contains(&lifetime) {
            self.error(&at.key("lifetime"), "a token lives for 2 seconds to 1 hour")
                .help("it cannot be taken back: give it as long as a request may take, \"60s\"");
        }
        let claims = match &written.claims {
            None => vec![("scope".into(), Source::Scopes), ("consumer".into(), Source::Consumer)],
            Some(written) => self.token_claims(&at.key("claims"), written),
        };
        if written.audience.is_none() && proxy.all_upstreams().len() > 1 {
            self.error(at, "the token is for one upstream, and the route has several")
                .help("say for whom it is that all of them believe: audience = \"orders\"");
        }
        let upstream = self.upstream_names.iter().find(|(_, index)| **index == proxy.upstream);
        let audience = written.audience.as_deref().or(upstream.map(|(name, _)| *name)).unwrap_or_default();
        let Some(issuer) = issuer else {
            self.error(at, "there is no key to sign tokens with")
                .help("add [issuer] with keys = [\"${identity_key}\"]");
            return None;
        };
        let (issuer, audience) = (issuer.name.clone(), audience.into());
        Some(TokenPlan { header, issuer, audience, lifetime, claims })
    }

    fn token_claims(&mut self, at: &Pointer, written: &BTreeMap<String, Told>) -> Vec<(Box<str>, Source)> {
        let mut claims = Vec::new();
        for (name, told) in written {
            let at = at.key(name);
            if RESERVED.contains(&name.as_str()) {
                self.error(&at, format!("the claim \"{name}\" is the gateway's own"))
                    .help(format!("{} are written by the gateway", RESERVED.join(", ")));
            }
            claims.extend(self.source(&at, told).map(|source| (name.as_str().into(), source)));
        }
        claims
    }
}

/// The nearer of two settings, and where it was written.
fn nearer<'l, 'a, T>(
    layers: &'l Layers<'a, written::Identity>,
    get: impl Fn(&'a written::Identity) -> Option<&'a T>,
) -> Option<(&'l Pointer, &'a T)> {
    layers.iter().find_map(|(at, layer)| Some((at, get((*layer)?)?)))
}

fn folds_to(a: &HeaderName, b: &HeaderName) -> bool {
    FoldedNames::new([a.as_str()]).contains(b.as_str())
}

/// The names under which upstreams are told who calls, on whatever route, by the gateway or by an external service.
/// `Authorization` and `Cookie` are not among them: they are a client's to send, and what stands in them proves itself.
pub(super) fn claimed(routes: &[Route], auth: &area::Plan) -> FoldedNames {
    let headers = routes.iter().flat_map(|route| &route.identity.headers).map(|header| &header.name);
    let tokens = routes.iter().filter_map(|route| Some(&route.identity.token.as_ref()?.header));
    let services = auth.authenticators.iter().filter_map(|authenticator| match &authenticator.kind {
        Kind::External(service) => Some(&service.fields.to_upstream),
        _ => None,
    });
    let names = headers.chain(tokens).chain(services.flatten());
    FoldedNames::new(names.filter(|name| ![AUTHORIZATION, COOKIE].contains(name)).map(HeaderName::as_str))
}
