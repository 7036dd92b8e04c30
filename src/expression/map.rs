//! Values by key: those of a request are read where they are, never copied into a table.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

use super::beyond::{AnswerFacts, StepFacts};
use super::fault::Fault;
use super::value::Value;
use crate::json::Object;
use crate::route::pattern::Pattern;
use crate::transform::query;

/// Values by key.
#[derive(Debug, Clone)]
pub enum Map<'a> {
    /// Nothing.
    Empty,
    /// Claims, or a member of one.
    Json(&'a serde_json::Map<String, serde_json::Value>),
    /// Of a document.
    Object(&'a Object<'a>),
    /// Steps of a composed route, by name.
    Steps(&'a [StepFacts<'a>]),
    /// An answer: its status, header fields and content.
    Answer(AnswerFacts<'a>),
    /// A consumer's metadata.
    Texts(&'a [(Box<str>, Box<str>)]),
    /// Header fields, by name in lower case.
    Headers(&'a HeaderMap),
    /// Query parameters, by name, decoded.
    Query(Option<&'a str>),
    /// What a route's pattern captured from a path in normal form, decoded.
    Params(&'a Pattern, &'a str),
    /// Written in an expression.
    Made(Arc<[(Value<'a>, Value<'a>)]>),
}

// === impl Map ===

impl<'a> Map<'a> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Json(members) => members.len(),
            Self::Object(object) => object.len(),
            Self::Steps(steps) => steps.iter().filter(|step| step.answer.is_some()).count(),
            Self::Answer(answer) => 2 + usize::from(answer.content.is_some()),
            Self::Texts(pairs) => pairs.len(),
            Self::Headers(headers) => headers.keys_len(),
            Self::Query(text) => query::names(*text).count(),
            Self::Params(pattern, _) => pattern.captures().count(),
            Self::Made(pairs) => pairs.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is something at a key.
    pub fn has(&self, key: &str) -> bool {
        match self {
            Self::Empty => false,
            Self::Json(members) => members.contains_key(key),
            Self::Object(object) => object.position(key).is_some(),
            Self::Steps(steps) => answer_of(steps, key).is_some(),
            Self::Answer(answer) => part(answer, key).is_some(),
            Self::Texts(pairs) => pairs.iter().any(|(name, _)| **name == *key),
            Self::Headers(headers) => headers.contains_key(key),
            Self::Query(text) => query::values(*text, key).next().is_some(),
            Self::Params(pattern, _) => pattern.captures().any(|name| name == key),
            Self::Made(pairs) => pairs.iter().any(|(at, _)| is_text(at, key)),
        }
    }

    /// What is at a key.
    ///
    /// A field that stands several times is one text, its lines joined as RFC 9110 section 5.3 has it. A query
    /// parameter that stands several times is a fault: servers do not agree which of them counts, so whatever was
    /// decided here could be decided about another than the upstream reads.
    pub fn get(&self, key: &str) -> Result<Value<'a>, Fault> {
        match self {
            Self::Empty => None,
            Self::Json(members) => members.get(key).map(Value::of_json),
            Self::Object(object) => object.get(key).map(Value::of_node),
            Self::Steps(steps) => answer_of(steps, key).map(|answer| Value::Map(Map::Answer(answer))),
            Self::Answer(answer) => part(answer, key),
            Self::Texts(pairs) => pairs
                .iter()
                .find(|(name, _)| **name == *key)
                .map(|(_, value)| Value::Text(Cow::Borrowed(value))),
            Self::Headers(headers) => field(headers, key)?.map(Value::Text),
            Self::Query(text) => {
                let mut values = query::values(*text, key);
                let first = values.next();
                if values.next().is_some() {
                    return Err(Fault::Repeated(key.into()));
                }
                first.map(Value::Text)
            }
            Self::Params(pattern, path) => captured(pattern, path, key)?.map(Value::Text),
            Self::Made(pairs) => {
                pairs.iter().find(|(at, _)| is_text(at, key)).map(|(_, value)| value.clone())
            }
        }
        .ok_or_else(|| Fault::Absent(key.into()))
    }

    /// The keys, in no order that means something.
    pub fn keys(&self) -> Vec<Value<'a>> {
        let text = |key: &'a str| Value::Text(Cow::Borrowed(key));
        match self {
            Self::Empty => Vec::new(),
            Self::Json(members) => members.keys().map(|key| text(key)).collect(),
            Self::Object(object) => object.iter().map(|(name, _)| text(name)).collect(),
            Self::Steps(steps) => {
                steps.iter().filter(|step| step.answer.is_some()).map(|step| text(step.name)).collect()
            }
            Self::Answer(answer) => {
                AnswerFacts::MEMBERS.into_iter().filter(|key| part(answer, key).is_some()).map(text).collect()
            }
            Self::Texts(pairs) => pairs.iter().map(|(name, _)| text(name)).collect(),
            Self::Headers(headers) => headers.keys().map(|key| text(key.as_str())).collect(),
            Self::Query(query) => query::names(*query).map(Value::Text).collect(),
            Self::Params(pattern, _) => pattern.captures().map(text).collect(),
            Self::Made(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
        }
    }

    /// How much there is to look through to find a key, or to make the list of keys.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Empty => 0,
            // A tree: as many steps as its size has binary digits, taken for eight.
            Self::Json(_) | Self::Headers(_) => 8,
            Self::Query(text) => text.map_or(0, str::len),
            Self::Params(_, path) => path.len(),
            Self::Texts(pairs) => pairs.len(),
            Self::Object(object) => object.len(),
            Self::Steps(steps) => steps.len(),
            Self::Answer(_) => AnswerFacts::MEMBERS.len(),
            Self::Made(pairs) => pairs.len(),
        }
    }
}

fn answer_of<'a>(steps: &[StepFacts<'a>], name: &str) -> Option<AnswerFacts<'a>> {
    steps.iter().find(|step| step.name == name)?.answer
}

fn part<'a>(answer: &AnswerFacts<'a>, key: &str) -> Option<Value<'a>> {
    match key {
        "status" => Some(Value::Int(answer.status.as_u16().into())),
        "headers" => Some(Value::Map(Map::Headers(answer.headers))),
        "body" => answer.content.map(Value::of_node),
        _ => None,
    }
}

fn is_text(value: &Value<'_>, text: &str) -> bool {
    matches!(value, Value::Text(value) if value == text)
}

/// The lines of a field as one text.
fn field<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else { return Ok(None) };
    let mut all = Cow::Borrowed(text(first, name)?);
    // RFC 9113 section 8.2.3: lines of Cookie are one list that semicolons separate.
    let separator = if name == COOKIE.as_str() { "; " } else { ", " };
    for line in lines {
        all.to_mut().push_str(separator);
        all.to_mut().push_str(text(line, name)?);
    }
    Ok(Some(all))
}

fn text<'a>(line: &'a HeaderValue, name: &str) -> Result<&'a str, Fault> {
    std::str::from_utf8(line.as_bytes()).map_err(|_| Fault::NotText(name.into()))
}

fn captured<'a>(pattern: &Pattern, path: &'a str, key: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    let Some(at) = pattern.captures().position(|name| name == key) else { return Ok(None) };
    let Some(raw) = pattern.capture(path).and_then(|all| all.get(at).copied()) else { return Ok(None) };
    percent_decode_str(raw).decode_utf8().map(Some).map_err(|_| Fault::NotText(key.into()))
}
