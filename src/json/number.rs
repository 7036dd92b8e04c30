//! Numbers as they are written.

use std::borrow::Cow;

use super::{Limits, Node, parse};

/// A number, digit for digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// A number by its value: `digits` times ten to the power of `exponent`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal {
    negative: bool,
    /// Without zeros in front and behind; empty for zero.
    digits: String,
    exponent: i64,
}

// === impl Number ===

impl<'a> Number<'a> {
    /// What the caller has found to be a number.
    pub(super) fn known(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A number as RFC 8259 section 6 has them, without anything around it.
    pub fn read(text: &'a str) -> Option<Self> {
        match parse(text.as_bytes(), &Limits::of(text.len())) {
            Ok(Node::Number(number)) if number.0.len() == text.len() => Some(number),
            _ => None,
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number as other code has it.
    pub fn of(number: &serde_json::Number) -> Number<'static> {
        Number(Cow::Owned(number.to_string()))
    }

    pub(super) fn borrow(&self) -> Number<'_> {
        Number(Cow::Borrowed(&self.0))
    }

    pub(crate) fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }

    /// Whether it is as much: `1`, `1.0` and `10e-1` are, and no digit is lost on the way.
    pub fn equals(&self, other: &Number<'_>) -> bool {
        if self.0 == other.0 {
            return true;
        }
        match (self.decimal(), other.decimal()) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
    }

    /// By its value; `None` where its exponent is beyond all reason, and nothing but itself is as much.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        let (negative, text) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, &*self.0),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent),
            None => (text, "0"),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let led = all.trim_start_matches('0');
        let digits = led.trim_end_matches('0');
        if digits.is_empty() {
            // RFC 8259 section 6 has -0; it is as much as 0.
            return Some(Decimal { negative: false, digits: String::new(), exponent: 0 });
        }
        let written: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
        let dropped = i64::try_from(led.len() - digits.len()).ok()?;
        let exponent = written.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
        Some(Decimal { negative, digits: digits.to_owned(), exponent })
    }
}

// === impl Decimal ===

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        write!(f, "{sign}{digits}e{}", self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_alone() {
        for text in ["0", "-0.10", "12345678901234567890", "1E+2"] {
            assert_eq!(Number::read(text).unwrap().as_str(), text);
        }
        for text in ["", " 1", "1 ", "01", "+1", ".5", "1.", "\"1\"", "true", "NaN"] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_compared_digit_for_digit() {
        let equal = |one, other| Number::known(one).equals(&Number::known(other));
        for (one, other) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("-0", "0.00"),
            ("100", "1e2"),
            ("1E+2", "1e2"),
            ("0.00120", "12e-4"),
            ("12345678901234567890", "12345678901234567890.0"),
            ("1e400", "10e399"),
            ("0e99999999999999999999", "0"),
        ] {
            assert!(equal(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "-1"),
            ("12345678901234567890", "12345678901234567891"),
            ("0.1", "0.10000000000000000001"),
            ("1e400", "1e401"),
            ("1e99999999999999999999", "10e99999999999999999998"),
        ] {
            assert!(!equal(one, other), "{one} {other}");
        }
    }
}
