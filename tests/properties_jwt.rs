//! Laws of tokens: nothing panics, and nothing is accepted that a configured key of its own issuer has not signed.

#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;
use tollgate::auth::claims::{self, ClaimPath};
use tollgate::auth::jwt::{Algorithm, Key, KeySet, Origin, Policy, Token, judge};
use tollgate::host::UnixMillis;

#[path = "tokens/signer.rs"]
mod signer;

use signer::{JWKS, OTHER_JWKS, SECRET, Signer, algorithm, token};

/// An issuer, as the gateway knows it, and every token of it that is to be accepted.
struct Issuer {
    policy: Policy,
    keys: KeySet,
    genuine: Vec<String>,
}

const NOW: UnixMillis = UnixMillis(1_767_225_600_000);
const NAMES: [&str; 3] = ["https://a.test", "https://b.test", "https://c.test"];
/// Who signs for which of them.
const SIGNERS: [&[(Signer, &[&str])]; 3] = [
    &[
        (Signer::Rsa, &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        (Signer::P256, &["ES256"]),
        (Signer::P384, &["ES384"]),
        (Signer::Ed25519, &["EdDSA"]),
    ],
    &[(Signer::OtherRsa, &["RS256", "PS256"])],
    &[(Signer::Secret, &["HS256", "HS384", "HS512"])],
];

/// Every algorithm is allowed to all of them: what keeps them apart is their keys alone.
static ISSUERS: LazyLock<Vec<Issuer>> = LazyLock::new(|| {
    let sets = [
        KeySet::from_jwks(JWKS.as_bytes(), Origin::Public).unwrap(),
        KeySet::from_jwks(OTHER_JWKS.as_bytes(), Origin::Public).unwrap(),
        KeySet::new(vec![Key::from_secret(SECRET.as_bytes()).unwrap()]),
    ];
    let all = NAMES.into_iter().zip(sets).zip(SIGNERS);
    all.map(|((name, keys), signers)| Issuer {
        policy: Policy::new(name, Algorithm::ALL.into_iter().collect()),
        keys,
        genuine: signers.iter().flat_map(|(by, algorithms)| genuine(name, *by, algorithms)).collect(),
    })
    .collect()
});

fn genuine(issuer: &str, by: Signer, algorithms: &[&str]) -> Vec<String> {
    let sign = |name: &&str| token(by, algorithm(name), &json!({"alg": name}).to_string(), &payload(issuer));
    algorithms.iter().map(sign).collect()
}

fn payload(issuer: &str) -> String {
    json!({"iss": issuer, "sub": "u", "exp": 4_102_444_800_i64}).to_string()
}

/// Accepted by an issuer is nothing but what it has signed, to the letter.
fn check(text: &str) -> Result<(), TestCaseError> {
    for issuer in ISSUERS.iter() {
        let accepted = judge(&issuer.policy, &issuer.keys, text, NOW).is_ok();
        let genuine = issuer.genuine.iter().any(|token| token == text);
        prop_assert_eq!(accepted, genuine, "{}: {}", issuer.policy.issuer, text);
    }
    Ok(())
}

/// Any of the genuine tokens.
fn any_genuine() -> impl Strategy<Value = String> {
    (0..NAMES.len()).prop_flat_map(|issuer| {
        (0..ISSUERS[issuer].genuine.len()).prop_map(move |index| ISSUERS[issuer].genuine[index].clone())
    })
}

/// Characters that a token may have, and some that it may not.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        8 => prop::char::range('a', 'z'),
        4 => prop::char::range('A', 'Z'),
        2 => prop::char::range('0', '9'),
        2 => prop::sample::select(vec!['-', '_', '.', '=', '+', '/', ' ', '\n', '"', 'é', '\0']),
    ]
}

fn edited(text: &str, at: prop::sample::Index, new: char, edit: u8) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at.index(characters.len());
    match edit {
        0 => characters[at] = new,
        1 => characters.insert(at, new),
        2 => drop(characters.remove(at)),
        3 => characters.truncate(at),
        _ => characters.swap(at, text.len() - 1 - at),
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_token_that_was_changed_is_not_accepted(
        text in any_genuine(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), character(), 0..5_u8), 0..3),
    ) {
        let mut text = text;
        for (at, new, edit) in edits {
            if text.is_ascii() && !text.is_empty() {
                text = edited(&text, at, new, edit);
            }
        }
        check(&text)?;
    }

    #[test]
    fn parts_of_several_tokens_are_no_token(a in any_genuine(), b in any_genuine(), c in any_genuine()) {
        let part = |text: &str, index: usize| text.split('.').nth(index).unwrap().to_owned();
        check(&format!("{}.{}.{}", part(&a, 0), part(&b, 1), part(&c, 2)))?;
    }

    #[test]
    fn nobody_signs_for_another(
        issuer in 0..NAMES.len(),
        by in prop::sample::select(vec![
            Signer::Rsa, Signer::OtherRsa, Signer::P256, Signer::P384, Signer::Ed25519, Signer::Secret,
            Signer::PublicPem, Signer::PublicDer,
        ]),
        really in any::<prop::sample::Index>(),
        said in prop::sample::select(vec![
            "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
            "Ed25519", "none", "None", "ES512", "",
        ]),
        kid in prop::option::of(prop::sample::select(vec!["rsa", "p256", "p384", "ed25519", "other", ""])),
    ) {
        prop_assume!(SIGNERS[issuer].iter().all(|(signer, _)| *signer != by));
        let possible: &[&str] = match by {
            Signer::Rsa | Signer::OtherRsa => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Signer::P256 => &["ES256"],
            Signer::P384 => &["ES384"],
            Signer::Ed25519 => &["EdDSA"],
            Signer::Secret | Signer::PublicPem | Signer::PublicDer => &["HS256", "HS384", "HS512"],
        };
        let mut header = json!({"alg": said});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        let signing = algorithm(possible[really.index(possible.len())]);
        check(&token(by, signing, &header.to_string(), &payload(NAMES[issuer])))?;
    }

    #[test]
    fn nothing_panics(text in ".{0,200}", header in ".{0,80}", payload in ".{0,80}", signature in ".{0,80}") {
        check(&text)?;
        check(&format!("{}.{}.{}", signer::encode(&header), signer::encode(&payload), signer::encode(&signature)))?;
        let _ = Token::read(&text, 8192);
        let _ = Key::from_pem(&text);
        let _ = KeySet::from_jwks(text.as_bytes(), Origin::Public);
        if let (Ok(path), Ok(claims)) = (ClaimPath::parse(&text), claims::parse(payload.as_bytes(), claims::CLAIMS)) {
            let _ = claims::at(&claims, &path);
        }
    }

    #[test]
    fn keys_that_were_changed_do_not_panic(
        at in any::<prop::sample::Index>(), new in character(), edit in 0..5_u8, text in any_genuine(),
    ) {
        let document = edited(JWKS, at, new, edit);
        if let Ok(keys) = KeySet::from_jwks(document.as_bytes(), Origin::Public) {
            let _ = judge(&ISSUERS[0].policy, &keys, &text, NOW);
        }
        let pem = edited(signer::RSA_PEM, at, new, edit);
        if let Ok(key) = Key::from_pem(&pem) {
            let _ = judge(&ISSUERS[0].policy, &KeySet::new(vec![key]), &text, NOW);
        }
    }
}

#[test]
fn genuine_tokens_are_accepted() {
    for issuer in ISSUERS.iter() {
        assert!(!issuer.genuine.is_empty());
        for text in &issuer.genuine {
            assert!(judge(&issuer.policy, &issuer.keys, text, NOW).is_ok(), "{text}");
        }
    }
}
