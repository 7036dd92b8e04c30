//! Cases with keys that are fetched.

use serde_json::json;

use super::case::Expected::{Refused, Taken};
use super::case::{B, Case, usual};
use super::signer::{JWKS, OTHER_JWKS, Signer};

const FETCHING: &str = "\n[config.upstreams.id]\nurl = \"http://id.test\"\n\n[config.store]\n\n[config.auth.a.jwt]\n\
                        issuer = \"https://a.test\"\naudiences = \"api\"\njwks = \"http://id.test/keys\"\n";

/// What the issuer answers, one after the other.
fn answers(sets: &[&str]) -> String {
    let answer = |set: &&str| format!("[[upstreams.id]]\nbody = '''\n{}'''\n", set.trim_start());
    sets.iter().map(answer).collect::<Vec<_>>().join("\n")
}

/// Keys that are fetched once.
pub fn fetched() -> Case {
    let story =
        "Keys are fetched when the first token comes, and not for tokens that are refused without any";
    let mut case = Case::new("fetched", story, "", FETCHING).route("\"a\"").add(&answers(&[JWKS]));
    case.es256(&json!({"iss": B}), &Refused("the token is another issuer's"));
    let not_allowed = Refused("the token's alg is not allowed");
    case.signed(Signer::PublicPem, "HS256", &json!({"alg": "HS256"}), &usual(), &not_allowed);
    case.es256(&json!({}), &Taken);
    case.upstream("[{ to = \"id\", target = \"/keys\", absent = [\"authorization\"] }, { to = \"u\" }]");
    case.es256(&json!({"jti": "another"}), &Taken);
    case.upstream("[{ to = \"u\" }]");
    case.es256(&json!({}), &Taken);
    case.upstream("[{ to = \"u\" }]");
    case
}

/// Keys that change.
pub fn rotated() -> Case {
    let story =
        "A new key makes the gateway fetch the keys again; when a key is gone, its tokens are refused";
    let why = "only a clock that is moved by hand can wait for the cool-down";
    let new = OTHER_JWKS.replace("\"rsa\"", "\"new\"");
    let mut case = Case::new("rotated", story, why, FETCHING).route("\"a\"").add(&answers(&[JWKS, &new]));
    let both = "[{ to = \"id\", target = \"/keys\" }, { to = \"u\" }]";
    case.es256(&json!({}), &Taken);
    case.upstream(both);
    case.es256(&json!({}), &Taken);
    case.upstream("[{ to = \"u\" }]");
    let header = json!({"alg": "RS256", "kid": "new"});
    case.signed(Signer::OtherRsa, "RS256", &header, &usual(), &Taken);
    let at = case.text.rfind("request = ").unwrap();
    case.text.insert_str(at, "after = \"31s\"\n");
    case.upstream(both);
    // It was remembered.
    case.es256(&json!({}), &Refused("no key of the issuer has signed the token"));
    case.signed(Signer::OtherRsa, "RS256", &header, &usual(), &Taken);
    case
}
