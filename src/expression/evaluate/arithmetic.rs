//! Arithmetic: of numbers of one kind, and of time. Nothing wraps and nothing is rounded silently.

use std::borrow::Cow;

use super::call::mismatch;
use super::{Found, MADE, Run};
use crate::expression::fault::Fault;
use crate::expression::node::{Function, Operator};
use crate::expression::time::Span;
use crate::expression::value::{Kind, List, Value};

impl<'a> Run<'a> {
    /// `+`, which also puts texts and lists together.
    pub(super) fn add(&mut self, a: Value<'a>, b: &Value<'a>) -> Found<'a> {
        match (a, b) {
            (Value::Text(a), Value::Text(b)) => {
                self.make(a.len() + b.len())?;
                Ok(Value::Text(Cow::Owned([&*a, &**b].concat())))
            }
            (Value::List(a), Value::List(b)) => {
                self.pay((a.len() + b.len()) * MADE)?;
                let items = (0..a.len()).filter_map(|at| a.get(at));
                let items = items.chain((0..b.len()).filter_map(|at| b.get(at)));
                Ok(Value::List(List::Made(items.collect())))
            }
            (a, b) => calculate(Operator::Add, &self.calculable(a)?, &self.calculable(b.clone())?),
        }
    }
}

/// `-x`.
pub(super) fn negate(value: &Value<'_>) -> Found<'static> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(Fault::Overflow),
        Value::Double(value) => Ok(Value::Double(-value)),
        Value::Duration(Span(value)) => {
            value.checked_neg().map(|it| Value::Duration(Span(it))).ok_or(Fault::Overflow)
        }
        other => Err(Fault::Mismatch("-", other.kind(), Kind::Null)),
    }
}

/// An operator between two numbers or times.
pub(super) fn calculate(operator: Operator, a: &Value<'_>, b: &Value<'_>) -> Found<'static> {
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    let found = match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) if divides => {
            return Err(Fault::Division);
        }
        (Value::Int(a), Value::Int(b)) => match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            Operator::Divide => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }
        .map(Value::Int),
        (Value::Uint(a), Value::Uint(b)) => match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            Operator::Divide => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }
        .map(Value::Uint),
        (Value::Double(a), Value::Double(b)) => match operator {
            Operator::Add => Some(a + b),
            Operator::Subtract => Some(a - b),
            Operator::Multiply => Some(a * b),
            Operator::Divide => Some(a / b),
            // CEL specification, "Arithmetic Operators": there is no remainder of doubles.
            _ => return Err(Fault::Mismatch(operator.sign(), Kind::Double, Kind::Double)),
        }
        .map(Value::Double),
        _ => return time(operator, a, b),
    };
    found.ok_or(Fault::Overflow)
}

/// A function of one number.
pub(super) fn of_number(function: Function, value: &Value<'_>) -> Found<'static> {
    let found = match (function, value) {
        (Function::Ceil, Value::Double(value)) => Value::Double(value.ceil()),
        (Function::Floor, Value::Double(value)) => Value::Double(value.floor()),
        // Half away from zero.
        (Function::Round, Value::Double(value)) => Value::Double(value.round()),
        (Function::Trunc, Value::Double(value)) => Value::Double(value.trunc()),
        (Function::Abs, Value::Double(value)) => Value::Double(value.abs()),
        (Function::Abs, Value::Int(value)) => Value::Int(value.checked_abs().ok_or(Fault::Overflow)?),
        (Function::Abs, Value::Uint(value)) => Value::Uint(*value),
        (Function::Sign, Value::Double(value)) if *value == 0.0 => Value::Double(0.0),
        (Function::Sign, Value::Double(value)) if value.is_nan() => Value::Double(*value),
        (Function::Sign, Value::Double(value)) => Value::Double(value.signum()),
        (Function::Sign, Value::Int(value)) => Value::Int(value.signum()),
        (Function::Sign, Value::Uint(value)) => Value::Uint((*value).min(1)),
        (function, other) => return Err(mismatch(function, other)),
    };
    Ok(found)
}

fn time(operator: Operator, a: &Value<'_>, b: &Value<'_>) -> Found<'static> {
    let found = match (operator, a, b) {
        (Operator::Add, Value::Timestamp(moment), Value::Duration(span))
        | (Operator::Add, Value::Duration(span), Value::Timestamp(moment)) => {
            moment.plus(*span).map(Value::Timestamp)
        }
        (Operator::Subtract, Value::Timestamp(moment), Value::Duration(Span(span))) => {
            span.checked_neg().and_then(|span| moment.plus(Span(span))).map(Value::Timestamp)
        }
        (Operator::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => a.since(*b).map(Value::Duration),
        (Operator::Add, Value::Duration(a), Value::Duration(b)) => {
            a.0.checked_add(b.0).map(|it| Value::Duration(Span(it)))
        }
        (Operator::Subtract, Value::Duration(a), Value::Duration(b)) => {
            a.0.checked_sub(b.0).map(|it| Value::Duration(Span(it)))
        }
        _ => return Err(Fault::Mismatch(operator.sign(), a.kind(), b.kind())),
    };
    found.ok_or(Fault::Overflow)
}
