//! What an expression is about while it is evaluated. Whatever can be borrowed is.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::map::Map;
use super::number;
use super::time::{Span, Timestamp};
use crate::json::{Node, Number};

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is not negative.
    Uint(u64),
    /// A number.
    Double(f64),
    /// A number of a document that is no whole one of 64 bits, or is not written as one. It is a `double`, but compared
    /// exactly, and where it is not calculated with, it is written again as it was.
    Number(Number<'a>),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment.
    Timestamp(Timestamp),
    /// A span of time.
    Duration(Span),
    /// Values in order.
    List(List<'a>),
    /// Values by key.
    Map(Map<'a>),
}

/// Values in order.
#[derive(Debug, Clone)]
pub enum List<'a> {
    /// Of a claim.
    Json(&'a [serde_json::Value]),
    /// Of a document.
    Nodes(&'a [Node<'a>]),
    /// Values of documents, from wherever they stand.
    Lent(&'a [&'a Node<'a>]),
    /// Of a caller: groups, roles, scopes.
    Texts(&'a [Box<str>]),
    /// Written in an expression or made by it.
    Made(Arc<[Value<'a>]>),
}

/// What is known of a value before there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it is seen when there is a request.
    Any,
    /// `null`.
    Null,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `uint`.
    Uint,
    /// `double`.
    Double,
    /// `string`.
    Text,
    /// `timestamp`.
    Timestamp,
    /// `duration`.
    Duration,
    /// `list`.
    List,
    /// `map`.
    Map,
}

// === impl Kind ===

impl Kind {
    /// CEL's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::List => "list",
            Self::Map => "map",
        }
    }

    /// Whether a value of this kind can be one of the other.
    pub fn may_be(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }

    /// Whether it is a number, or may be.
    pub fn may_be_number(self) -> bool {
        matches!(self, Self::Any | Self::Int | Self::Uint | Self::Double)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl Value ===

impl<'a> Value<'a> {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Uint(_) => Kind::Uint,
            Self::Double(_) | Self::Number(_) => Kind::Double,
            Self::Text(_) => Kind::Text,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Duration(_) => Kind::Duration,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
        }
    }

    /// A value of JSON. Whole numbers are `int`, or `uint` where they are too large for one: a claim is then what it
    /// looks like, and CEL compares all three kinds of numbers with each other.
    pub fn of_json(json: &'a serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::Uint(value),
                (None, None) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::Text(Cow::Borrowed(text)),
            serde_json::Value::Array(items) => Self::List(List::Json(items)),
            serde_json::Value::Object(members) => Self::Map(Map::Json(members)),
        }
    }

    /// A value of a document. Numbers that are written as whole ones, and fit, are `int` or `uint`; they are written again
    /// as they were, since nothing else is written so.
    pub fn of_node(node: &'a Node<'a>) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Number(number) => number::of_document(number),
            Node::Text(text) => Self::Text(Cow::Borrowed(text)),
            Node::Array(elements) => Self::List(List::Nodes(elements)),
            Node::Object(object) => Self::Map(Map::Object(object)),
        }
    }

    /// The same value, borrowed where that saves copying text.
    pub(super) fn lent(&'a self) -> Self {
        match self {
            Self::Text(text) => Self::Text(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    /// The same value, borrowing nothing; `None` for what belongs to a request.
    pub(super) fn kept(self) -> Option<Value<'static>> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::Uint(value),
            Self::Double(value) => Value::Double(value),
            Self::Number(number) => Value::Number(number.into_owned()),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Timestamp(moment) => Value::Timestamp(moment),
            Self::Duration(span) => Value::Duration(span),
            Self::List(List::Made(items)) => {
                Value::List(List::Made(items.iter().map(|it| it.clone().kept()).collect::<Option<_>>()?))
            }
            Self::Map(Map::Made(pairs)) => {
                let kept = |(key, value): &(Value<'a>, Value<'a>)| {
                    Some((key.clone().kept()?, value.clone().kept()?))
                };
                Value::Map(Map::Made(pairs.iter().map(kept).collect::<Option<_>>()?))
            }
            Self::List(_) | Self::Map(_) => return None,
        })
    }

    /// How two values stand in order; `None` where CEL has none between them. Numbers of all kinds have one.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (a, b) => number::order(a, b),
        }
    }
}

// === impl List ===

impl<'a> List<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Nodes(nodes) => nodes.len(),
            Self::Lent(nodes) => nodes.len(),
            Self::Texts(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at a place, from 0.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(at).map(Value::of_json),
            Self::Nodes(nodes) => nodes.get(at).map(Value::of_node),
            Self::Lent(nodes) => nodes.get(at).copied().map(Value::of_node),
            Self::Texts(items) => items.get(at).map(|text| Value::Text(Cow::Borrowed(text))),
            Self::Made(items) => items.get(at).cloned(),
        }
    }

    /// Those of some places.
    pub(super) fn slice(&self, range: Range<usize>) -> Option<Self> {
        Some(match self {
            Self::Json(items) => Self::Json(items.get(range)?),
            Self::Nodes(nodes) => Self::Nodes(nodes.get(range)?),
            Self::Lent(nodes) => Self::Lent(nodes.get(range)?),
            Self::Texts(items) => Self::Texts(items.get(range)?),
            Self::Made(items) => Self::Made(items.get(range)?.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_of_json_are_what_they_look_like() {
        let json = serde_json::json!([1, -1, 18_446_744_073_709_551_615_u64, 1.5, 1e300]);
        let kinds: Vec<_> = json.as_array().unwrap().iter().map(|it| Value::of_json(it).kind()).collect();
        assert_eq!(kinds, [Kind::Int, Kind::Int, Kind::Uint, Kind::Double, Kind::Double]);
    }
}
