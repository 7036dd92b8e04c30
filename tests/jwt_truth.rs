//! The truth table of tokens: each algorithm, each fault of a header, of claims and of times, and what is made of it.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use jsonwebtoken::Algorithm as Signing;
use serde_json::{Value, json};
use tollgate::auth::claims::ClaimPath;
use tollgate::auth::jwt::{Algorithm, Algorithms, Key, KeySet, Origin, Policy, Rejection, Required, judge};
use tollgate::host::UnixMillis;

#[path = "tokens/signer.rs"]
mod signer;

use signer::{JWKS, OTHER_JWKS, RSA_PEM, SECRET, Signer, algorithm, encode, token};

const ISSUER: &str = "https://issuer.test";
/// In seconds since 1970.
const NOW: i64 = 1_767_225_600;

fn policy() -> Policy {
    Policy { audiences: vec!["api".into()], ..Policy::new(ISSUER, Algorithms::ASYMMETRIC) }
}

fn keys() -> KeySet {
    KeySet::from_jwks(JWKS.as_bytes(), Origin::Public).unwrap()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "api", "sub": "u1", "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 300})
}

/// The usual claims with others in their place; `null` takes one away.
fn with(change: &Value) -> String {
    let mut claims = claims();
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims.to_string()
}

fn es256(payload: &str) -> String {
    token(Signer::P256, Signing::ES256, r#"{"alg":"ES256","kid":"p256"}"#, payload)
}

/// What is made of a token, as one text.
fn verdict(policy: &Policy, keys: &KeySet, text: &str) -> String {
    match judge(policy, keys, text, UnixMillis(NOW as u64 * 1000)) {
        Ok(_) => "ok".to_owned(),
        Err(Rejection::Malformed(why)) => format!("malformed: {why}"),
        Err(Rejection::Foreign) => "foreign".to_owned(),
        Err(Rejection::UnknownKey) => "unknown key".to_owned(),
        Err(Rejection::Invalid(why)) => why.into_owned(),
    }
}

#[track_caller]
fn is(text: &str, expected: &str) {
    assert_eq!(verdict(&policy(), &keys(), text), expected, "{text}");
}

// === algorithms and keys ===

#[test]
fn each_algorithm_with_its_own_key() {
    let rows = [
        ("RS256", Signer::Rsa, "rsa"),
        ("RS384", Signer::Rsa, "rsa"),
        ("RS512", Signer::Rsa, "rsa"),
        ("PS256", Signer::Rsa, "rsa"),
        ("PS384", Signer::Rsa, "rsa"),
        ("PS512", Signer::Rsa, "rsa"),
        ("ES256", Signer::P256, "p256"),
        ("ES384", Signer::P384, "p384"),
        ("EdDSA", Signer::Ed25519, "ed25519"),
    ];
    for (name, by, kid) in rows {
        let header = json!({"alg": name, "kid": kid}).to_string();
        let fine = token(by, algorithm(name), &header, &claims().to_string());
        is(&fine, "ok");
        // Without a name, the key is found all the same.
        let nameless = token(by, algorithm(name), &json!({"alg": name}).to_string(), &claims().to_string());
        is(&nameless, "ok");
        // Only what was asked for.
        let others = Algorithm::ALL.into_iter().filter(|other| other.name() != name).collect();
        let narrow = Policy { algorithms: others, ..policy() };
        assert_eq!(verdict(&narrow, &keys(), &fine), "the token's alg is not allowed");
        // The signature of another token.
        let (_, other) = nameless.rsplit_once('.').unwrap();
        let (signed, _) = fine.rsplit_once('.').unwrap();
        is(&format!("{signed}.{other}"), "the signature does not verify");
        // With the name of another key.
        let another = if kid == "rsa" { "p256" } else { "rsa" };
        let header = json!({"alg": name, "kid": another}).to_string();
        is(&token(by, algorithm(name), &header, &claims().to_string()), "the token's alg is not its key's");
    }
    // RFC 9864 section 2.2.
    let header = r#"{"alg":"Ed25519","kid":"ed25519"}"#;
    is(&token(Signer::Ed25519, Signing::EdDSA, header, &claims().to_string()), "ok");
}

#[test]
fn secrets() {
    for (name, length) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let policy = Policy { algorithms: Algorithms::HMAC, ..policy() };
        let header = json!({"alg": name, "kid": "any"}).to_string();
        let text = token(Signer::Secret, algorithm(name), &header, &claims().to_string());
        let whole = KeySet::new(vec![Key::from_secret(SECRET.as_bytes()).unwrap()]);
        assert_eq!(verdict(&policy, &whole, &text), "ok");
        // The beginning of the secret is another secret, even where it is long enough.
        let part = KeySet::new(vec![
            Key::from_secret(&SECRET.as_bytes()[..length - 1 + usize::from(length == 32)]).unwrap(),
        ]);
        assert_eq!(verdict(&policy, &part, &text), "unknown key");
        assert_eq!(verdict(&policy, &keys(), &text), "unknown key");
        is(&text, "the token's alg is not allowed");
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let sets = [("jwks", keys()), ("pem", KeySet::new(vec![Key::from_pem(RSA_PEM).unwrap()]))];
    // Even where an author allows everything.
    let all = Policy { algorithms: Algorithm::ALL.into_iter().collect(), ..policy() };
    for (form, set) in &sets {
        for by in [Signer::PublicPem, Signer::PublicDer] {
            for name in ["HS256", "HS384", "HS512"] {
                for kid in [json!({"alg": name}), json!({"alg": name, "kid": "rsa"})] {
                    let text = token(by, algorithm(name), &kid.to_string(), &claims().to_string());
                    let verdict = verdict(&all, set, &text);
                    assert!(
                        verdict == "unknown key" || verdict == "the token's alg is not its key's",
                        "{form} {verdict}"
                    );
                    is(&text, "the token's alg is not allowed");
                }
            }
        }
    }
}

#[test]
fn what_does_not_sign_cannot_be_said() {
    let all = Policy { algorithms: Algorithm::ALL.into_iter().collect(), ..policy() };
    for name in
        ["none", "None", "NONE", "nOnE", "none ", "", "null", "HS1", "RS1", "ES512", "es256", "ED25519"]
    {
        let header = json!({"alg": name, "kid": "p256"}).to_string();
        for by in [Signer::P256, Signer::PublicPem] {
            let signing = if by == Signer::P256 { Signing::ES256 } else { Signing::HS256 };
            let text = token(by, signing, &header, &claims().to_string());
            assert_eq!(
                verdict(&all, &keys(), &text),
                "the token's alg is none that could be verified",
                "{name}"
            );
        }
        let unsigned = format!("{}.{}.", encode(&header), encode(claims().to_string()));
        assert_eq!(verdict(&all, &keys(), &unsigned), "malformed: the token is not signed");
    }
}

#[test]
fn other_keys_than_the_issuers() {
    let rs256 = |by, kid: &str, iss: &str| {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        token(by, Signing::RS256, &header, &with(&json!({"iss": iss})))
    };
    is(&rs256(Signer::Rsa, "rsa", ISSUER), "ok");
    // The other issuer's key has the same name.
    is(&rs256(Signer::OtherRsa, "rsa", ISSUER), "the signature does not verify");
    is(&rs256(Signer::OtherRsa, "other", ISSUER), "unknown key");
    // The right key, and the wrong issuer.
    for iss in
        ["https://other.test", "https://issuer.test/", "HTTPS://issuer.test", "", " https://issuer.test"]
    {
        is(&rs256(Signer::Rsa, "rsa", iss), "foreign");
    }
    let other = KeySet::from_jwks(OTHER_JWKS.as_bytes(), Origin::Public).unwrap();
    let theirs = rs256(Signer::OtherRsa, "rsa", "https://other.test");
    is(&theirs, "foreign");
    let others = Policy { issuer: "https://other.test".into(), ..policy() };
    assert_eq!(verdict(&others, &other, &theirs), "ok");
    assert_eq!(
        verdict(&others, &other, &rs256(Signer::Rsa, "rsa", "https://other.test")),
        "the signature does not verify"
    );
    // Keys that a token brings along are not looked at.
    let jwk: Value = serde_json::from_str(OTHER_JWKS).unwrap();
    for extra in [
        json!({"jwk": jwk["keys"][0]}),
        json!({"jku": "https://other.test/jwks"}),
        json!({"x5c": ["AA=="]}),
        json!({"x5u": "https://other.test/chain"}),
    ] {
        let mut header = json!({"alg": "RS256", "kid": "rsa"});
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let text = token(Signer::OtherRsa, Signing::RS256, &header.to_string(), &claims().to_string());
        is(&text, "the signature does not verify");
        let text = token(Signer::Rsa, Signing::RS256, &header.to_string(), &claims().to_string());
        is(&text, "ok");
    }
}

#[test]
fn a_token_without_a_name_is_tried_with_a_few_keys_only() {
    let mut many = vec![Key::from_pem(include_str!("keys/other-rsa.pub.pem")).unwrap(); 8];
    let header = r#"{"alg":"RS256"}"#;
    let text = token(Signer::Rsa, Signing::RS256, header, &claims().to_string());
    many[7] = Key::from_pem(RSA_PEM).unwrap();
    assert_eq!(verdict(&policy(), &KeySet::new(many.clone()), &text), "ok");
    many.insert(0, many[0].clone());
    assert_eq!(verdict(&policy(), &KeySet::new(many), &text), "unknown key");
}

#[test]
fn one_name_for_several_keys() {
    let mut document: Value = serde_json::from_str(JWKS).unwrap();
    for key in document["keys"].as_array_mut().unwrap() {
        key["kid"] = json!("same");
    }
    let set = KeySet::from_jwks(document.to_string().as_bytes(), Origin::Public).unwrap();
    for (name, by) in [("PS256", Signer::Rsa), ("ES256", Signer::P256), ("ES384", Signer::P384)] {
        let header = json!({"alg": name, "kid": "same"}).to_string();
        let text = token(by, algorithm(name), &header, &claims().to_string());
        assert_eq!(verdict(&policy(), &set, &text), "ok");
    }
}

// === headers ===

#[test]
fn headers() {
    let extension = "malformed: the header has an extension that is not understood";
    let rows = [
        (r#"{"alg":"ES256","kid":"p256","typ":"JWT"}"#, "ok"),
        (r#"{"alg":"ES256","kid":"p256","typ":"at+jwt","cty":"x","custom":{"a":1}}"#, "ok"),
        (r#"{"alg":"ES256","kid":"p256","crit":["exp"]}"#, extension),
        (r#"{"alg":"ES256","kid":"p256","crit":["b64"],"b64":true}"#, extension),
        (r#"{"alg":"ES256","kid":"p256","crit":[]}"#, extension),
        (r#"{"alg":"ES256","kid":"p256","b64":false}"#, extension),
        (r#"{"alg":"ES256","kid":"p256","kid":"p256"}"#, "malformed: the JSON has a member twice"),
        (r#"{"alg":"none","alg":"ES256"}"#, "malformed: the JSON has a member twice"),
        (r#"{"alg":"ES256","kid":7}"#, "malformed: a header parameter is not text"),
        (r#"{"alg":["ES256"]}"#, "malformed: a header parameter is not text"),
        (r#"{"kid":"p256"}"#, "malformed: the header names no algorithm"),
        (r#""ES256""#, "malformed: not a JSON object"),
        ("", "malformed: a part is empty"),
        (r#"{"alg":"ES256","kid":"P256"}"#, "unknown key"),
        (r#"{"alg":"ES256","kid":""}"#, "unknown key"),
        (r#"{"alg":"ES256","kid":"p256","typ":"logout+jwt"}"#, "typ is not what is asked for"),
        (r#"{"alg":"ES384","kid":"p256"}"#, "the token's alg is not its key's"),
        (r#"{"alg":"ES384"}"#, "unknown key"),
    ];
    for (header, expected) in rows {
        is(&token(Signer::P256, Signing::ES256, header, &claims().to_string()), expected);
    }
    let access = Policy { typ: Some("at+jwt".into()), ..policy() };
    for (typ, expected) in [
        ("at+jwt", "ok"),
        ("application/AT+jwt", "ok"),
        ("JWT", "typ is not what is asked for"),
        ("", "typ is not what is asked for"),
    ] {
        let header = json!({"alg": "ES256", "typ": typ}).to_string();
        let text = token(Signer::P256, Signing::ES256, &header, &claims().to_string());
        assert_eq!(verdict(&access, &keys(), &text), expected, "{typ}");
    }
    assert_eq!(verdict(&access, &keys(), &es256(&claims().to_string())), "typ is not what is asked for");
}

#[test]
fn forms() {
    let fine = es256(&claims().to_string());
    is(&fine, "ok");
    let parts: Vec<_> = fine.split('.').collect();
    is(&format!("{fine}."), "malformed: not three parts between dots");
    is(&format!("{fine}.e30.e30"), "malformed: the token is encrypted");
    is(&format!("{fine}="), "malformed: the signature is none");
    is(&format!("{}=.{}.{}", parts[0], parts[1], parts[2]), "malformed: a part is not base64url");
    is(&format!("{}.{}", parts[0], parts[1]), "malformed: not three parts between dots");
    is(&format!("{}.{}.", parts[0], parts[1]), "malformed: the token is not signed");
    is(&format!("{}..{}", parts[0], parts[2]), "malformed: a part is empty");
    is("", "malformed: not three parts between dots");
    // RFC 7515 section 7.2: the other serialisation.
    let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    is(&json.to_string(), "malformed: not three parts between dots");
    // ECDSA as OpenSSL writes it, which is not as RFC 7518 section 3.4 does.
    is(
        &format!("{}.{}.{}", parts[0], parts[1], encode([0x30, 0x06, 2, 1, 1, 2, 1, 1])),
        "the signature does not verify",
    );
    // A signature of nothing (CVE-2022-21449).
    is(&format!("{}.{}.{}", parts[0], parts[1], encode([0; 64])), "the signature does not verify");
    let padding = "x".repeat(6000);
    is(&es256(&with(&json!({"x": padding}))), "malformed: the token is too long");
    let larger = Policy { max_bytes: 16 << 10, ..policy() };
    assert_eq!(verdict(&larger, &keys(), &es256(&with(&json!({"x": padding})))), "ok");
    let deep = format!("{}{}", "[".repeat(8), "]".repeat(8));
    is(
        &es256(&with(&json!({"x": serde_json::from_str::<Value>(&deep).unwrap()}))),
        "malformed: the JSON is nested too deeply",
    );
    is(&es256(&with(&json!({"x": vec![0; 1024]}))), "malformed: the JSON has too many values");
}

// === claims ===

#[test]
fn issuers_and_audiences() {
    let rows = [
        (json!({"iss": null}), "foreign"),
        (json!({"iss": [ISSUER]}), "malformed: iss is not text"),
        (json!({"iss": {"a": ISSUER}}), "malformed: iss is not text"),
        (json!({"iss": 7}), "malformed: iss is not text"),
        (json!({"aud": ["x", "api"]}), "ok"),
        (json!({"aud": null}), "aud is somebody else"),
        (json!({"aud": "API"}), "aud is somebody else"),
        (json!({"aud": ["x"]}), "aud is somebody else"),
        (json!({"aud": []}), "aud is somebody else"),
        (json!({"aud": 7}), "aud is somebody else"),
        (json!({"aud": ["api", 7]}), "aud is somebody else"),
        (json!({"aud": {"api": "api"}}), "aud is somebody else"),
    ];
    for (change, expected) in rows {
        is(&es256(&with(&change)), expected);
    }
    let any = Policy { audiences: vec![], ..policy() };
    assert_eq!(verdict(&any, &keys(), &es256(&with(&json!({"aud": null})))), "ok");
    assert_eq!(verdict(&any, &keys(), &es256(&with(&json!({"aud": "x"})))), "ok");
    let twice = claims().to_string().replacen('{', r#"{"iss":"https://other.test","#, 1);
    is(&es256(&twice), "malformed: the JSON has a member twice");
    is(&es256("[]"), "malformed: not a JSON object");
    is(&es256("null"), "malformed: not a JSON object");
}

#[test]
fn times() {
    let rows = [
        // Expired at `exp`, and a skew of 60 s.
        (json!({"exp": NOW - 59}), "ok"),
        (json!({"exp": NOW as f64 - 59.999}), "ok"),
        (json!({"exp": NOW - 60}), "the token has expired"),
        (json!({"exp": 0}), "the token has expired"),
        (json!({"exp": -1}), "the token has expired"),
        (json!({"exp": i64::MIN}), "the token has expired"),
        (json!({"exp": i64::MAX}), "ok"),
        (json!({"exp": u64::MAX}), "ok"),
        (json!({"exp": 1e300}), "ok"),
        (json!({"exp": null}), "there is no exp"),
        (json!({"exp": (NOW + 300).to_string()}), "exp is not a date"),
        (json!({"exp": [NOW + 300]}), "exp is not a date"),
        (json!({"exp": true}), "exp is not a date"),
        (json!({"nbf": NOW + 60, "iat": null}), "ok"),
        (json!({"nbf": NOW + 61, "iat": null}), "the token is not valid yet"),
        (json!({"nbf": NOW as f64 + 60.001}), "the token is not valid yet"),
        (json!({"nbf": u64::MAX}), "the token is not valid yet"),
        (json!({"nbf": null}), "ok"),
        (json!({"nbf": "0"}), "nbf is not a date"),
        (json!({"iat": NOW + 60}), "ok"),
        (json!({"iat": NOW + 61}), "iat is in the future"),
        (json!({"iat": null}), "ok"),
        (json!({"iat": {}}), "iat is not a date"),
    ];
    for (change, expected) in rows {
        is(&es256(&with(&change)), expected);
    }
    // `null` is no date.
    is(&es256(&claims().to_string().replacen(&(NOW + 300).to_string(), "null", 1)), "exp is not a date");
    let exact = Policy { skew: Duration::ZERO, ..policy() };
    for (change, expected) in [
        (json!({"exp": NOW + 1}), "ok"),
        (json!({"exp": NOW}), "the token has expired"),
        (json!({"nbf": NOW, "iat": NOW}), "ok"),
        (json!({"nbf": NOW + 1}), "the token is not valid yet"),
        (json!({"iat": NOW + 1}), "iat is in the future"),
    ] {
        assert_eq!(verdict(&exact, &keys(), &es256(&with(&change))), expected, "{change}");
    }
    let endless = Policy { expires: false, ..policy() };
    assert_eq!(verdict(&endless, &keys(), &es256(&with(&json!({"exp": null})))), "ok");
    assert_eq!(verdict(&endless, &keys(), &es256(&with(&json!({"exp": NOW - 60})))), "the token has expired");
}

#[test]
fn lifetimes() {
    let hour = Policy { max_lifetime: Some(Duration::from_secs(3600)), ..policy() };
    let unknown = "without exp and iat it is not known how long the token lives";
    for (change, expected) in [
        (json!({"iat": NOW, "exp": NOW + 3600}), "ok"),
        (json!({"iat": NOW, "exp": NOW + 3601}), "the token lives too long"),
        (json!({"iat": i64::MIN, "exp": i64::MAX}), "the token lives too long"),
        (json!({"iat": null}), unknown),
        (json!({"exp": null}), "there is no exp"),
    ] {
        assert_eq!(verdict(&hour, &keys(), &es256(&with(&change))), expected, "{change}");
    }
}

#[test]
fn required_claims() {
    let required = |claim: &str, values: &[&str]| Required {
        claim: ClaimPath::parse(claim).unwrap(),
        values: values.iter().map(|value| (*value).into()).collect(),
    };
    let strict = Policy {
        required: vec![required("realm.tenant", &["a", "b"]), required("https://x.test/role", &[])],
        ..policy()
    };
    for (change, expected) in [
        (json!({"realm": {"tenant": "b"}, "https://x.test/role": 1}), "ok"),
        (json!({"realm.tenant": ["z", "a"], "https://x.test/role": []}), "ok"),
        (
            json!({"realm": {"tenant": "c"}, "https://x.test/role": 1}),
            "realm.tenant is not what is asked for",
        ),
        (json!({"realm": "b", "https://x.test/role": 1}), "realm.tenant is not what is asked for"),
        (json!({"realm": {"tenant": "b"}}), "https://x.test/role is not what is asked for"),
    ] {
        assert_eq!(verdict(&strict, &keys(), &es256(&with(&change))), expected, "{change}");
    }
}

#[test]
fn a_verdict_ends_with_the_token() {
    let judged =
        judge(&policy(), &keys(), &es256(&claims().to_string()), UnixMillis(NOW as u64 * 1000)).unwrap();
    let end = (NOW as u64 + 300 + 60) * 1000;
    assert_eq!(judged.valid_until(&policy()), Some(UnixMillis(end)));
    assert!(judged.check_times(&policy(), UnixMillis(end - 1)).is_ok());
    assert!(judged.check_times(&policy(), UnixMillis(end)).is_err());
    assert!(judged.check_times(&policy(), UnixMillis((NOW as u64 - 71) * 1000)).is_err());
}
