//! Numbers as they are written.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Limits, Node, parse};

/// A number, digit for digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// A number by its value: `digits` times ten to the power of `exponent`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal {
    negative: bool,
    /// Without zeros in front and behind; empty for zero.
    digits: String,
    exponent: i64,
}

// === impl Number ===

impl<'a> Number<'a> {
    /// What the caller has found to be a number.
    pub(crate) fn known(text: &'a str) -> Self {
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

    /// A number as calculations make it, written as ECMAScript does (RFC 8785 section 3.2.2.3), but for the plus in front
    /// of exponents; `None` for what is not finite, which JSON does not have.
    pub fn of_double(value: f64) -> Option<Number<'static>> {
        let size = value.abs();
        let plain = size == 0.0 || (1e-6..1e21).contains(&size);
        let text = || if plain { value.to_string() } else { format!("{value:e}") };
        value.is_finite().then(|| Number(Cow::Owned(text())))
    }

    /// The whole number that it is, and written as: no fraction, no exponent, and no minus in front of zero.
    pub fn integer(&self) -> Option<i128> {
        match &*self.0 {
            "-0" => None,
            // No more digits than 128 bits hold at any rate.
            text if text.len() < 39 => text.parse().ok(),
            _ => None,
        }
    }

    /// The nearest of the numbers that calculations have; infinite where it is beyond them.
    pub fn double(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Its whole part, exactly; `None` where that has more than 38 digits.
    pub fn whole(&self) -> Option<i128> {
        let Decimal { negative, digits, exponent } = self.decimal()?;
        let length = i64::try_from(digits.len()).ok()?.checked_add(exponent)?;
        if length <= 0 || digits.is_empty() {
            return Some(0);
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= 38)?;
        let kept = digits.get(..length.min(digits.len()))?;
        let zeros = u32::try_from(length - kept.len()).ok()?;
        let size = kept.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(zeros)?)?;
        Some(if negative { -size } else { size })
    }

    /// Which of two is more, exactly; `None` where that cannot be said because exponents are beyond all reason.
    pub fn order(&self, other: &Number<'_>) -> Option<Ordering> {
        // Rounding keeps the order: where it leaves two numbers apart, they are.
        match self.double().partial_cmp(&other.double()) {
            Some(Ordering::Equal) => {}
            order => return order,
        }
        if self.0 == other.0 {
            return Some(Ordering::Equal);
        }
        Some(self.decimal()?.order(&other.decimal()?))
    }

    pub(crate) fn borrow(&self) -> Number<'_> {
        Number(Cow::Borrowed(&self.0))
    }

    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.0
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

impl From<i64> for Number<'static> {
    fn from(value: i64) -> Self {
        Number(Cow::Owned(value.to_string()))
    }
}

impl From<u64> for Number<'static> {
    fn from(value: u64) -> Self {
        Number(Cow::Owned(value.to_string()))
    }
}

// === impl Decimal ===

impl Decimal {
    /// Which of two is more.
    fn order(&self, other: &Self) -> Ordering {
        let sign = |it: &Self| match (it.digits.is_empty(), it.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Where the first digit stands, then what the digits are: those of the shorter one are its first ones.
        let first = |it: &Self| i128::from(it.exponent) + it.digits.len() as i128;
        let size = first(self).cmp(&first(other)).then_with(|| self.digits.cmp(&other.digits));
        let size = if self.negative { size.reverse() } else { size };
        sign(self).cmp(&sign(other)).then(size)
    }
}

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
    fn numbers_have_an_exact_order() {
        let sorted = [
            "-1e400",
            "-12345678901234567890124",
            "-12345678901234567890123",
            "-1.5",
            "-1",
            "-1e-400",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            "0.2",
            "1",
            "1.0000000000000000001",
            "9",
            "10",
            "12345678901234567890123",
            "12345678901234567890123.5",
            "12345678901234567890124",
            "1e400",
            "2e400",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (other_at, other) in sorted.iter().enumerate() {
                let order = Number::known(one).order(&Number::known(other));
                assert_eq!(order, Some(at.cmp(&other_at)), "{one} {other}");
            }
        }
        assert_eq!(Number::known("1.0").order(&Number::known("10e-1")), Some(Ordering::Equal));
        assert_eq!(Number::known("-0").order(&Number::known("0.0")), Some(Ordering::Equal));
        let beyond = "1e99999999999999999999";
        assert_eq!(Number::known(beyond).order(&Number::known(beyond)), Some(Ordering::Equal));
        assert_eq!(Number::known(beyond).order(&Number::known("1e400")), None);
    }

    #[test]
    fn whole_parts_are_exact() {
        for (text, whole, integer) in [
            ("0", Some(0), Some(0)),
            ("-0", Some(0), None),
            ("-7", Some(-7), Some(-7)),
            ("1.99", Some(1), None),
            ("-1.99", Some(-1), None),
            ("0.00012", Some(0), None),
            ("12e3", Some(12_000), None),
            ("9007199254740993.0", Some(9_007_199_254_740_993), None),
            ("18446744073709551616", Some(18_446_744_073_709_551_616), Some(18_446_744_073_709_551_616)),
            ("1e38", None, None),
            ("1e400", None, None),
        ] {
            assert_eq!(
                (Number::known(text).whole(), Number::known(text).integer()),
                (whole, integer),
                "{text}"
            );
        }
    }

    #[test]
    fn doubles_are_written_as_ecmascript_does() {
        for (value, text) in [
            (6.0, Some("6")),
            (-0.5, Some("-0.5")),
            (1e20, Some("100000000000000000000")),
            (1e21, Some("1e21")),
            (1e-6, Some("0.000001")),
            (1.5e-7, Some("1.5e-7")),
            (-0.0, Some("-0")),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(Number::of_double(value).as_ref().map(Number::as_str), text, "{value}");
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
