//! What tells scalars from each other.

use super::Node;
use super::number::Decimal;

/// A text, number or truth value as a key: numbers by their value, so that `1` and `1.0` are one key and `"1"` another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a>(Scalar<'a>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Scalar<'a> {
    Bool(bool),
    Number(Decimal),
    /// A number whose exponent is beyond all reason: only what is written the same is as much.
    Written(&'a str),
    Text(&'a str),
}

// === impl Key ===

impl Key<'_> {
    /// The same, for whoever keeps it longer than the value: two are equal where the keys are.
    pub fn to_text(&self) -> String {
        match &self.0 {
            Scalar::Bool(it) => it.to_string(),
            Scalar::Number(decimal) => decimal.to_string(),
            Scalar::Written(text) => (*text).to_owned(),
            Scalar::Text(text) => format!("\"{text}"),
        }
    }
}

impl Node<'_> {
    /// What tells it from other scalars; `None` for `null`, arrays and objects.
    pub fn key(&self) -> Option<Key<'_>> {
        match self {
            Node::Bool(it) => Some(Key(Scalar::Bool(*it))),
            Node::Number(number) => Some(Key(match number.decimal() {
                Some(decimal) => Scalar::Number(decimal),
                None => Scalar::Written(number.as_str()),
            })),
            Node::Text(text) => Some(Key(Scalar::Text(text))),
            Node::Null | Node::Array(_) | Node::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::json::{Limits, parse};

    #[test]
    fn numbers_are_keys_by_their_value() {
        let same = |one: &str, other: &str| {
            let limits = Limits::of(100);
            let (one, other) = (parse(one.as_bytes(), &limits), parse(other.as_bytes(), &limits));
            let (one, other) = (one.unwrap(), other.unwrap());
            one.key().is_some() && one.key() == other.key()
        };
        for (one, other) in [
            ("1", "1.0"),
            ("\"a\"", "\"\\u0061\""),
            ("true", "true"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "\"1\""),
            ("null", "null"),
            ("[]", "[]"),
            ("{}", "{}"),
            ("true", "false"),
            ("12345678901234567890", "12345678901234567891"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
