//! What an introspection endpoint is asked, and what its answer means (RFC 7662 section 2).

use std::fmt;

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::auth::claims::{self, Claims};
use crate::host::UnixMillis;

/// The largest answer, in bytes.
pub const MAX_ANSWER: usize = claims::CLAIMS.bytes;

/// How far the server's clock may be ahead of ours, for `nbf`. For `exp` there is no such leeway: RFC 7662 section 4
/// forbids to take a token for active after it.
const LEEWAY: u64 = 60;

/// What an answer must say beside `active`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The one issuer, where it matters.
    pub issuer: Option<Box<str>>,
    /// The token must be for one of these; empty for any.
    pub audiences: Vec<Box<str>>,
}

/// A token that the server takes for active.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// RFC 7662 section 2.2 `sub`.
    pub subject: Option<Box<str>>,
    /// `client_id`: whom the token was issued to.
    pub client_id: Option<Box<str>>,
    /// `username`: a name to be read by people.
    pub username: Option<Box<str>>,
    /// The members of `scope`.
    pub scopes: Vec<Box<str>>,
    /// `iss`.
    pub issuer: Option<Box<str>>,
    /// `aud`, one or several.
    pub audiences: Vec<Box<str>>,
    /// `exp`, in seconds since 1970.
    pub expires: Option<u64>,
    /// All members of the answer.
    pub claims: Claims,
}

/// What a token is worth.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is active, and what the configuration requires.
    Active(Box<Active>),
    /// It is not; why, for the operator.
    Refused(Refusal),
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server says so.
    Inactive,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come.
    Early,
    /// It is another issuer's.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It is no bearer token, or no access token.
    Type,
}

/// The answer is not one: the server is as good as down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

/// The members that RFC 7662 section 2.2 knows.
#[derive(Deserialize)]
struct Answer {
    active: bool,
    scope: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    token_type: Option<String>,
    exp: Option<Number>,
    nbf: Option<Number>,
    sub: Option<String>,
    aud: Option<OneOrMany>,
    iss: Option<String>,
    /// Of Ory Hydra and Amazon Cognito.
    token_use: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<str>),
    Many(Vec<Box<str>>),
}

/// The form that asks about `token` (RFC 7662 section 2.1).
pub fn form(token: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(token.len() + 48));
    form.append_pair("token", token).append_pair("token_type_hint", "access_token");
    form.finish()
}

// === impl Verdict ===

impl Verdict {
    /// Judges a token by the body of a 200 answer.
    pub fn parse(body: &[u8], required: &Requirements, now: UnixMillis) -> Result<Self, Malformed> {
        let claims =
            claims::parse(body, claims::CLAIMS).map_err(|refused| Malformed(refused.0.to_owned()))?;
        let answer: Answer = serde_json::from_value(Value::Object(claims.clone()))
            .map_err(|error| Malformed(error.to_string()))?;
        let expires = answer.exp.as_ref().map(|exp| seconds(exp, f64::floor)).transpose()?;
        let not_before = answer.nbf.as_ref().map(|nbf| seconds(nbf, f64::ceil)).transpose()?;
        let now = now.0 / 1_000;
        let audiences = answer.aud.map_or_else(Vec::new, |aud| match aud {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        });
        let kind = (answer.token_type.as_deref(), answer.token_use.as_deref());
        let is_audience = |audience| required.audiences.contains(audience);
        Ok(if !answer.active {
            Self::Refused(Refusal::Inactive)
        } else if expires.is_some_and(|expires| expires <= now) {
            Self::Refused(Refusal::Expired)
        } else if not_before.is_some_and(|not_before| not_before > now.saturating_add(LEEWAY)) {
            Self::Refused(Refusal::Early)
        } else if !is_bearer_access_token(kind) {
            Self::Refused(Refusal::Type)
        } else if required.issuer.as_deref().is_some_and(|issuer| answer.iss.as_deref() != Some(issuer)) {
            Self::Refused(Refusal::Issuer)
        } else if !required.audiences.is_empty() && !audiences.iter().any(is_audience) {
            Self::Refused(Refusal::Audience)
        } else {
            Self::Active(Box::new(Active {
                subject: answer.sub.map(Into::into),
                client_id: answer.client_id.map(Into::into),
                username: answer.username.map(Into::into),
                scopes: scopes(answer.scope.as_deref().unwrap_or_default()),
                issuer: answer.iss.map(Into::into),
                audiences,
                expires,
                claims,
            }))
        })
    }
}

/// A server answers for refresh tokens too (RFC 7662 section 2.1), which are no way in anywhere; and a token that is
/// bound to a key (RFC 9449 section 6.2) is not to be taken from whoever presents it without one.
fn is_bearer_access_token((kind, purpose): (Option<&str>, Option<&str>)) -> bool {
    let is_one_of = |text: &str, known: [&str; 2]| known.iter().any(|it| text.eq_ignore_ascii_case(it));
    kind.is_none_or(|kind| is_one_of(kind, ["bearer", "access_token"]))
        && purpose.is_none_or(|purpose| is_one_of(purpose, ["access", "access_token"]))
}

/// RFC 6749 section 3.3: separated by spaces.
fn scopes(text: &str) -> Vec<Box<str>> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(Into::into).collect()
}

/// Seconds since 1970; some servers write a fraction, which `round` takes away.
fn seconds(number: &Number, round: impl Fn(f64) -> f64) -> Result<u64, Malformed> {
    let text = || Malformed(format!("{number} is no time"));
    match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) => Ok(whole),
        // Above this, a double does not know every second.
        (None, Some(float)) if (0.0..9_007_199_254_740_992.0).contains(&float) =>
        {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "looked at right here"
            )]
            Ok(round(float) as u64)
        }
        _ => Err(text()),
    }
}

// === impl Refusal ===

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inactive => "the authorization server says that the token is not active",
            Self::Expired => "the token has expired",
            Self::Early => "the token is not valid yet",
            Self::Issuer => "the token is another issuer's",
            Self::Audience => "the token is for another audience",
            Self::Type => "the token is no bearer access token",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_400_000_000_000);

    fn judge(answer: &Value) -> Result<Verdict, Malformed> {
        Verdict::parse(answer.to_string().as_bytes(), &Requirements::default(), NOW)
    }

    /// RFC 7662 section 2.2.
    fn example() -> Value {
        json!({
            "active": true,
            "client_id": "l238j323ds-23ij4",
            "username": "jdoe",
            "scope": "read write dolphin",
            "sub": "Z5O3upPC88QrAjx00dis",
            "aud": "https://protected.example.net/resource",
            "iss": "https://server.example.com/",
            "exp": 1_419_356_238,
            "iat": 1_419_350_238,
            "extension_field": "twenty-seven"
        })
    }

    #[test]
    fn the_documents_request() {
        assert_eq!(
            form("2YotnFZFEjr1zCsicMWpAA"),
            "token=2YotnFZFEjr1zCsicMWpAA&token_type_hint=access_token"
        );
        assert_eq!(form("a&b=c d%+é"), "token=a%26b%3Dc+d%25%2B%C3%A9&token_type_hint=access_token");
    }

    #[test]
    fn the_documents_answer() {
        let Verdict::Active(active) = judge(&example()).unwrap() else { unreachable!() };
        assert_eq!(active.subject.as_deref(), Some("Z5O3upPC88QrAjx00dis"));
        assert_eq!(active.client_id.as_deref(), Some("l238j323ds-23ij4"));
        assert_eq!(active.username.as_deref(), Some("jdoe"));
        assert_eq!(active.scopes, ["read", "write", "dolphin"].map(Into::into));
        assert_eq!(active.audiences, ["https://protected.example.net/resource".into()]);
        assert_eq!(active.expires, Some(1_419_356_238));
        assert_eq!(active.claims["extension_field"], "twenty-seven");
        assert_eq!(judge(&json!({"active": false})), Ok(Verdict::Refused(Refusal::Inactive)));
    }

    #[test]
    fn what_else_refuses_a_token() {
        let seconds = NOW.0 / 1_000;
        for (member, value, verdict) in [
            ("active", json!(false), Some(Refusal::Inactive)),
            ("exp", json!(seconds), Some(Refusal::Expired)),
            ("exp", json!(1_400_000_000.9), Some(Refusal::Expired)),
            ("exp", json!(seconds + 1), None),
            ("nbf", json!(seconds + 61), Some(Refusal::Early)),
            ("nbf", json!(seconds + 60), None),
            ("token_type", json!("Bearer"), None),
            ("token_type", json!("access_token"), None),
            ("token_type", json!("DPoP"), Some(Refusal::Type)),
            ("token_type", json!("refresh_token"), Some(Refusal::Type)),
            ("token_use", json!("refresh_token"), Some(Refusal::Type)),
            ("token_use", json!("access_token"), None),
        ] {
            let mut answer = example();
            answer[member] = value.clone();
            let got = match judge(&answer).unwrap() {
                Verdict::Active(_) => None,
                Verdict::Refused(refusal) => Some(refusal),
            };
            assert_eq!(got, verdict, "{member} {value}");
        }
    }

    #[test]
    fn issuer_and_audience_where_they_are_required() {
        let judge = |answer: &Value, issuer: Option<&str>, audiences: &[&str]| {
            let audiences = audiences.iter().map(|&it| it.into()).collect();
            let required = Requirements { issuer: issuer.map(Into::into), audiences };
            match Verdict::parse(answer.to_string().as_bytes(), &required, NOW).unwrap() {
                Verdict::Active(_) => None,
                Verdict::Refused(refusal) => Some(refusal),
            }
        };
        let many = json!({"active": true, "aud": ["a", "b"]});
        assert_eq!(judge(&example(), Some("https://server.example.com/"), &[]), None);
        assert_eq!(judge(&example(), Some("https://server.example.com"), &[]), Some(Refusal::Issuer));
        assert_eq!(judge(&many, Some("https://server.example.com"), &[]), Some(Refusal::Issuer));
        assert_eq!(judge(&many, None, &["x", "b"]), None);
        assert_eq!(judge(&many, None, &["x"]), Some(Refusal::Audience));
        assert_eq!(judge(&json!({"active": true}), None, &["x"]), Some(Refusal::Audience));
    }

    #[test]
    fn answers_that_are_none() {
        for (member, value) in [
            ("active", json!("true")),
            ("active", json!(1)),
            ("active", json!(null)),
            ("scope", json!(["read"])),
            ("sub", json!(7)),
            ("iss", json!(["https://server.example.com/"])),
            ("aud", json!([1])),
            ("aud", json!({})),
            ("exp", json!("1419356238")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
        ] {
            let mut answer = example();
            answer[member] = value.clone();
            assert!(judge(&answer).is_err(), "{member} {value}");
        }
        let required = Requirements::default();
        for text in [
            "",
            "{}",
            "true",
            "[true]",
            r#"[true,null,null,null,null,null,null,null,null,null,null]"#,
            r#"{"active":false,"active":true}"#,
            r#"{"active":true,"exp":1,"exp":9999999999}"#,
            r#"{"active":true} x"#,
        ] {
            assert!(Verdict::parse(text.as_bytes(), &required, NOW).is_err(), "{text}");
        }
        let large = json!({"active": true, "x": "x".repeat(MAX_ANSWER)});
        assert!(judge(&large).is_err());
    }
}
