//! What is known of a caller, and what of it an upstream may be told.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A caller as the gateway knows it, whatever way it came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// Who it is: a token's `sub`, a user's name.
    pub subject: Option<&'a str>,
    /// The consumer that its key or certificate belongs to.
    pub consumer: Option<&'a str>,
    /// The name of what let it in.
    pub authenticator: Option<&'a str>,
    /// What its token is good for.
    pub scopes: &'a [Box<str>],
    /// Its roles.
    pub roles: &'a [Box<str>],
    /// Its groups.
    pub groups: &'a [Box<str>],
    /// Everything its token says.
    pub claims: Option<&'a Map<String, Value>>,
    /// What is noted about its consumer.
    pub metadata: Option<&'a Map<String, Value>>,
}

/// One thing that may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Who it is.
    Subject,
    /// The consumer's name.
    Consumer,
    /// What let it in.
    Authenticator,
    /// Scopes, with spaces between them (RFC 6749 section 3.3).
    Scopes,
    /// Roles.
    Roles,
    /// Groups.
    Groups,
    /// The claim at this path: names of members, from the outside in.
    Claim(Box<[Box<str>]>),
    /// What is noted about the consumer under this name.
    Metadata(Box<str>),
}

/// What a [`Source`] found.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<'a> {
    /// Text.
    Text(&'a str),
    /// Several texts, which `separator` joins where they must be one.
    List(&'a [Box<str>], u8),
    /// A claim, whatever it is.
    Json(&'a Value),
}

/// The plain form of a JSON value: numbers and truth as JSON writes them. `None` for what has none: objects, arrays,
/// `null`.
pub fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

// === impl About ===

impl<'a> About<'a> {
    /// What `source` says of this caller; `None` where it says nothing.
    pub fn find(&self, source: &Source) -> Option<Fact<'a>> {
        let list =
            |items: &'a [Box<str>], separator| (!items.is_empty()).then_some(Fact::List(items, separator));
        match source {
            Source::Subject => self.subject.map(Fact::Text),
            Source::Consumer => self.consumer.map(Fact::Text),
            Source::Authenticator => self.authenticator.map(Fact::Text),
            Source::Scopes => list(self.scopes, b' '),
            Source::Roles => list(self.roles, b','),
            Source::Groups => list(self.groups, b','),
            Source::Claim(path) => {
                let (first, rest) = path.split_first()?;
                let claim = self.claims?.get(&**first)?;
                rest.iter().try_fold(claim, |value, name| value.get(&**name)).map(Fact::Json)
            }
            Source::Metadata(name) => self.metadata?.get(&**name).map(Fact::Json),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_claims_by_path() {
        let claims = json!({ "a": { "b": { "c.d": 1 } }, "list": ["x"], "https://x/y": null });
        let about = About { claims: claims.as_object(), ..About::default() };
        let find = |path: &[&str]| {
            let path = path.iter().map(|name| Box::from(*name)).collect();
            match about.find(&Source::Claim(path)) {
                Some(Fact::Json(value)) => Some(value.clone()),
                _ => None,
            }
        };
        assert_eq!(find(&["a", "b", "c.d"]), Some(json!(1)));
        assert_eq!(find(&["https://x/y"]), Some(Value::Null));
        for nowhere in [&["b"][..], &["a", "c"], &["a", "b", "c.d", "e"], &["list", "0"], &["a.b"], &[]] {
            assert_eq!(find(nowhere), None, "{nowhere:?}");
        }
    }

    #[test]
    fn an_empty_list_says_nothing() {
        assert_eq!(About::default().find(&Source::Scopes), None);
        let scopes = [Box::from("a")];
        let about = About { scopes: &scopes, ..About::default() };
        assert_eq!(about.find(&Source::Scopes), Some(Fact::List(&scopes, b' ')));
    }
}
