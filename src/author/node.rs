//! The one tree that every format is read into: values and keys, each with its place in the text.

use serde_json::{Map, Number};

/// A line and a column, both from 1; a column is a character, not a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: Position,
}

/// What a text can say, in any of the formats.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Boolean(bool),
    /// The number and how it was written. One that is out of range even here is the nearest that is not.
    Whole(i128, String),
    /// The number and how it was written.
    Fraction(f64, String),
    Text(String),
    /// A TOML date or time, as it was written.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) node: Node,
}

/// What reading a text gave: a tree where one could be made, and what is wrong with the text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) tree: Option<Node>,
    pub(super) faults: Vec<Fault>,
}

/// Something wrong with a text as such, whatever it was to mean.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: Position,
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) related: Vec<(Position, String)>,
}

/// How deep values may nest. What is configured needs ten levels; every function here that follows a tree may recurse
/// because of this bound.
pub(super) const MAX_DEPTH: usize = 64;

// === impl Position ===

impl Position {
    /// Where every text begins.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

// === impl Node ===

impl Node {
    /// The value of `key`, and the key, in a table.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The same value without positions.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Nothing => serde_json::Value::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Whole(value, _) => whole_to_json(*value),
            Value::Fraction(value, _) => (*value).into(),
            Value::Text(text) | Value::Date(text) => text.as_str().into(),
            Value::List(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Table(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                serde_json::Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}

fn whole_to_json(value: i128) -> serde_json::Value {
    let number = i64::try_from(value).map(Number::from).or_else(|_| u64::try_from(value).map(Number::from));
    // The schema bounds every number, so the last is only for completeness.
    number.map_or_else(|_| value.to_string().into(), serde_json::Value::Number)
}

// === impl Value ===

impl Value {
    /// A whole number from its digits; `minus` stands among them.
    pub(super) fn whole(digits: &str, radix: u32, written: &str) -> Self {
        let nearest = if digits.starts_with('-') { i128::MIN } else { i128::MAX };
        Self::Whole(i128::from_str_radix(digits, radix).unwrap_or(nearest), written.to_owned())
    }
}

// === impl Parsed ===

impl Parsed {
    /// A text of which nothing can be used.
    pub(super) fn broken(fault: Fault) -> Self {
        Self { tree: None, faults: vec![fault] }
    }
}

// === impl Fault ===

impl Fault {
    pub(super) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at, pointer: String::new(), message: message.into(), help: None, related: Vec::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `key` stands at `at`, and stood at `first` already.
    pub(super) fn twice(key: &str, at: Position, first: Position) -> Self {
        let mut fault =
            Self::new(at, format!("the key {} stands twice in one table", super::words::quote(key)));
        fault.related.push((first, "first".to_owned()));
        fault.help("keep one of them")
    }

    /// Values nest too deep at `at`.
    pub(super) fn too_deep(at: Position) -> Self {
        Self::new(at, format!("values are nested more than {MAX_DEPTH} deep"))
    }
}
