//! What the library finds, in our own words: short, and without any of what was sent.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::schema::Mistake;
use crate::problem::Violation;

/// How much of the author's own values is repeated, in bytes.
const LONGEST: usize = 64;

/// How many names of members that should not be there are told.
const MOST_NAMES: usize = 8;

/// How deep alternatives are looked into for the one that was meant.
const MOST_LEVELS: usize = 8;

/// What is wrong with content: one thing, or several where it is clear which alternative was meant.
pub(super) fn of_content(error: &ValidationError<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    told(error, MOST_LEVELS, &mut found);
    found
}

/// Calls itself for the alternative that was meant, at most `levels` deep.
fn told(error: &ValidationError<'_>, levels: usize, found: &mut Vec<Violation>) {
    let meant = match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } if levels > 0 => meant(error, context),
        _ => None,
    };
    match meant {
        Some(errors) => errors.iter().for_each(|error| told(error, levels - 1, found)),
        None => found.push(Violation::in_content(error.instance_path().as_str(), detail(error.kind()))),
    }
}

/// Of several alternatives, the only one whose kind of value it is: the others fail by the type of the value itself, or by
/// one that only they have (`const`, `enum`).
fn meant<'e>(
    error: &ValidationError<'_>,
    alternatives: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e [ValidationError<'static>]> {
    let at = error.instance_path().as_str();
    let is_other = |inner: &ValidationError<'_>| {
        let path = inner.instance_path().as_str();
        let below = path.strip_prefix(at).unwrap_or(path).matches('/').count();
        match inner.kind() {
            Kind::Type { .. } | Kind::FalseSchema => below == 0,
            Kind::Constant { .. } | Kind::Enum { .. } => below <= 1,
            _ => false,
        }
    };
    let mut fitting = alternatives.iter().filter(|errors| !errors.is_empty() && !errors.iter().any(is_other));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn detail(kind: &Kind) -> String {
    match kind {
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => {
            "has elements that should not be there".to_owned()
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("has members that should not be there: {}", names(unexpected))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            format!("matches none of {} alternatives", context.len())
        }
        Kind::OneOfMultipleValid { .. } => "matches more than one alternative".to_owned(),
        Kind::Constant { expected_value } => format!("is not {}", short(expected_value)),
        Kind::Enum { options } => format!("is not one of {}", short(options)),
        Kind::Contains => "does not contain what it should, as often as it should".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("is not in the encoding {content_encoding}"),
        Kind::FromUtf8 { .. } => "is not UTF-8 once it is decoded".to_owned(),
        Kind::ContentMediaType { content_media_type } => format!("is not {content_media_type}"),
        Kind::ExclusiveMaximum { limit } => format!("is not below {}", short(limit)),
        Kind::ExclusiveMinimum { limit } => format!("is not above {}", short(limit)),
        Kind::Maximum { limit } => format!("is more than {}", short(limit)),
        Kind::Minimum { limit } => format!("is less than {}", short(limit)),
        Kind::MultipleOf { multiple_of } => format!("is not a multiple of {multiple_of}"),
        Kind::MaxItems { limit } => format!("has more than {}", counted(*limit, "element")),
        Kind::MinItems { limit } => format!("has less than {}", counted(*limit, "element")),
        Kind::MaxLength { limit } => format!("is longer than {}", counted(*limit, "character")),
        Kind::MinLength { limit } => format!("is shorter than {}", counted(*limit, "character")),
        Kind::MaxProperties { limit } => format!("has more than {}", counted(*limit, "member")),
        Kind::MinProperties { limit } => format!("has less than {}", counted(*limit, "member")),
        Kind::FalseSchema => "should not be there".to_owned(),
        Kind::Format { format } => format!("is not of the format {format}"),
        Kind::Pattern { pattern } => format!("does not match the pattern {}", cut(pattern)),
        Kind::PropertyNames { error } => format!("has a member whose name {}", detail(error.kind())),
        Kind::Required { property } => match property.as_str() {
            Some(name) => format!("has no member \"{}\"", cut(name)),
            None => "has not all members that it must have".to_owned(),
        },
        Kind::Type { kind } => format!("is not {}", types(kind)),
        Kind::UniqueItems => "has elements that are the same".to_owned(),
        Kind::Not { .. } => "matches what it must not".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "cannot be compared with its pattern".to_owned()
        }
        Kind::Custom { .. } | Kind::Referencing(_) => "does not match its schema".to_owned(),
    }
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: JsonType| match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a text",
    };
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Names are the client's: cut, and only some.
fn names(unexpected: &[String]) -> String {
    let mut text = String::new();
    for (index, name) in unexpected.iter().take(MOST_NAMES).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}\"{}\"", cut(name));
    }
    if unexpected.len() > MOST_NAMES {
        let _ = write!(text, " and {} more", unexpected.len() - MOST_NAMES);
    }
    text
}

/// A value of the author's.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Array(values) => values.iter().map(Value::to_string).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    };
    cut(&text)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What is wrong with a schema.
pub(super) fn of_schema(error: &ValidationError<'_>) -> Mistake {
    let pointer = error.instance_path().as_str().to_owned();
    let (message, help) = match error.kind() {
        Kind::Referencing(error) => (
            format!("a reference leads nowhere: {error}"),
            Some(
                "references lead to places in the same document, to an $id, or to the name of another schema",
            ),
        ),
        Kind::Format { format } if format == "regex" => (
            "this is not a regular expression that can be used".to_owned(),
            Some("patterns are matched in linear time: without look-around and back-references"),
        ),
        Kind::AnyOf { .. } if pointer.ends_with("/type") => (
            "this is not a schema: there is no such type".to_owned(),
            Some("types are array, boolean, integer, null, number, object and string, or a list of these"),
        ),
        kind => {
            let keyword = pointer.rsplit('/').next().unwrap_or_default();
            let subject = if keyword.is_empty() { "this" } else { keyword };
            (format!("this is not a schema: \"{subject}\" {}", detail(kind)), None)
        }
    };
    Mistake { pointer, message, help }
}
