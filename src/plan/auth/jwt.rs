//! A JSON Web Token of one issuer, as bearer token.

use std::time::Duration;

use super::super::compile::{Context, Pointer};
use super::super::key_source::Issuer;
use crate::auth::claims::{self, ClaimPath};
use crate::auth::discovery;
use crate::auth::jwt::{
    self, Algorithm, Algorithms, Encoding, Jwt, Keys, MAX_BYTES, Policy, Required, ScopeSource, Secrets,
};
use crate::config::OneOrMany;
use crate::config::auth::jwt as config;

mod key;

/// Clocks that are further apart than this are not set; every minute of it is one that an expired token lives on.
const MAX_SKEW: Duration = Duration::from_secs(600);

impl Context<'_> {
    pub(super) fn jwt(&mut self, at: &Pointer, written: &config::Jwt) -> Option<Jwt> {
        if written.issuer.is_empty() {
            self.error(&at.key("issuer"), "a token says who issued it: an issuer has a name")
                .help("iss of its tokens, such as \"https://id.example.com\"");
        }
        let keys = self.jwt_keys(at, written);
        let algorithms = self.jwt_algorithms(&at.key("algorithms"), written, keys.as_ref());
        let audiences = self.jwt_audiences(at, written);
        let mut policy = Policy::new(&written.issuer, algorithms);
        policy.audiences = audiences;
        policy.typ = written.typ.as_deref().and_then(|typ| self.jwt_type(&at.key("typ"), typ));
        policy.expires = written.require_exp.unwrap_or(true);
        self.jwt_times(at, written, &mut policy);
        policy.required = self.jwt_required(at, written);
        if let Some(path) = self.claim(&at.key("scopes"), written.scopes.as_deref()) {
            policy.scopes = ScopeSource::Claim(path);
        }
        policy.roles = self.claim(&at.key("roles"), written.roles.as_deref());
        policy.groups = self.claim(&at.key("groups"), written.groups.as_deref());
        if let Some(path) = self.claim(&at.key("subject"), written.subject.as_deref()) {
            policy.subject = path;
        }
        policy.consumer = self.claim(&at.key("consumer"), written.consumer.as_deref());
        policy.max_bytes = self.bytes_or(&at.key("size"), written.size.as_ref(), MAX_BYTES);
        if policy.max_bytes > claims::CLAIMS.bytes {
            self.error(&at.key("size"), "no server takes a header field that long")
                .help("choose a size of at most \"64KiB\"");
        }
        let revocable = written.revocable.unwrap_or(false);
        if revocable && !self.has_store {
            self.error(&at.key("revocable"), "there is no key-value store").help("add [store]");
        }
        Some(Jwt { policy, keys: keys?, revocable })
    }

    fn jwt_audiences(&mut self, at: &Pointer, written: &config::Jwt) -> Vec<Box<str>> {
        let audiences = written.audiences.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        match (&written.audiences, written.any_audience == Some(true)) {
            (Some(_), true) => self
                .error(&at.key("any_audience"), "audiences say whom a token must be for, and this takes any")
                .help("give one of the two"),
            (None, false) => self
                .error(at, "it is not said whom a token must be for")
                .help("give audiences, or any_audience = true to take tokens that were issued for others"),
            (Some(_), false) if audiences.iter().all(String::is_empty) => {
                self.error(&at.key("audiences"), "no token would be for anybody").help("name the service");
            }
            _ => {}
        }
        audiences.iter().map(|audience| audience.as_str().into()).collect()
    }

    fn jwt_type(&mut self, at: &Pointer, typ: &str) -> Option<Box<str>> {
        let typ = jwt::media_type(typ);
        let valid = !typ.is_empty() && typ.bytes().all(|byte| byte.is_ascii_graphic());
        if !valid {
            self.error(at, "this is not a type of token").help("such as \"at+jwt\" or \"JWT\"");
        }
        valid.then(|| typ.into())
    }

    fn jwt_times(&mut self, at: &Pointer, written: &config::Jwt, policy: &mut Policy) {
        if let Some(text) = &written.clock_skew {
            policy.skew = self.duration(&at.key("clock_skew"), text).unwrap_or(Duration::ZERO);
        }
        if policy.skew > MAX_SKEW {
            self.error(&at.key("clock_skew"), "a token that has expired would live on for that long")
                .help("choose a span of at most \"10m\", or \"off\"");
        }
        if let Some(text) = &written.max_lifetime {
            policy.max_lifetime = self.duration(&at.key("max_lifetime"), text);
            if policy.max_lifetime.is_some() && written.require_exp == Some(false) {
                self.error(&at.key("require_exp"), "a token without an end has no lifetime")
                    .help("remove require_exp or max_lifetime");
            }
        }
    }

    fn jwt_required(&mut self, at: &Pointer, written: &config::Jwt) -> Vec<Required> {
        let mut required = Vec::new();
        for (text, at) in written.required_claims.iter().zip(at.key("required_claims").indices()) {
            let claim = self.claim(&at, Some(text));
            required.extend(claim.map(|claim| Required { claim, values: Vec::new() }));
        }
        let at = at.key("claims");
        for (text, values) in &written.claims {
            let at = at.key(text);
            if values.as_slice().is_empty() {
                self.error(&at, "no token says nothing of these")
                    .help("list values, or name the claim in required_claims");
            }
            let claim = self.claim(&at, Some(text));
            let values = values.as_slice().iter().map(|value| value.as_str().into()).collect();
            required.extend(claim.map(|claim| Required { claim, values }));
        }
        required
    }

    /// The place of a claim.
    pub(super) fn claim(&mut self, at: &Pointer, text: Option<&str>) -> Option<ClaimPath> {
        let text = text?;
        let read = ClaimPath::parse(text);
        if let Err(message) = read {
            self.error(at, format!("\"{text}\" is not the place of a claim: {message}"));
        }
        read.ok()
    }

    /// What is taken, of what the keys can verify.
    fn jwt_algorithms(&mut self, at: &Pointer, written: &config::Jwt, keys: Option<&Keys>) -> Algorithms {
        let possible = match keys {
            Some(Keys::Secret(_)) => Algorithms::HMAC,
            Some(Keys::Fetched(_)) => Algorithms::ASYMMETRIC,
            Some(Keys::Written(set)) => {
                set.keys().iter().fold(Algorithms::default(), |all, key| all.and(key.algorithms()))
            }
            // There is a mistake, and nothing more to say.
            None => return Algorithms::default(),
        };
        if written.algorithms.is_empty() {
            return possible;
        }
        for (algorithm, at) in written.algorithms.iter().zip(at.indices()) {
            let algorithm = ready(*algorithm);
            if !possible.contains(algorithm) {
                self.error(&at, format!("none of the keys can verify {algorithm}"))
                    .help(format!("they can verify {possible}"));
            }
        }
        written.algorithms.iter().map(|algorithm| ready(*algorithm)).collect()
    }

    fn jwt_keys(&mut self, at: &Pointer, written: &config::Jwt) -> Option<Keys> {
        let given = [
            ("discovery", written.discovery.is_some()),
            ("jwks", written.jwks.is_some()),
            ("keys", written.keys.is_some()),
            ("secret", written.secret.is_some()),
        ];
        let mut given = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        let first = given.next().unwrap_or("discovery");
        if let Some(second) = given.next() {
            self.error(&at.key(second), format!("{first} says where the keys are already"))
                .help("give one of discovery, jwks, keys and secret");
            return None;
        }
        self.jwt_useless(at, written, first);
        let at_fetch = at.key("fetch");
        let fetch = (&at_fetch, written.fetch.as_ref());
        let fetched = |source| Keys::Fetched(Box::new(source));
        match (&written.jwks, &written.keys, &written.secret) {
            (Some(address), ..) => self.key_set_at(&at.key("jwks"), address, fetch).map(fetched),
            (_, Some(keys), _) => self.written_keys(&at.key("keys"), keys).map(Keys::Written),
            (.., Some(secret)) => self.jwt_secret(&at.key("secret"), secret, written).map(Keys::Secret),
            (None, None, None) => {
                let issuer = Issuer {
                    issuer: (&at.key("issuer"), &written.issuer),
                    origins: (&at.key("origins"), &written.origins),
                    kind: match written.discovery {
                        None | Some(config::Discovery::Openid) => discovery::Kind::OpenId,
                        Some(config::Discovery::Oauth) => discovery::Kind::OAuth,
                    },
                };
                self.key_set_of(&issuer, fetch).map(fetched)
            }
        }
    }

    /// Settings that say more about other sources of keys than the one that is given.
    fn jwt_useless(&mut self, at: &Pointer, written: &config::Jwt, source: &str) {
        let useless = [
            ("origins", !written.origins.is_empty(), &["discovery"][..]),
            ("fetch", written.fetch.is_some(), &["discovery", "jwks"]),
            ("secret_encoding", written.secret_encoding.is_some(), &["secret"]),
        ];
        for (name, given, sources) in useless {
            if given && !sources.contains(&source) {
                self.error(&at.key(name), format!("{name} says nothing about keys from {source}"))
                    .help(format!("it is for {}", sources.join(" and ")));
            }
        }
    }

    fn jwt_secret(&mut self, at: &Pointer, secret: &OneOrMany, written: &config::Jwt) -> Option<Secrets> {
        let listed = matches!(secret, OneOrMany::Many(_));
        let mut variables = Vec::new();
        for (text, at_text) in secret.as_slice().iter().zip(at.indices()) {
            variables.extend(self.secret(if listed { &at_text } else { at }, text));
        }
        if secret.as_slice().is_empty() {
            self.error(at, "without a secret no token can be verified").help("such as \"${token_secret}\"");
        }
        let encoding = match written.secret_encoding {
            None | Some(config::SecretEncoding::Text) => Encoding::Text,
            Some(config::SecretEncoding::Base64url) => Encoding::Base64url,
            Some(config::SecretEncoding::Jwk) => Encoding::Jwk,
        };
        (variables.len() == secret.as_slice().len()).then_some(Secrets { variables, encoding })
    }
}

fn ready(algorithm: config::Algorithm) -> Algorithm {
    match algorithm {
        config::Algorithm::HS256 => Algorithm::HS256,
        config::Algorithm::HS384 => Algorithm::HS384,
        config::Algorithm::HS512 => Algorithm::HS512,
        config::Algorithm::RS256 => Algorithm::RS256,
        config::Algorithm::RS384 => Algorithm::RS384,
        config::Algorithm::RS512 => Algorithm::RS512,
        config::Algorithm::PS256 => Algorithm::PS256,
        config::Algorithm::PS384 => Algorithm::PS384,
        config::Algorithm::PS512 => Algorithm::PS512,
        config::Algorithm::ES256 => Algorithm::ES256,
        config::Algorithm::ES384 => Algorithm::ES384,
        config::Algorithm::EdDSA => Algorithm::EdDSA,
    }
}
