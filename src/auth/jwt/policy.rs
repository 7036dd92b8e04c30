//! What is asked of an issuer's tokens: ready to be asked.

use std::time::Duration;

use serde_json::Value;

use super::Algorithms;
use crate::auth::claims::{self, ClaimPath, Claims};

/// What is asked of the tokens of one issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `iss`, exactly (RFC 7519 section 4.1.1). Tokens of others are not judged.
    pub issuer: Box<str>,
    /// One of them must be in `aud`. Where there is none, `aud` is not looked at.
    pub audiences: Vec<Box<str>>,
    /// Those that are taken, of what the keys can verify.
    pub algorithms: Algorithms,
    /// How far the issuer's clock may be from this one.
    pub skew: Duration,
    /// Whether a token must expire.
    pub expires: bool,
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Option<Duration>,
    /// What `typ` must say; without `application/`, in lower case.
    pub typ: Option<Box<str>>,
    /// Claims that must be there.
    pub required: Vec<Required>,
    /// Where scopes are.
    pub scopes: ScopeSource,
    /// Where roles are.
    pub roles: Option<ClaimPath>,
    /// Where groups are.
    pub groups: Option<ClaimPath>,
    /// Who the caller is.
    pub subject: ClaimPath,
    /// Which consumer the caller is.
    pub consumer: Option<ClaimPath>,
    /// The longest token.
    pub max_bytes: usize,
}

/// A claim that must be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Required {
    /// Where it is.
    pub claim: ClaimPath,
    /// It must be one of them, or an array that has one of them. Where there is none, any value will do but `null`.
    pub values: Vec<Box<str>>,
}

/// Where a token's scopes are.
#[derive(Debug, Clone, PartialEq)]
pub enum ScopeSource {
    /// In `scope` (RFC 8693 section 4.2) and in `scp`, which some issuers write instead.
    Usual,
    /// In this claim.
    Claim(ClaimPath),
}

/// A token's longest text unless the policy says otherwise: what servers commonly take as one field.
pub const MAX_BYTES: usize = 8 << 10;
/// How far the issuer's clock may be from this one unless the policy says otherwise.
pub const SKEW: Duration = Duration::from_secs(60);

/// What `typ` may say where the policy asks for nothing: an access token (RFC 9068 section 2.1) or just any token
/// (RFC 7519 section 5.1). What says that it is something else, is: a logout token or a proof of possession is signed
/// with the same keys (RFC 8725 section 3.11).
const USUAL_TYPES: [&str; 2] = ["jwt", "at+jwt"];

// === impl Policy ===

impl Policy {
    /// What is asked unless an author says otherwise.
    pub fn new(issuer: &str, algorithms: Algorithms) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: Vec::new(),
            algorithms,
            skew: SKEW,
            expires: true,
            max_lifetime: None,
            typ: None,
            required: Vec::new(),
            scopes: ScopeSource::Usual,
            roles: None,
            groups: None,
            subject: ClaimPath::name("sub"),
            consumer: None,
            max_bytes: MAX_BYTES,
        }
    }

    /// The skew in milliseconds.
    pub(super) fn skew_millis(&self) -> i64 {
        millis(self.skew)
    }

    /// Whether `typ` says what it must.
    pub(super) fn takes_type(&self, typ: Option<&str>) -> bool {
        let typ = typ.map(media_type);
        match (&self.typ, typ.as_deref()) {
            (Some(wanted), Some(typ)) => **wanted == *typ,
            (Some(_), None) => false,
            (None, Some(typ)) => USUAL_TYPES.contains(&typ),
            (None, None) => true,
        }
    }

    /// Whether `aud`, a text or several, has one of the audiences (RFC 7519 section 4.1.3).
    pub(super) fn takes_audience(&self, claims: &Claims) -> bool {
        let is_ours = |value: &Value| {
            value.as_str().is_some_and(|value| self.audiences.iter().any(|audience| **audience == *value))
        };
        match claims.get("aud") {
            _ if self.audiences.is_empty() => true,
            Some(Value::Array(list)) => list.iter().all(Value::is_string) && list.iter().any(is_ours),
            Some(value) => is_ours(value),
            None => false,
        }
    }

    /// Who the caller is, where the claims say it: a text, or a number as it is written.
    pub fn subject(&self, claims: &Claims) -> Option<String> {
        name_at(claims, &self.subject)
    }

    /// The name of the consumer that the caller is.
    pub fn consumer(&self, claims: &Claims) -> Option<String> {
        name_at(claims, self.consumer.as_ref()?)
    }

    /// The token's scopes.
    pub fn scopes<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = &'a str> {
        let (usual, named) = match &self.scopes {
            ScopeSource::Usual => ([claims.get("scope"), claims.get("scp")], None),
            ScopeSource::Claim(path) => ([None, None], claims::at(claims, path)),
        };
        usual.into_iter().chain([named]).flatten().flat_map(claims::words)
    }

    /// The caller's roles.
    pub fn roles<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = &'a str> {
        self.roles.iter().filter_map(|path| claims::at(claims, path)).flat_map(claims::words)
    }

    /// The caller's groups.
    pub fn groups<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = &'a str> {
        self.groups.iter().filter_map(|path| claims::at(claims, path)).flat_map(claims::words)
    }
}

/// A span in milliseconds, as far as they can be counted.
pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// RFC 7515 section 4.1.9: `application/` may be left out, and a media type is the same in any case.
pub fn media_type(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").map_or_else(|| typ.clone(), str::to_owned)
}

/// Whether `value` is the text `wanted`, or the number or truth that is written so.
fn says(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Bool(truth) => wanted == if *truth { "true" } else { "false" },
        Value::Number(number) => number.to_string() == wanted,
        _ => false,
    }
}

fn name_at(claims: &Claims, path: &ClaimPath) -> Option<String> {
    match claims::at(claims, path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

// === impl Required ===

impl Required {
    /// Whether the claims have it.
    pub(super) fn holds(&self, claims: &Claims) -> bool {
        let wanted = |value: &Value| self.values.iter().any(|wanted| says(value, wanted));
        match claims::at(claims, &self.claim) {
            None | Some(Value::Null) => false,
            Some(_) if self.values.is_empty() => true,
            Some(Value::Array(list)) => list.iter().any(wanted),
            Some(value) => wanted(value),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        let Value::Object(object) = value else { unreachable!() };
        object
    }

    fn path(text: &str) -> ClaimPath {
        ClaimPath::parse(text).unwrap()
    }

    #[test]
    fn types() {
        let mut policy = Policy::new("i", Algorithms::ASYMMETRIC);
        for (typ, taken) in [
            (None, true),
            (Some("JWT"), true),
            (Some("jwt"), true),
            (Some("at+jwt"), true),
            (Some("application/at+JWT"), true),
            (Some("logout+jwt"), false),
            (Some("dpop+jwt"), false),
            (Some(""), false),
        ] {
            assert_eq!(policy.takes_type(typ), taken, "{typ:?}");
        }
        policy.typ = Some("at+jwt".into());
        for (typ, taken) in [
            (None, false),
            (Some("JWT"), false),
            (Some("AT+jwt"), true),
            (Some("Application/at+jwt"), true),
            (Some("text/at+jwt"), false),
        ] {
            assert_eq!(policy.takes_type(typ), taken, "{typ:?}");
        }
    }

    #[test]
    fn audiences() {
        let policy =
            Policy { audiences: vec!["a".into(), "b".into()], ..Policy::new("i", Algorithms::ASYMMETRIC) };
        for (aud, taken) in [
            (json!("a"), true),
            (json!(["x", "b"]), true),
            (json!("A"), false),
            (json!("a b"), false),
            (json!(["x"]), false),
            (json!([]), false),
            (json!(["a", 1]), false),
            (json!([["a"]]), false),
            (json!(1), false),
            (json!(null), false),
            (json!({"a": "a"}), false),
        ] {
            assert_eq!(policy.takes_audience(&claims(json!({"aud": aud}))), taken, "{aud}");
        }
        assert!(!policy.takes_audience(&claims(json!({}))));
    }

    #[test]
    fn required_claims() {
        let holds = |values: &[&str], of: Value| {
            let values = values.iter().map(|value| (*value).into()).collect();
            let required = Required { claim: path("a.b"), values };
            required.holds(&claims(json!({"a": {"b": of}})))
        };
        assert!(holds(&[], json!("x")) && holds(&[], json!(false)) && holds(&[], json!([])));
        assert!(!holds(&[], json!(null)));
        assert!(holds(&["x", "y"], json!("y")) && holds(&["x"], json!(["z", "x"])));
        assert!(holds(&["true"], json!(true)) && holds(&["7"], json!(7)) && holds(&["-1.5"], json!(-1.5)));
        assert!(
            !holds(&["x"], json!("x y")) && !holds(&["x"], json!("X")) && !holds(&["true"], json!(false))
        );
        assert!(
            !holds(&["7"], json!(7.0)) && !holds(&["x"], json!({"x": 1})) && !holds(&["x"], json!([["x"]]))
        );
        assert!(!holds(&["null"], json!(null)) && !holds(&[""], json!([])));
        assert!(!Required { claim: path("a.c"), values: vec![] }.holds(&claims(json!({"a": {"b": 1}}))));
    }

    #[test]
    fn what_is_known_of_the_caller() {
        let mut policy = Policy::new("i", Algorithms::ASYMMETRIC);
        let it = claims(json!({
            "sub": "u", "scope": "a b", "scp": ["c"], "azp": 42, "empty": "",
            "realm_access": {"roles": ["r"]}, "groups": ["g h", "i"], "perm": "p q",
        }));
        let list = |words: &mut dyn Iterator<Item = &str>| words.collect::<Vec<_>>().join("|");
        assert_eq!(list(&mut policy.scopes(&it)), "a|b|c");
        assert_eq!((list(&mut policy.roles(&it)), list(&mut policy.groups(&it))), Default::default());
        assert_eq!(policy.subject(&it).as_deref(), Some("u"));
        policy.scopes = ScopeSource::Claim(path("perm"));
        policy.roles = Some(path("realm_access.roles"));
        policy.groups = Some(path("groups"));
        policy.subject = path("azp");
        assert_eq!(list(&mut policy.scopes(&it)), "p|q");
        assert_eq!(list(&mut policy.roles(&it)), "r");
        assert_eq!(list(&mut policy.groups(&it)), "g h|i");
        assert_eq!(policy.subject(&it).as_deref(), Some("42"));
        policy.subject = path("empty");
        assert_eq!(policy.subject(&it), None);
    }
}
