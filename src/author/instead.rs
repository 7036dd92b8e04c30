//! What can be written instead of a value of the wrong type.

use super::format::Format;
use super::model::{Model, Shape};
use super::node::Value;
use super::words::{quote, rule};

/// What to write for `key` instead of `value`, where `shape` is expected.
pub(super) fn instead(
    model: &Model,
    format: Format,
    key: &str,
    value: &Value,
    shape: &Shape,
) -> Option<String> {
    let shapes = match model.resolve(shape) {
        Shape::Either(shapes) => shapes.as_slice(),
        shape => std::slice::from_ref(shape),
    };
    if let Value::Nothing = value {
        return Some("leave the key out, or give it a value".to_owned());
    }
    shapes.iter().find_map(|shape| match model.resolve(shape) {
        Shape::Text => as_text(value),
        Shape::Formed(form) if matches!(value, Value::Whole(..) | Value::Fraction(..)) => Some(rule(form)),
        Shape::Whole(..) => as_number(value),
        Shape::Boolean => as_boolean(value),
        Shape::Table(table) if !matches!(value, Value::List(_)) => Some(format!(
            "its keys are {}",
            table.keys.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        )),
        Shape::List(inner) => as_list(format, key, value, model.resolve(inner)),
        _ => None,
    })
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Whole(_, written) | Value::Fraction(_, written) | Value::Date(written) => {
            Some(format!("put it in quotes: {}", quote(written)))
        }
        Value::Boolean(value) => Some(format!("put it in quotes: \"{value}\"")),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if text.parse::<i64>().is_ok() => Some(format!("write {text} without quotes")),
        _ => None,
    }
}

fn as_boolean(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    match text.as_str() {
        "true" | "false" => Some(format!("write {text} without quotes")),
        // The words of YAML 1.1, which are text in 1.2.
        "yes" | "on" => Some("write true".to_owned()),
        "no" | "off" => Some("write false".to_owned()),
        _ => None,
    }
}

fn as_list(format: Format, key: &str, value: &Value, inner: &Shape) -> Option<String> {
    match (value, inner) {
        (Value::Text(text), Shape::Text) => Some(format!("write [{}]", quote(text))),
        (Value::Table(_), Shape::Table(_)) => Some(match format {
            Format::Toml => format!("begin each with [[{key}]], in double brackets"),
            Format::Yaml => "begin each with a dash".to_owned(),
            Format::Json => "put them in square brackets: [{…}, {…}]".to_owned(),
        }),
        _ => None,
    }
}
