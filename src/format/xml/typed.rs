//! Text that is declared to be something else.

use std::borrow::Cow;

use super::super::Fault;
use super::XmlRules;
use super::places::Here;
use crate::json::{Node, Number};

/// The value of an element or attribute with this text. Nothing, where a number or a truth value should be, is `null`.
pub(super) fn typed<'a>(text: Cow<'a, str>, rules: &XmlRules, here: &Here) -> Result<Node<'a>, Fault> {
    let number = rules.places.is_number(here);
    if !number && !rules.places.is_boolean(here) {
        return Ok(Node::Text(text));
    }
    let bare = text.trim_matches([' ', '\t', '\n', '\r']);
    match bare {
        "" => Ok(Node::Null),
        _ if number => decimal(bare).map(Node::Number).ok_or(Fault::Number),
        // XML Schema part 2, section 3.2.2.1.
        "true" | "1" => Ok(Node::Bool(true)),
        "false" | "0" => Ok(Node::Bool(false)),
        _ => Err(Fault::Boolean),
    }
}

/// A number as XML Schema part 2 has them (sections 3.2.3.1 and 3.2.5.1), without those that are none: as it is written
/// where JSON writes it like that, else with the signs and zeros that JSON wants and no others.
fn decimal(text: &str) -> Option<Number<'static>> {
    if let Some(number) = Number::read(text) {
        return Some(number.into_owned());
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(['e', 'E']).unwrap_or(rest.len());
    let (mantissa, exponent) = rest.split_at(end);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Number::read(&format!("{sign}{whole}{point}{fraction}{exponent}")).map(Number::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        for (text, number) in [
            ("1.10", "1.10"),
            ("12345678901234567890.0", "12345678901234567890.0"),
            ("007", "7"),
            ("+5", "5"),
            ("-.50", "-0.50"),
            ("5.", "5"),
            ("000", "0"),
            ("-00.0", "-0.0"),
            ("1E5", "1E5"),
            ("+01.e-3", "1e-3"),
        ] {
            assert_eq!(decimal(text).unwrap().as_str(), number, "{text}");
        }
        for text in
            ["", ".", "+", "-", "NaN", "INF", "1,5", "0x1", "1 2", "--1", "+-1", "1e", "e1", "1.2.3", "١"]
        {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
