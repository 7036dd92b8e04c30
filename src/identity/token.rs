//! The gateway's own token about a caller: a JSON Web Token (RFC 7519) that upstreams can verify by themselves, short of
//! life, and meant for one audience.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::HeaderName;
use serde_json::{Map, Value};

use super::key::SigningKey;
use super::source::{Fact, Source};
use crate::auth::Caller;
use crate::host::UnixMillis;

/// How a token is made, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPlan {
    /// The field that carries it; `Authorization` with the scheme `Bearer`, any other with the token alone.
    pub header: HeaderName,
    /// `iss`.
    pub issuer: Box<str>,
    /// `aud`.
    pub audience: Box<str>,
    /// From `iat` to `exp`.
    pub lifetime: Duration,
    /// Further claims: name and source.
    pub claims: Vec<(Box<str>, Source)>,
}

/// The longest token, in bytes. A server must take it among its header fields, for which 8 KiB is the common limit.
pub const LONGEST: usize = 7 * 1024;

/// Claims that a [`TokenPlan`]'s further claims cannot be: they are the gateway's word (RFC 7519 section 4.1).
pub const RESERVED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It would be longer than [`LONGEST`].
    TooLong,
    /// The key does not sign.
    Key,
}

/// What a token says of the caller, whenever it is made. `sub` is the caller's subject, or its consumer's name where it
/// has none of its own.
pub fn claims(plan: &TokenPlan, caller: &Caller) -> Map<String, Value> {
    let mut claims = Map::new();
    for (name, source) in &plan.claims {
        if let Some(fact) = source.find(caller) {
            claims.insert(name.to_string(), json(&fact, source));
        }
    }
    claims.insert("iss".into(), (&*plan.issuer).into());
    claims.insert("aud".into(), (&*plan.audience).into());
    let consumer = caller.consumer.as_ref().map(|consumer| &*consumer.id);
    if let Some(subject) = caller.subject.as_deref().or(consumer) {
        claims.insert("sub".into(), subject.into());
    }
    claims
}

/// A fact as a claim: scopes as one text (RFC 8693 section 4.2), other lists as arrays, claims as they came.
fn json(fact: &Fact<'_>, source: &Source) -> Value {
    match fact {
        Fact::Text(text) => (*text).into(),
        Fact::List(items, _) if *source == Source::Scopes => items.join(" ").into(),
        Fact::List(items, _) => items.iter().map(|item| Value::from(&**item)).collect(),
        Fact::Json(value) => (*value).clone(),
    }
}

/// A token that says `claims` from `now` on, for `lifetime`.
pub fn sign(
    mut claims: Map<String, Value>,
    lifetime: Duration,
    key: &SigningKey,
    UnixMillis(now): UnixMillis,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<String, TokenError> {
    let issued = now / 1000;
    // RFC 7519 section 4.1.7: no two tokens may be given the same value but by accident; 128 random bits see to that.
    let mut id = [0; 16];
    random(&mut id);
    claims.insert("iat".into(), issued.into());
    claims.insert("exp".into(), issued.saturating_add(lifetime.as_secs()).into());
    claims.insert("jti".into(), URL_SAFE_NO_PAD.encode(id).into());
    // RFC 7515 section 4.1. Algorithm and key have no character that JSON would escape.
    let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, key.algorithm(), key.id());
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(Value::Object(claims).to_string(), &mut token);
    let signature = key.sign(token.as_bytes(), random).ok_or(TokenError::Key)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    if token.len() > LONGEST { Err(TokenError::TooLong) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use serde_json::json;

    use super::super::key::tests::{ED25519, P256, RSA, zeroes};
    use super::*;
    use crate::auth::caller::Consumer;
    use crate::auth::claims::ClaimPath;

    const NOW: UnixMillis = UnixMillis(1_795_219_199_999);

    fn plan(claims: &[(&str, Source)]) -> TokenPlan {
        TokenPlan {
            header: HeaderName::from_static("x-token"),
            issuer: "tollgate".into(),
            audience: "users".into(),
            lifetime: Duration::from_secs(60),
            claims: claims.iter().map(|(name, source)| ((*name).into(), source.clone())).collect(),
        }
    }

    fn made(plan: &TokenPlan, pem: &str, caller: &Caller) -> Result<String, TokenError> {
        let key = SigningKey::from_pem(pem).unwrap();
        sign(claims(plan, caller), plan.lifetime, &key, NOW, &mut zeroes)
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn claim(path: &str) -> Source {
        Source::Claim(ClaimPath::parse(path).unwrap())
    }

    fn known_as(consumer: &str) -> Caller {
        let consumer = Consumer { id: consumer.into(), ..Consumer::default() };
        Caller { consumer: Some(Arc::new(consumer)), ..Caller::default() }
    }

    #[test]
    fn says_what_is_chosen() {
        let claims = json!({ "org": { "id": 7 }, "iss": "https://idp.example" });
        let caller = Caller {
            subject: Some("u1".into()),
            scopes: vec!["a".into(), "b".into()],
            groups: vec!["g h".into()],
            claims: claims.as_object().unwrap().clone(),
            ..known_as("acme")
        };
        let plan = plan(&[
            ("scope", Source::Scopes),
            ("groups", Source::Groups),
            ("org", claim("org")),
            ("org_id", claim("org.id")),
            ("consumer", Source::Consumer),
            ("roles", Source::Roles),
        ]);
        let token = made(&plan, ED25519, &caller).unwrap();
        let kid = SigningKey::from_pem(ED25519).unwrap();
        assert_eq!(part(&token, 0), json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid.id() }));
        assert_eq!(
            part(&token, 1),
            json!({
                "iss": "tollgate", "aud": "users", "sub": "u1", "iat": 1_795_219_199, "exp": 1_795_219_259,
                "jti": "AAAAAAAAAAAAAAAAAAAAAA", "scope": "a b", "groups": ["g h"], "org": { "id": 7 }, "org_id": 7,
                "consumer": "acme",
            })
        );
    }

    #[test]
    fn a_caller_without_a_subject_is_its_consumer() {
        let subject = |caller| claims(&plan(&[]), &caller).get("sub").cloned();
        assert_eq!(subject(known_as("acme")), Some(json!("acme")));
        assert_eq!(subject(Caller::default()), None);
    }

    #[test]
    fn the_gateways_word_is_the_last() {
        let said = json!({ "x": "forged" });
        let caller = Caller {
            subject: Some("u1".into()),
            claims: said.as_object().unwrap().clone(),
            ..Caller::default()
        };
        let forged = |name| (name, claim("x"));
        let forged = plan(&["iss", "sub", "aud", "iat", "exp", "jti"].map(forged));
        let token = made(&forged, ED25519, &caller).unwrap();
        assert!(!part(&token, 1).to_string().contains("forged"));
    }

    /// Verified by another program, with nothing but what is published.
    #[test]
    fn signatures_hold() {
        use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

        for (pem, algorithm) in
            [(ED25519, Algorithm::EdDSA), (P256, Algorithm::ES256), (RSA, Algorithm::RS256)]
        {
            let token = made(&plan(&[]), pem, &known_as("acme")).unwrap();
            let key = SigningKey::from_pem(pem).unwrap();
            let key = DecodingKey::from_jwk(&serde_json::from_str(&key.jwk()).unwrap()).unwrap();
            let mut validation = Validation::new(algorithm);
            // The clock stands still here.
            validation.validate_exp = false;
            validation.set_audience(&["users"]);
            validation.set_issuer(&["tollgate"]);
            let read = decode::<Value>(&token, &key, &validation).unwrap();
            assert_eq!(read.claims["sub"], "acme");

            let other = if pem == ED25519 { P256 } else { ED25519 };
            let (message, _) = token.rsplit_once('.').unwrap();
            let forged = made(&plan(&[]), other, &known_as("acme")).unwrap();
            let forged = format!("{message}.{}", forged.rsplit_once('.').unwrap().1);
            assert!(decode::<Value>(&forged, &key, &validation).is_err());
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let caller = Caller { subject: Some("a".repeat(LONGEST).into()), ..Caller::default() };
        assert_eq!(made(&plan(&[]), ED25519, &caller), Err(TokenError::TooLong));
    }
}
