//! Functions that are called by their names.

use std::borrow::Cow;

use super::{Found, Run, arithmetic, as_text};
use crate::expression::fault::Fault;
use crate::expression::node::{Function, Node};
use crate::expression::time::{Part, Span, Timestamp};
use crate::expression::value::{Kind, Value};

impl<'a> Run<'a> {
    pub(super) fn call(&mut self, function: Function, arguments: &'a [Node]) -> Found<'a> {
        let Some(first) = arguments.first() else { return Err(mismatch(function, &Value::Null)) };
        let first = self.value(first)?;
        match function {
            Function::Size => self.size(&first),
            Function::Contains | Function::StartsWith | Function::EndsWith => {
                let Some(second) = arguments.get(1) else { return Err(mismatch(function, &Value::Null)) };
                let second = self.value(second)?;
                let (text, part) = (as_text(&first, function.name())?, as_text(&second, function.name())?);
                self.look(text.len() + part.len())?;
                Ok(Value::Bool(match function {
                    Function::Contains => text.contains(part),
                    Function::StartsWith => text.starts_with(part),
                    _ => text.ends_with(part),
                }))
            }
            Function::LowerAscii | Function::UpperAscii => {
                let text = as_text(&first, function.name())?;
                self.make(text.len())?;
                let changed = match function {
                    Function::LowerAscii => text.to_ascii_lowercase(),
                    _ => text.to_ascii_uppercase(),
                };
                Ok(Value::Text(Cow::Owned(changed)))
            }
            Function::Text
            | Function::Int
            | Function::Uint
            | Function::Double
            | Function::Timestamp
            | Function::Duration => {
                // Nothing that is converted is longer than a number is, but text itself.
                if let Value::Text(text) = &first {
                    self.make(text.len())?;
                }
                self.read_digits(&first)?;
                self.pay(super::MADE)?;
                convert(function, first)
            }
            _ => {
                let rest = arguments.get(1..).unwrap_or_default();
                let rest: Vec<Value<'a>> = rest.iter().map(|it| self.value(it)).collect::<Result<_, _>>()?;
                self.extended(function, first, &rest)
            }
        }
    }

    /// The functions of the standard extensions.
    fn extended(&mut self, function: Function, first: Value<'a>, rest: &[Value<'a>]) -> Found<'a> {
        match (function, first) {
            (Function::Reverse, Value::Text(text)) => {
                self.make(text.len())?;
                Ok(Value::Text(Cow::Owned(text.chars().rev().collect())))
            }
            (Function::Join, Value::List(list)) => self.join(&list, rest),
            (
                Function::Slice | Function::Flatten | Function::Distinct | Function::Sort | Function::Reverse,
                Value::List(list),
            ) => self.of_list(function, &list, rest),
            (Function::Range, Value::Int(size)) => self.range(size),
            (Function::Greatest | Function::Least, first) => self.extreme(function, first, rest),
            (function, Value::Text(text)) => self.of_text(function, text, rest),
            (function, first) => {
                let first = self.calculable(first)?;
                arithmetic::of_number(function, &first)
            }
        }
    }

    fn size(&mut self, of: &Value<'a>) -> Found<'a> {
        let size = match of {
            Value::Text(text) => {
                self.make(text.len())?;
                text.chars().count()
            }
            Value::List(list) => list.len(),
            Value::Map(map) => {
                self.make(map.weight())?;
                map.len()
            }
            other => return Err(mismatch(Function::Size, other)),
        };
        i64::try_from(size).map(Value::Int).map_err(|_| Fault::Overflow)
    }
}

pub(super) fn mismatch(function: Function, value: &Value<'_>) -> Fault {
    Fault::Mismatch(function.name(), value.kind(), Kind::Null)
}

/// `string(x)`, `int(x)` and so on.
fn convert(function: Function, value: Value<'_>) -> Found<'_> {
    match function {
        Function::Text => to_text(value),
        Function::Int => to_int(&value),
        Function::Uint => to_uint(&value),
        Function::Double => to_double(&value),
        Function::Timestamp => to_timestamp(&value),
        _ => match &value {
            Value::Duration(span) => Ok(Value::Duration(*span)),
            Value::Text(text) => {
                Span::parse(text).map(Value::Duration).ok_or(Fault::Unreadable("duration, such as 1h30m"))
            }
            other => Err(mismatch(function, other)),
        },
    }
}

fn to_text(value: Value<'_>) -> Found<'_> {
    let text = match value {
        Value::Text(text) => text,
        Value::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Value::Int(value) => Cow::Owned(value.to_string()),
        Value::Uint(value) => Cow::Owned(value.to_string()),
        Value::Double(value) => Cow::Owned(value.to_string()),
        Value::Number(number) => number.into_text(),
        Value::Timestamp(moment) => Cow::Owned(moment.to_string()),
        Value::Duration(span) => Cow::Owned(span.to_string()),
        other => return Err(mismatch(Function::Text, &other)),
    };
    Ok(Value::Text(text))
}

fn to_int(value: &Value<'_>) -> Found<'static> {
    let found = match value {
        Value::Int(value) => Some(*value),
        Value::Uint(value) => i64::try_from(*value).ok(),
        Value::Double(value) => whole(*value).and_then(|value| i64::try_from(value).ok()),
        Value::Number(number) => number.whole().and_then(|value| i64::try_from(value).ok()),
        Value::Text(text) => return number(text).map(Value::Int),
        Value::Timestamp(moment) => Some(moment.seconds),
        other => return Err(mismatch(Function::Int, other)),
    };
    found.map(Value::Int).ok_or(Fault::Overflow)
}

fn to_uint(value: &Value<'_>) -> Found<'static> {
    let found = match value {
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::Uint(value) => Some(*value),
        Value::Double(value) => whole(*value).and_then(|value| u64::try_from(value).ok()),
        Value::Number(number) => number.whole().and_then(|value| u64::try_from(value).ok()),
        Value::Text(text) => return number(text).map(Value::Uint),
        other => return Err(mismatch(Function::Uint, other)),
    };
    found.map(Value::Uint).ok_or(Fault::Overflow)
}

/// Towards zero, where there is such a number at all.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: f64) -> Option<i128> {
    value.is_finite().then_some(value as i128)
}

/// Digits, and perhaps a minus; `from_str` would take a plus too, which CEL does not.
fn number<N: std::str::FromStr>(text: &str) -> Result<N, Fault> {
    match text.starts_with('+') {
        true => None,
        false => text.parse().ok(),
    }
    .ok_or(Fault::Unreadable("whole number"))
}

#[allow(clippy::cast_precision_loss)]
fn to_double(value: &Value<'_>) -> Found<'static> {
    match value {
        Value::Int(value) => Ok(Value::Double(*value as f64)),
        Value::Uint(value) => Ok(Value::Double(*value as f64)),
        Value::Double(value) => Ok(Value::Double(*value)),
        Value::Number(number) => {
            let double = number.double();
            double.is_finite().then_some(Value::Double(double)).ok_or(Fault::Overflow)
        }
        Value::Text(text) => text.parse().map(Value::Double).map_err(|_| Fault::Unreadable("number")),
        other => Err(mismatch(Function::Double, other)),
    }
}

/// A claim like `exp` is a number of seconds.
fn to_timestamp(value: &Value<'_>) -> Found<'static> {
    let found = match value {
        Value::Timestamp(moment) => Some(*moment),
        Value::Int(seconds) => Some(Timestamp::from_unix_seconds(*seconds).ok_or(Fault::Overflow)?),
        Value::Text(text) => Timestamp::parse(text),
        other => return Err(mismatch(Function::Timestamp, other)),
    };
    found.map(Value::Timestamp).ok_or(Fault::Unreadable("time, such as 2026-11-21T12:00:00Z"))
}

/// `x.getHours()` and its like.
pub(super) fn part(part: Part, ahead: i64, of: &Value<'_>) -> Found<'static> {
    match of {
        Value::Timestamp(moment) => Some(moment.part(part, ahead)),
        Value::Duration(span) => span.part(part),
        _ => None,
    }
    .map(Value::Int)
    .ok_or(Fault::Mismatch("a part of a time", of.kind(), Kind::Null))
}
