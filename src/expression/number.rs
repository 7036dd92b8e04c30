//! Numbers of all kinds beside each other.

use std::cmp::Ordering;

use super::fault::Fault;
use super::value::Value;
use crate::json::Number;

/// A number of a document.
pub(super) fn of_document<'a>(number: &'a Number<'a>) -> Value<'a> {
    match number.integer().map(|it| (i64::try_from(it), u64::try_from(it))) {
        Some((Ok(value), _)) => Value::Int(value),
        Some((_, Ok(value))) => Value::Uint(value),
        _ => Value::Number(number.borrow()),
    }
}

/// How two numbers stand in order; `None` for what is none, and for NaN.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), b) => order_of_written(a, b),
        (a, Value::Number(b)) => order_of_written(b, a).map(Ordering::reverse),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), b) => order_of_double(*a, whole(b)?),
        (a, Value::Double(b)) => order_of_double(*b, whole(a)?).map(Ordering::reverse),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

/// What is calculated with. A whole number that only a document can hold is none of those: nothing is rounded silently.
pub(super) fn calculable<'a>(value: Value<'a>) -> Result<Value<'a>, Fault> {
    match value {
        Value::Number(number) => {
            let double = number.double();
            let fits =
                double.is_finite() && number.integer().is_none() && number.as_str().len() < MOST_DIGITS;
            fits.then_some(Value::Double(double)).ok_or(Fault::Overflow)
        }
        other => Ok(other),
    }
}

/// The most characters of a number that is calculated with: whoever writes more means all of them.
const MOST_DIGITS: usize = 39;

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(value) => Some((*value).into()),
        Value::Uint(value) => Some((*value).into()),
        _ => None,
    }
}

/// A number as it is written beside any other, exactly. A double stands for the shortest number that is read as it: `0.1`
/// in an expression is `0.1` in a document.
fn order_of_written(number: &Number<'_>, other: &Value<'_>) -> Option<Ordering> {
    match other {
        Value::Number(other) => number.order(other),
        Value::Int(other) => number.order(&Number::from(*other)),
        Value::Uint(other) => number.order(&Number::from(*other)),
        Value::Double(other) => match Number::of_double(*other) {
            Some(other) => number.order(&other),
            None => 0.0_f64.partial_cmp(other),
        },
        _ => None,
    }
}

/// A number beside a whole one, exactly: no whole number of 64 bits is rounded.
fn order_of_double(double: f64, whole: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // The conversion saturates, and whatever it saturates to is beyond all numbers of 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    let floor = double.floor() as i128;
    Some(match floor.cmp(&whole) {
        Ordering::Equal if double.fract() != 0.0 => Ordering::Greater,
        order => order,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Value<'_> {
        Value::Number(Number::known(text))
    }

    #[test]
    fn numbers_of_all_kinds_have_an_order() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            (Value::Int(1), Value::Uint(1), Some(Equal)),
            (Value::Int(-1), Value::Uint(u64::MAX), Some(Less)),
            (Value::Int(1), Value::Double(1.0), Some(Equal)),
            (Value::Int(1), Value::Double(1.5), Some(Less)),
            (Value::Int(-1), Value::Double(-1.5), Some(Greater)),
            // As doubles these two would be equal.
            (Value::Int(i64::MAX), Value::Double(9_223_372_036_854_775_808.0), Some(Less)),
            (Value::Uint(u64::MAX), Value::Double(f64::INFINITY), Some(Less)),
            (Value::Int(i64::MIN), Value::Double(f64::NEG_INFINITY), Some(Greater)),
            (Value::Double(f64::NAN), Value::Int(1), None),
            (Value::Int(1), Value::Text("1".into()), None),
            (written("1.0"), Value::Int(1), Some(Equal)),
            (written("18446744073709551616"), Value::Uint(u64::MAX), Some(Greater)),
            // As the nearest doubles, these would be equal.
            (written("0.1"), written("0.10000000000000000001"), Some(Less)),
            // A double is the shortest number that is read as it.
            (written("0.1"), Value::Double(0.1), Some(Equal)),
            (written("1.5"), Value::Double(f64::INFINITY), Some(Less)),
            (written("1.5"), Value::Double(f64::NAN), None),
        ] {
            assert_eq!(a.order(&b), expected, "{a:?} {b:?}");
            assert_eq!(b.order(&a), expected.map(Ordering::reverse), "{b:?} {a:?}");
        }
    }
}
