//! The truth table of tokens as cases, over every host: `tests/cases/auth/jwt-*.toml` are written here, because a token
//! cannot be written by hand. `TOLLGATE_BLESS=1` writes them; without it, they are compared.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};

#[path = "tokens/case.rs"]
mod case;

#[path = "tokens/fetching.rs"]
mod fetching;

#[path = "tokens/signer.rs"]
mod signer;

use case::Expected::{Refused, Taken, Unavailable};
use case::{A, B, Case, secret_way, usual, way, with};

use signer::{JWKS, OTHER_JWKS, RSA_PEM, SECRET, Signer, algorithm, encode, token};

// === the cases ===

fn algorithms() -> Case {
    let story = "A token is taken with each algorithm, if its key is the issuer's";
    let mut case = Case::new("algorithms", story, "", &way("a", A, JWKS, "")).route("\"a\"");
    for (name, by, kid) in [
        ("RS256", Signer::Rsa, "rsa"),
        ("RS384", Signer::Rsa, "rsa"),
        ("RS512", Signer::Rsa, "rsa"),
        ("PS256", Signer::Rsa, "rsa"),
        ("PS384", Signer::Rsa, "rsa"),
        ("PS512", Signer::Rsa, "rsa"),
        ("ES256", Signer::P256, "p256"),
        ("ES384", Signer::P384, "p384"),
        ("EdDSA", Signer::Ed25519, "ed25519"),
    ] {
        case.signed(by, name, &json!({"alg": name, "kid": kid}), &usual(), &Taken);
        case.signed(by, name, &json!({"alg": name}), &usual(), &Taken);
    }
    let text = token(Signer::P256, algorithm("ES256"), r#"{"alg":"ES256","kid":"p256"}"#, &usual());
    let (signed, _) = text.rsplit_once('.').unwrap();
    let wrong = Refused("the signature does not verify");
    case.step("another token's signature", &format!("{signed}.{}", encode([7; 64])), &wrong);
    let header = json!({"alg": "RS256", "kid": "rsa"});
    case.signed(Signer::OtherRsa, "RS256", &header, &usual(), &wrong);
    let unknown = json!({"alg": "RS256", "kid": "other"});
    case.signed(
        Signer::OtherRsa,
        "RS256",
        &unknown,
        &usual(),
        &Refused("no key of the issuer has signed the token"),
    );
    case
}

fn secrets() -> Case {
    let story = "With a secret, only HMAC is taken; two secrets count while one replaces the other";
    let auth = secret_way("secret = [\"${new}\", \"${old}\"]\n");
    let variables = format!("[variables]\nnew = \"{}\"\nold = \"{SECRET}\"", "n".repeat(64));
    let mut case = Case::new("secrets", story, "", &auth).route("\"a\"").add(&variables);
    for name in ["HS256", "HS384", "HS512"] {
        case.signed(Signer::Secret, name, &json!({"alg": name}), &usual(), &Taken);
    }
    let unknown = Refused("no key of the issuer has signed the token");
    case.signed(Signer::PublicPem, "HS256", &json!({"alg": "HS256"}), &usual(), &unknown);
    let not_allowed = Refused("the token's alg is not allowed");
    case.signed(Signer::Rsa, "RS256", &json!({"alg": "RS256"}), &usual(), &not_allowed);
    case
}

fn confusion() -> Case {
    let story = "A public key never acts as a secret, and a token cannot say that it is not signed";
    let auth = way("a", A, RSA_PEM, "");
    let mut case = Case::new("confusion", story, "", &auth).route("\"a\"");
    case.signed(Signer::Rsa, "RS256", &json!({"alg": "RS256"}), &usual(), &Taken);
    // A PEM has no name, and any will do.
    case.signed(Signer::Rsa, "PS256", &json!({"alg": "PS256", "kid": "any"}), &usual(), &Taken);
    let not_allowed = Refused("the token's alg is not allowed");
    for name in ["HS256", "HS384", "HS512"] {
        case.signed(Signer::PublicPem, name, &json!({"alg": name}), &usual(), &not_allowed);
        case.signed(Signer::PublicDer, name, &json!({"alg": name}), &usual(), &not_allowed);
    }
    let none = Refused("the token's alg is none that could be verified");
    for name in ["none", "None", "NONE", "nOnE", "", "HS1", "es256"] {
        case.signed(Signer::PublicPem, "HS256", &json!({"alg": name}), &usual(), &none);
    }
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(usual()));
    case.step("alg none, and no signature", &unsigned, &Refused("the token is not signed"));
    case
}

fn headers() -> Case {
    let story = "What a token's header may say, and that keys which a token brings along are not looked at";
    let mut case = Case::new("headers", story, "", &way("a", A, JWKS, "")).route("\"a\"");
    let extension = || Refused("the header has an extension that is not understood");
    let not_text = || Refused("a header parameter is not text");
    let typ = || Refused("typ is not what is asked for");
    let jwk: Value = serde_json::from_str(OTHER_JWKS).unwrap();
    for (header, expected) in [
        (json!({"alg": "ES256", "kid": "p256", "typ": "JWT"}), Taken),
        (json!({"alg": "ES256", "kid": "p256", "typ": "application/at+jwt", "x": {"y": 1}}), Taken),
        (json!({"alg": "ES256", "kid": "p256", "jku": "http://u.test", "jwk": jwk["keys"][0]}), Taken),
        (json!({"alg": "ES256", "kid": "p256", "typ": "logout+jwt"}), typ()),
        (json!({"alg": "ES256", "kid": "p256", "crit": ["exp"]}), extension()),
        (json!({"alg": "ES256", "kid": "p256", "crit": []}), extension()),
        (json!({"alg": "ES256", "kid": "p256", "crit": ["b64"], "b64": false}), extension()),
        (json!({"alg": "ES256", "kid": "p256", "b64": true}), extension()),
        (json!({"alg": "ES256", "kid": 7}), not_text()),
        (json!({"alg": ["ES256"]}), not_text()),
        (json!({"kid": "p256"}), Refused("the header names no algorithm")),
        (json!({"alg": "ES384", "kid": "p256"}), Refused("the token's alg is not its key's")),
        (json!({"alg": "ES256", "kid": "rsa"}), Refused("the token's alg is not its key's")),
        (json!([]), Refused("not a JSON object")),
    ] {
        case.signed(Signer::P256, "ES256", &header, &usual(), &expected);
    }
    for header in [r#"{"alg":"none","alg":"ES256"}"#, r#"{"alg":"ES256","kid":"p256","kid":"p256"}"#] {
        let text = token(Signer::P256, algorithm("ES256"), header, &usual());
        case.step(header, &text, &Refused("the JSON has a member twice"));
    }
    let mine = json!({"alg": "RS256", "kid": "rsa", "jwk": jwk["keys"][0]});
    case.signed(Signer::OtherRsa, "RS256", &mine, &usual(), &Refused("the signature does not verify"));
    case
}

fn forms() -> Case {
    let story = "What is not the compact form of a signed token is none";
    let mut case = Case::new("forms", story, "", &way("a", A, JWKS, "")).route("\"a\"");
    let fine = token(Signer::P256, algorithm("ES256"), r#"{"alg":"ES256"}"#, &usual());
    let parts: Vec<_> = fine.split('.').collect();
    let not_three = || Refused("not three parts between dots");
    case.step("as it should be", &fine, &Taken);
    for (comment, text, expected) in [
        ("an opaque token", "2YotnFZFEjr1zCsicMWpAA".to_owned(), not_three()),
        ("two parts", format!("{}.{}", parts[0], parts[1]), not_three()),
        ("four parts", format!("{fine}.e30"), not_three()),
        ("five parts", format!("{fine}.e30.e30"), Refused("the token is encrypted")),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), Refused("the token is not signed")),
        ("no payload", format!("{}..{}", parts[0], parts[2]), Refused("a part is empty")),
        ("padding", format!("{fine}=="), Refused("the signature is none")),
        ("base64", format!("{}.{}.ab+/", parts[0], parts[1]), Refused("the signature is none")),
        ("more bits than bytes", format!("{}.{}.AB", parts[0], parts[1]), Refused("the signature is none")),
        (
            "an empty ECDSA signature",
            format!("{}.{}.{}", parts[0], parts[1], encode([0; 64])),
            Refused("no key of the issuer has signed the token"),
        ),
        ("not JSON", format!("{}.{}.{}", parts[0], encode("iss"), parts[2]), Refused("not a JSON object")),
        ("too long", format!("{fine}{}", "A".repeat(8192)), Refused("the token is too long")),
    ] {
        case.step(comment, &text, &expected);
    }
    case.es256(&json!({"x": [[[[[[[[]]]]]]]]}), &Refused("the JSON is nested too deeply"));
    case.es256(&json!({"x": vec![0; 1024]}), &Refused("the JSON has too many values"));
    case.add(
        r#"[[steps]]
request = "GET /"
expect = { problem = "unauthenticated", headers = { www-authenticate = "Bearer" } }
upstream = []

[[steps]]
request = { headers = [["authorization", "Basic YTpi"]] }
expect = { problem = "unauthenticated", headers = { www-authenticate = "Bearer" } }
upstream = []

[[steps]]
request = { headers = [["authorization", "Bearer a b"]] }
expect = { problem = "invalid-request", headers = { www-authenticate = 'Bearer error="invalid_request"' } }
upstream = []

# In the query, where RFC 6750 section 2.3 allows it too, nobody looks.
[[steps]]
request = "GET /?access_token=x"
expect.problem = "unauthenticated"
upstream = []"#,
    )
}

fn claims() -> Case {
    let story = "What a token's claims must say";
    let more = "max_lifetime = \"36500d\"\nrequired_claims = [\"https://a.test/tenant\"]\n\
                claims = { \"realm.region\" = [\"eu\", \"us\"], verified = \"true\" }\n";
    let mut case = Case::new("claims", story, "", &way("a", A, JWKS, more)).route("\"a\"");
    let fine = json!({"https://a.test/tenant": 7, "realm": {"region": "eu"}, "verified": true});
    let change = |change: Value| {
        let mut all = fine.clone();
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        all
    };
    let aud = || Refused("aud is somebody else");
    let region = || Refused("realm.region is not what is asked for");
    for (changed, expected) in [
        (json!({}), Taken),
        (json!({"aud": ["x", "api"]}), Taken),
        (json!({"realm.region": ["ca", "us"], "realm": 1}), Taken),
        (json!({"aud": null}), aud()),
        (json!({"aud": "API"}), aud()),
        (json!({"aud": ["x"]}), aud()),
        (json!({"aud": []}), aud()),
        (json!({"aud": 7}), aud()),
        (json!({"aud": ["api", 7]}), aud()),
        (json!({"aud": {"api": "api"}}), aud()),
        (json!({"realm": {"region": "ca"}}), region()),
        (json!({"realm": {"region": "eu us"}}), region()),
        (json!({"realm": "eu"}), region()),
        (json!({"verified": false}), Refused("verified is not what is asked for")),
        (json!({"https://a.test/tenant": null}), Refused("https://a.test/tenant is not what is asked for")),
        (json!({"iat": null}), Refused("without exp and iat it is not known how long the token lives")),
        (json!({"iat": 0}), Refused("the token lives too long")),
    ] {
        case.es256(&change(changed), &expected);
    }
    let twice = usual().replacen('{', r#"{"aud":"x","#, 1);
    let text = token(Signer::P256, algorithm("ES256"), r#"{"alg":"ES256"}"#, &twice);
    case.step(&twice, &text, &Refused("the JSON has a member twice"));
    case
}

fn issuers() -> Case {
    let story = "Of several issuers, each token is judged with the keys of its own";
    let auth = format!("{}{}", way("a", A, JWKS, ""), way("b", B, OTHER_JWKS, ""));
    let mut case = Case::new("issuers", story, "", &auth).route("[\"a\", \"b\"]");
    let header = json!({"alg": "RS256", "kid": "rsa"});
    let of = |issuer: Value| with(&json!({"iss": issuer}));
    let wrong = || Refused("the signature does not verify");
    let foreign = || Refused("the token is another issuer's");
    for (by, issuer, expected) in [
        (Signer::Rsa, json!(A), Taken),
        (Signer::OtherRsa, json!(B), Taken),
        (Signer::OtherRsa, json!(A), wrong()),
        (Signer::Rsa, json!(B), wrong()),
        (Signer::Rsa, json!("https://c.test"), foreign()),
        (Signer::Rsa, json!("https://a.test/"), foreign()),
        (Signer::Rsa, json!("HTTPS://A.TEST"), foreign()),
        (Signer::Rsa, json!(null), foreign()),
        (Signer::Rsa, json!([A]), Refused("iss is not text")),
        (Signer::Rsa, json!({"a": A}), Refused("iss is not text")),
        (Signer::Rsa, json!(7), Refused("iss is not text")),
    ] {
        case.signed(by, "RS256", &header, &of(issuer), &expected);
    }
    case
}

fn times() -> Case {
    let story = "A token is refused before its time and after it, whatever the host's date";
    let mut case = Case::new("times", story, "", &way("a", A, JWKS, "")).route("\"a\"");
    let future = 4_102_444_800_i64;
    for (change, expected) in [
        (json!({"exp": 1e300}), Taken),
        (json!({"exp": u64::MAX, "nbf": 0, "iat": 0.5}), Taken),
        (json!({"nbf": null, "iat": null}), Taken),
        (json!({"exp": 1_577_836_801}), Refused("the token has expired")),
        (json!({"exp": -1}), Refused("the token has expired")),
        (json!({"exp": null}), Refused("there is no exp")),
        (json!({"exp": "4102444800"}), Refused("exp is not a date")),
        (json!({"exp": [future]}), Refused("exp is not a date")),
        (json!({"nbf": future - 1}), Refused("the token is not valid yet")),
        (json!({"nbf": "0"}), Refused("nbf is not a date")),
        (json!({"iat": future - 1}), Refused("iat is in the future")),
        (json!({"iat": true}), Refused("iat is not a date")),
    ] {
        case.es256(&change, &expected);
    }
    case
}

/// The simulated world begins here: 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600;

fn skew() -> Case {
    let story = "Clocks may differ by the skew, and not by a second more";
    let why = "only a clock that is moved by hand stands still at the second";
    let mut case = Case::new("skew", story, why, &way("a", A, JWKS, "clock_skew = \"30s\"\n")).route("\"a\"");
    for (change, expected) in [
        (json!({"exp": BEGINNING - 29}), Taken),
        (json!({"exp": BEGINNING - 30}), Refused("the token has expired")),
        (json!({"nbf": BEGINNING + 30}), Taken),
        (json!({"nbf": BEGINNING + 31}), Refused("the token is not valid yet")),
        (json!({"iat": BEGINNING + 30}), Taken),
        (json!({"iat": BEGINNING + 31}), Refused("iat is in the future")),
    ] {
        case.es256(&change, &expected);
    }
    case
}

fn remembered() -> Case {
    let story = "A token that was verified is not taken for longer than it lives";
    let why = "only a clock that is moved by hand can wait for minutes";
    let mut case = Case::new("remembered", story, why, &way("a", A, JWKS, "")).route("\"a\"");
    let header = r#"{"alg":"ES256","kid":"p256"}"#;
    let text = token(Signer::P256, algorithm("ES256"), header, &with(&json!({"exp": BEGINNING + 300})));
    for (after, expected) in [("0s", Taken), ("359s", Taken), ("1s", Refused("the token has expired"))] {
        let comment = format!("{after} later");
        case.step(&comment, &text, &expected);
        if after != "0s" {
            let at = case.text.rfind("request = ").unwrap();
            case.text.insert_str(at, &format!("after = \"{after}\"\n"));
        }
    }
    case
}

fn known() -> Case {
    let story = "What the claims say of the caller is where the configuration says, and the upstream is told";
    let more = "scopes = \"permissions\"\nroles = \"realm_access.roles\"\ngroups = \"https://a.test/groups\"\n\
                subject = \"/user/id\"\n";
    let auth = way("a", A, JWKS, more);
    let route = "[[config.routes]]\nid = \"r\"\nauth = \"a\"\nupstream = \"u\"\nidentity = { headers = { X-User = \
                 \"subject\", X-Scopes = \"scopes\", X-Groups = \"groups\", X-Roles = \"roles\" } }";
    let mut case = Case::new("known", story, "", &auth).add(route);
    let all = json!({"permissions": ["read:a", "write:a"], "realm_access": {"roles": ["admin"]},
        "https://a.test/groups": ["g", "h"], "user": {"id": "ada"}, "sub": "other", "scope": "x"});
    case.es256(&all, &Taken);
    case.add(
        "upstream = [{ headers = { x-user = \"ada\", x-scopes = \"read:a write:a\", x-roles = \"admin\", x-groups = \
         \"g,h\" } }]",
    )
}

fn consumers() -> Case {
    let story = "A claim may say which consumer the caller is; one that is switched off is not let in";
    let more = "consumer = \"client_id\"\ngroups = \"groups\"\n\n[config.consumers.shop]\ngroups = [\"partners\"]\n\n\
                [config.consumers.gone]\ndisabled = true\n";
    let auth = way("a", A, JWKS, more);
    let route = "[[config.routes]]\nid = \"r\"\nauth = \"a\"\nupstream = \"u\"\nidentity = { headers = { X-Consumer = \
                 \"consumer\", X-Groups = \"groups\" } }";
    let mut case = Case::new("consumers", story, "", &auth).add(route);
    // The second time it is remembered.
    for _ in 0..2 {
        case.es256(&json!({"client_id": "shop", "groups": ["g"]}), &Taken);
        case.upstream("[{ headers = { x-consumer = \"shop\", x-groups = \"g,partners\" } }]");
        case.es256(&json!({"client_id": "gone"}), &Refused("the consumer is disabled"));
    }
    case.es256(&json!({"client_id": "other"}), &Taken);
    case.upstream("[{ absent = [\"x-consumer\"] }]");
    case
}

fn unreadable_secrets() -> Case {
    let story = "A secret that cannot be read, or is too short for its hash, lets nobody in";
    let names = ["missing", "short", "unset"];
    let mut auth = String::new();
    for (name, issuer) in names.iter().zip(["m", "s", "u"]) {
        let _ = write!(
            auth,
            "\n[config.auth.{name}.jwt]\nissuer = \"{issuer}\"\naudiences = \"api\"\nsecret = \"${{{name}}}\"\n"
        );
    }
    let variables = format!("[variables]\nshort = \"{}\"\nunset = \"\"", "x".repeat(31));
    let mut case = Case::new("unreadable-secrets", story, "", &auth)
        .route("[\"missing\", \"short\", \"unset\"]")
        .add(&variables);
    for (issuer, why) in [
        ("m", "there is no variable missing"),
        ("s", "the variable short: the secret is shorter than 32 bytes"),
        ("u", "the variable unset: the secret is shorter than 32 bytes"),
    ] {
        let payload = with(&json!({"iss": issuer}));
        case.signed(Signer::Secret, "HS256", &json!({"alg": "HS256"}), &payload, &Unavailable(why));
    }
    case
}

// === writing and comparing ===

#[test]
fn the_cases_are_up_to_date() {
    let cases = [
        algorithms(),
        secrets(),
        confusion(),
        headers(),
        forms(),
        claims(),
        issuers(),
        times(),
        skew(),
        remembered(),
        known(),
        unreadable_secrets(),
        fetching::fetched(),
        fetching::rotated(),
        consumers(),
    ];
    for case in cases {
        let name = format!("tests/cases/auth/jwt-{}.toml", case.name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        let written = fs::read_to_string(&path).unwrap_or_default();
        if stable(&written) == stable(&case.text) {
            continue;
        }
        assert!(env::var_os("TOLLGATE_BLESS").is_some(), "{name} is out of date: TOLLGATE_BLESS=1 writes it");
        fs::write(&path, &case.text).unwrap();
    }
}

/// Without signatures that are another each time: those of PSS (RFC 8017 section 9.1).
fn stable(text: &str) -> String {
    let is_random = |line: &str| line.contains(&format!("Bearer {}", encode(r#"{"alg":"P"#)));
    let lines = text.lines().map(|line| match line.rsplit_once('.') {
        Some((rest, _)) if is_random(line) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}
