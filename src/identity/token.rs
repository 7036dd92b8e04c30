//! The gateway's own token about a caller: a JSON Web Token (RFC 7519) that upstreams can verify by themselves, short of
//! life, and meant for one audience.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::about::{About, Fact, Source};
use super::key::SigningKey;
use crate::host::UnixMillis;

/// How a token is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPlan {
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

/// A signed token about the caller.
pub fn make(
    plan: &TokenPlan,
    key: &SigningKey,
    about: &About<'_>,
    now: UnixMillis,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<String, TokenError> {
    // RFC 7519 section 4.1.7: no two tokens may be given the same value but by accident; 128 random bits see to that.
    let mut id = [0; 16];
    random(&mut id);
    let claims = Value::Object(claims(plan, about, now, URL_SAFE_NO_PAD.encode(id)));
    // RFC 7515 section 4.1. Algorithm and key have no character that JSON would escape.
    let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, key.algorithm(), key.id());
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
    let signature = key.sign(token.as_bytes(), random).ok_or(TokenError::Key)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    if token.len() > LONGEST { Err(TokenError::TooLong) } else { Ok(token) }
}

/// What the token says. `sub` is the caller's subject, or its consumer's name where it has none of its own.
fn claims(
    plan: &TokenPlan,
    about: &About<'_>,
    UnixMillis(now): UnixMillis,
    id: String,
) -> Map<String, Value> {
    let issued = now / 1000;
    let mut claims = Map::new();
    for (name, source) in &plan.claims {
        if let Some(fact) = about.find(source) {
            claims.insert(name.to_string(), json(&fact, source));
        }
    }
    claims.insert("iss".into(), (&*plan.issuer).into());
    claims.insert("aud".into(), (&*plan.audience).into());
    if let Some(subject) = about.subject.or(about.consumer) {
        claims.insert("sub".into(), subject.into());
    }
    claims.insert("iat".into(), issued.into());
    claims.insert("exp".into(), issued.saturating_add(plan.lifetime.as_secs()).into());
    claims.insert("jti".into(), id.into());
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::super::key::tests::{ED25519, P256, RSA, zeroes};
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_219_199_999);

    fn plan(claims: &[(&str, Source)]) -> TokenPlan {
        TokenPlan {
            issuer: "tollgate".into(),
            audience: "users".into(),
            lifetime: Duration::from_secs(60),
            claims: claims.iter().map(|(name, source)| ((*name).into(), source.clone())).collect(),
        }
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn says_what_is_chosen() {
        let scopes = ["a".into(), "b".into()];
        let groups = ["g h".into()];
        let claims = json!({ "org": { "id": 7 }, "iss": "https://idp.example" });
        let about = About {
            subject: Some("u1"),
            consumer: Some("acme"),
            scopes: &scopes,
            groups: &groups,
            claims: claims.as_object(),
            ..About::default()
        };
        let plan = plan(&[
            ("scope", Source::Scopes),
            ("groups", Source::Groups),
            ("org", Source::Claim(["org".into()].into())),
            ("org_id", Source::Claim(["org".into(), "id".into()].into())),
            ("consumer", Source::Consumer),
            ("roles", Source::Roles),
        ]);
        let key = SigningKey::from_pem(ED25519).unwrap();
        let token = make(&plan, &key, &about, NOW, &mut zeroes).unwrap();
        assert_eq!(part(&token, 0), json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id() }));
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
        let key = SigningKey::from_pem(ED25519).unwrap();
        let subject =
            |about| part(&make(&plan(&[]), &key, &about, NOW, &mut zeroes).unwrap(), 1).get("sub").cloned();
        assert_eq!(subject(About { consumer: Some("acme"), ..About::default() }), Some(json!("acme")));
        assert_eq!(subject(About::default()), None);
    }

    #[test]
    fn the_gateways_word_is_the_last() {
        let claims = json!({ "x": "forged" });
        let about = About { claims: claims.as_object(), ..About::default() };
        let forged =
            plan(&["iss", "aud", "iat", "exp", "jti"].map(|name| (name, Source::Claim(["x".into()].into()))));
        let key = SigningKey::from_pem(ED25519).unwrap();
        let token = make(&forged, &key, &about, NOW, &mut zeroes).unwrap();
        assert!(!part(&token, 1).to_string().contains("forged"));
    }

    /// Verified by the crates' own verifiers.
    #[test]
    fn signatures_hold() {
        use ed25519_dalek::Verifier as _;

        for pem in [ED25519, P256, RSA] {
            let key = SigningKey::from_pem(pem).unwrap();
            let token = make(&plan(&[]), &key, &About::default(), NOW, &mut zeroes).unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let jwk: Value = serde_json::from_str(&key.jwk()).unwrap();
            let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
            let message = message.as_bytes();
            match key.algorithm() {
                "EdDSA" => {
                    let key =
                        ed25519_dalek::VerifyingKey::from_bytes(&member("x").try_into().unwrap()).unwrap();
                    key.verify(message, &signature.as_slice().try_into().unwrap()).unwrap();
                }
                "ES256" => {
                    let point = [vec![4], member("x"), member("y")].concat();
                    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
                    key.verify(message, &p256::ecdsa::Signature::from_slice(&signature).unwrap()).unwrap();
                }
                _ => {
                    let [n, e] = ["n", "e"].map(|name| rsa::BigUint::from_bytes_be(&member(name)));
                    let key = rsa::RsaPublicKey::new(n, e).unwrap();
                    let key = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key);
                    key.verify(message, &signature.as_slice().try_into().unwrap()).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let subject = "a".repeat(LONGEST);
        let about = About { subject: Some(&subject), ..About::default() };
        let key = SigningKey::from_pem(ED25519).unwrap();
        assert_eq!(make(&plan(&[]), &key, &about, NOW, &mut zeroes), Err(TokenError::TooLong));
    }
}
