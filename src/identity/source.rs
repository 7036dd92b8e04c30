//! What of a caller an upstream may be told.

use std::borrow::Cow;

use serde_json::Value;

use crate::auth::Caller;

/// One thing that may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Who it is.
    Subject,
    /// The consumer's name.
    Consumer,
    /// The name of what let it in.
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
    /// Several texts, which the separator joins where they must be one.
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

// === impl Source ===

impl Source {
    /// What there is to tell of `caller`; `None` where nothing is known.
    pub fn find<'a>(&self, caller: &'a Caller) -> Option<Fact<'a>> {
        let list =
            |items: &'a [Box<str>], separator| (!items.is_empty()).then_some(Fact::List(items, separator));
        match self {
            Self::Subject => caller.subject.as_deref().map(Fact::Text),
            Self::Consumer => caller.consumer.as_ref().map(|consumer| Fact::Text(&consumer.id)),
            Self::Authenticator => Some(Fact::Text(&caller.by)),
            Self::Scopes => list(&caller.scopes, b' '),
            Self::Roles => list(&caller.roles, b','),
            Self::Groups => list(&caller.groups, b','),
            Self::Claim(path) => {
                let (first, rest) = path.split_first()?;
                let claim = caller.claims.get(&**first)?;
                rest.iter().try_fold(claim, |value, name| value.get(&**name)).map(Fact::Json)
            }
            Self::Metadata(name) => caller.consumer.as_ref()?.metadata(name).map(Fact::Text),
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
        let caller = Caller { claims: claims.as_object().unwrap().clone(), ..Caller::default() };
        let find = |path: &[&str]| {
            let path = path.iter().map(|name| Box::from(*name)).collect();
            match Source::Claim(path).find(&caller) {
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
        assert_eq!(Source::Scopes.find(&Caller::default()), None);
        let caller = Caller { scopes: vec!["a".into()], ..Caller::default() };
        assert_eq!(Source::Scopes.find(&caller), Some(Fact::List(&caller.scopes, b' ')));
    }
}
