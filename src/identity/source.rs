//! What of a caller an upstream may be told.

use std::borrow::Cow;

use serde_json::Value;

use crate::auth::Caller;
use crate::auth::claims::{self, ClaimPath};

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
    /// The claim at this place.
    Claim(ClaimPath),
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
            Self::Claim(path) => claims::at(&caller.claims, path).map(Fact::Json),
            Self::Metadata(name) => caller.consumer.as_ref()?.metadata(name).map(Fact::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_says_nothing() {
        assert_eq!(Source::Scopes.find(&Caller::default()), None);
        let caller = Caller { scopes: vec!["a".into()], ..Caller::default() };
        assert_eq!(Source::Scopes.find(&caller), Some(Fact::List(&caller.scopes, b' ')));
    }
}
