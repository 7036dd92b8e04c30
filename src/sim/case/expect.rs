//! What a case expects: answers to the client, requests to upstreams, and the patterns both are written with.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::scalar::{Size, Span};
use crate::config::OneOrMany;

/// What the client gets. What is not said is not looked at, but that the answer comes to a clean end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The status.
    pub status: Option<u16>,
    /// The gateway's own problem, by its slug: status, `Content-Type` and `type` are those of the catalogue.
    pub problem: Option<String>,
    /// Header fields, by name: each stands exactly once for each pattern, in their order.
    pub headers: BTreeMap<String, Lines>,
    /// Header fields that are not there.
    pub absent: Vec<String>,
    /// The codings that the content has, in the order in which they were applied: `Content-Encoding` says these, and
    /// `body`, `json`, `size` and `arrives` are about what is in them. Without, they are about what came.
    pub decoded: Option<OneOrMany>,
    /// The content, as text.
    pub body: Option<Pattern>,
    /// The content, as JSON: the members said must be there, others may; arrays are compared as a whole.
    pub json: Option<serde_json::Value>,
    /// How large the content is.
    pub size: Option<Size>,
    /// The trailer fields, like `headers`.
    pub trailers: BTreeMap<String, Lines>,
    /// Whether the transfer breaks off before its end.
    pub broken: bool,
    /// Whether the client goes away before there is an answer.
    pub gone: bool,
    /// How long it takes from the request to the last byte, exactly. Only simulated.
    pub elapsed: Option<Span>,
    /// When which bytes arrive, since the request. Simulated: exactly then; else not before, and before the next.
    pub arrives: Vec<Arrival>,
    /// Members of the request's line in the access log. Not looked at on hosts that show none.
    pub log: BTreeMap<String, serde_json::Value>,
}

/// Bytes that arrive at some time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// When.
    pub at: Span,
    /// What.
    pub data: String,
}

/// What an upstream receives. What is not said is not looked at, but that the request comes to a clean end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// The upstream's name.
    pub to: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// Path and query, byte for byte.
    pub target: Option<Pattern>,
    /// Header fields, by name: each stands exactly once for each pattern, in their order.
    pub headers: BTreeMap<String, Lines>,
    /// Header fields that are not there.
    pub absent: Vec<String>,
    /// The codings that the content has, like the answer's.
    pub decoded: Option<OneOrMany>,
    /// The content, as text.
    pub body: Option<Pattern>,
    /// The content, as JSON, like the answer's.
    pub json: Option<serde_json::Value>,
    /// How large the content is.
    pub size: Option<Size>,
    /// The trailer fields, like `headers`.
    pub trailers: BTreeMap<String, Lines>,
    /// Whether the request breaks off before its end.
    pub broken: bool,
}

/// What one text must be: text to be equal to, or a table with exactly one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Equal to this.
    Exact(String),
    /// A match for this regular expression, anywhere in it.
    Regex(String),
    /// This somewhere in it.
    Contains(String),
    /// This nowhere in it.
    Lacks(String),
    /// `true`: whatever it is. `false`: there is none.
    Present(bool),
}

/// The lines of one header field: one pattern, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(pub Vec<Pattern>);

/// A pattern as a table: serde's own shape for exactly one key.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PatternTable {
    Exact(String),
    Regex(String),
    Contains(String),
    Lacks(String),
    Present(bool),
}

// === impl Pattern ===

impl From<PatternTable> for Pattern {
    fn from(table: PatternTable) -> Self {
        match table {
            PatternTable::Exact(text) => Self::Exact(text),
            PatternTable::Regex(text) => Self::Regex(text),
            PatternTable::Contains(text) => Self::Contains(text),
            PatternTable::Lacks(text) => Self::Lacks(text),
            PatternTable::Present(there) => Self::Present(there),
        }
    }
}

struct PatternVisitor;

impl<'de> Visitor<'de> for PatternVisitor {
    type Value = Pattern;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, or a table with one of exact, regex, contains, lacks and present")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Pattern, E> {
        Ok(Pattern::Exact(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Pattern, E> {
        Ok(Pattern::Exact(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Pattern, E> {
        Ok(Pattern::Exact(number.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Pattern, A::Error> {
        PatternTable::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternVisitor)
    }
}

// === impl Lines ===

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Vec<Pattern>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one pattern, or a list of them")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Vec<Pattern>, E> {
                PatternVisitor.visit_str(text).map(|one| vec![one])
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<Pattern>, E> {
                PatternVisitor.visit_i64(number).map(|one| vec![one])
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<Pattern>, E> {
                PatternVisitor.visit_u64(number).map(|one| vec![one])
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Pattern>, A::Error> {
                PatternVisitor.visit_map(map).map(|one| vec![one])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<Pattern>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list))
            }
        }
        deserializer.deserialize_any(OneOrMany).map(Self)
    }
}
