//! Cases with tokens, as they are put together.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::signer::{Signer, algorithm, token};
use Expected::{Refused, Taken, Unavailable};

/// An issuer.
pub const A: &str = "https://a.test";
/// Another.
pub const B: &str = "https://b.test";

/// A case, as it is put together.
pub struct Case {
    pub name: &'static str,
    pub text: String,
}

/// What a step expects.
pub enum Expected {
    /// The upstream is asked, for this subject.
    Taken,
    /// 401, and the operator is told this.
    Refused(&'static str),
    /// 503, and the operator is told this.
    Unavailable(&'static str),
}

impl Case {
    pub fn new(name: &'static str, story: &str, only: &str, auth: &str) -> Self {
        let mut text = format!("story = \"{story}\"\n");
        if !only.is_empty() {
            let _ = writeln!(text, "only = {{ hosts = [\"sim\"], why = \"{only}\" }}");
        }
        let _ = write!(text, "\n[config.upstreams]\nu.url = \"http://u.test\"\n{auth}");
        Self { name, text }
    }

    /// One route for all.
    pub fn route(mut self, ways: &str) -> Self {
        let _ = write!(self.text, "\n[[config.routes]]\nid = \"r\"\nauth = {ways}\nupstream = \"u\"\n");
        self
    }

    pub fn add(mut self, text: &str) -> Self {
        let _ = write!(self.text, "\n{text}\n");
        self
    }

    /// A request with `token`, which the comment explains.
    pub fn step(&mut self, comment: &str, token: &str, expected: &Expected) {
        let comment = comment.replace('\n', " ");
        let _ = write!(self.text, "\n# {comment}\n[[steps]]\n");
        let _ = writeln!(self.text, "request = {{ headers = [[\"authorization\", \"Bearer {token}\"]] }}");
        let expect = match expected {
            Taken => "expect = { status = 200, body = \"u\", log = { subject = \"ada\" } }".to_owned(),
            Refused(why) => format!(
                "expect = {{ problem = \"invalid-credentials\", headers = {{ www-authenticate = 'Bearer \
                 error=\"invalid_token\"' }}, body = {{ lacks = \"{why}\" }}, log = {{ cause = \"{why}\" }} }}"
            ),
            Unavailable(why) => format!(
                "expect = {{ problem = \"auth-unavailable\", absent = [\"www-authenticate\"], body = {{ lacks = \
                 \"{why}\" }}, log = {{ cause = \"{why}\" }} }}"
            ),
        };
        let _ = writeln!(self.text, "{expect}");
        if !matches!(expected, Taken) {
            self.upstream("[]");
        }
    }

    /// What upstreams receive in the last step.
    pub fn upstream(&mut self, requests: &str) {
        let _ = writeln!(self.text, "upstream = {requests}");
    }

    /// A token with this header and payload.
    pub fn signed(&mut self, by: Signer, signing: &str, header: &Value, payload: &str, expected: &Expected) {
        let comment = format!("{header} {payload}");
        self.step(&comment, &token(by, algorithm(signing), &header.to_string(), payload), expected);
    }

    /// A token of issuer A with ES256.
    pub fn es256(&mut self, change: &Value, expected: &Expected) {
        let header = json!({"alg": "ES256", "kid": "p256"});
        self.signed(Signer::P256, "ES256", &header, &with(change), expected);
    }
}

/// Claims that are taken at any time in this century, with others in their place; `null` takes one away.
pub fn with(change: &Value) -> String {
    let mut claims =
        json!({"iss": A, "aud": "api", "sub": "ada", "iat": 1_577_836_800, "exp": 4_102_444_800_i64});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims.to_string()
}

pub fn usual() -> String {
    with(&json!({}))
}

/// An authenticator with the keys of a set.
pub fn way(name: &str, issuer: &str, jwks: &str, more: &str) -> String {
    format!(
        "\n[config.auth.{name}.jwt]\nissuer = \"{issuer}\"\naudiences = \"api\"\nkeys = '''\n{}'''\n{more}",
        jwks.trim_start()
    )
}

pub fn secret_way(more: &str) -> String {
    format!("\n[config.auth.a.jwt]\nissuer = \"{A}\"\naudiences = \"api\"\n{more}")
}
