//! Tokens: what is accepted was signed.

#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use tollgate::auth::claims::{self, ClaimPath};
use tollgate::auth::jwt::{Algorithms, Key, KeySet, Origin, Policy, Token, judge};
use tollgate::host::UnixMillis;

use super::signer::{JWKS, RSA_PEM, Signer, algorithm, encode, token as sign};

const PAYLOAD: &str =
    r#"{"iss":"https://a.test","sub":"u","aud":["a","b"],"exp":4102444800,"x":{"y":[1,2.5,null]}}"#;

static GENUINE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let one = |by, name: &str| sign(by, algorithm(name), &format!(r#"{{"alg":"{name}"}}"#), PAYLOAD);
    vec![one(Signer::Rsa, "RS256"), one(Signer::P256, "ES256"), one(Signer::Ed25519, "EdDSA")]
});

static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::from_jwks(JWKS.as_bytes(), Origin::Public).unwrap());

/// What to begin with: tokens, keys, and JSON that is put into a token.
pub fn seeds() -> Vec<Vec<u8>> {
    let header = br#"{"alg":"ES256","kid":"p256","typ":"at+jwt","crit":["b64"],"b64":false}"#;
    let mut seeds: Vec<_> = GENUINE.iter().map(|text| text.clone().into_bytes()).collect();
    seeds.extend([header.to_vec(), PAYLOAD.into(), JWKS.into(), RSA_PEM.into(), b"/a~1b/0".to_vec()]);
    seeds
}

/// The target.
pub fn token(data: &[u8]) {
    let policy = Policy::new("https://a.test", Algorithms::ASYMMETRIC);
    let now = UnixMillis(1_767_225_600_000);
    if let Ok(claims) = claims::parse(data, claims::CLAIMS) {
        // What was read strictly is what every reader sees.
        let again = serde_json::to_vec(&claims).unwrap();
        assert_eq!(claims::parse(&again, claims::CLAIMS), Ok(claims));
    }
    if let Ok(keys) = KeySet::from_jwks(data, Origin::Public) {
        let _ = judge(&policy, &keys, &GENUINE[0], now);
    }
    // As either part of a token that nobody has signed.
    for text in [
        format!("{}.{}.{}", encode(data), encode(PAYLOAD), encode([0; 64])),
        format!("{}.{}.{}", encode(r#"{"alg":"ES256"}"#), encode(data), encode([0; 64])),
    ] {
        assert!(judge(&policy, &KEYS, &text, now).is_err(), "{text}");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (ClaimPath::parse(text), Key::from_pem(text), Token::read(text, 8192));
    let accepted = judge(&policy, &KEYS, text, now).is_ok();
    assert_eq!(accepted, GENUINE.iter().any(|genuine| genuine == text), "{text}");
}
