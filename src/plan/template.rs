//! Text with places to be filled in: by what a path captured, or by variables.

use http::header::HeaderValue;

use crate::route::pattern::{Pattern, PatternError, braces};

/// Text with `{name}` places, filled in with what a path captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    pieces: Vec<PathPiece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathPiece {
    Text(Box<str>),
    /// The index of the capture, from left to right.
    Capture(usize),
}

/// A header value, fixed or with `${name}` places that variables fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueTemplate {
    /// No places.
    Fixed(HeaderValue),
    /// Text and variables in turn.
    Variable(Vec<ValuePiece>),
}

/// A piece of a [`ValueTemplate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValuePiece {
    /// Itself.
    Text(Box<str>),
    /// The value of the variable of this name.
    Variable(Box<str>),
}

// === impl PathTemplate ===

impl PathTemplate {
    /// Reads `text`, whose names must be captures of `pattern`.
    pub fn parse(text: &str, pattern: &Pattern) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((open, close)) = braces(rest)? {
            let name = &rest[open + 1..close];
            let bare = name.strip_prefix('*').unwrap_or(name);
            let Some(capture) = pattern.captures().position(|known| known == bare) else {
                let known: Vec<_> = pattern.captures().map(|name| format!("{{{name}}}")).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(PatternError {
                    message: format!("the route's path captures no {{{name}}}, but {known}"),
                });
            };
            push_text(&mut pieces, &rest[..open]);
            pieces.push(PathPiece::Capture(capture));
            rest = &rest[close + 1..];
        }
        push_text(&mut pieces, rest);
        Ok(Self { pieces })
    }

    /// Fills `captures` in.
    pub fn expand(&self, captures: &[&str]) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                PathPiece::Text(literal) => text.push_str(literal),
                PathPiece::Capture(index) => text.push_str(captures.get(*index).copied().unwrap_or_default()),
            }
        }
        text
    }
}

fn push_text(pieces: &mut Vec<PathPiece>, text: &str) {
    if !text.is_empty() {
        pieces.push(PathPiece::Text(text.replace("{{", "{").replace("}}", "}").into()));
    }
}

// === impl ValueTemplate ===

impl ValueTemplate {
    /// Reads `text`; `$${` is a plain `${`. The error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else {
                return Err(format!("\"{text}\" has a \"${{\" without a \"}}\"; a plain one is \"$${{\""));
            };
            let name = &rest[at + 2..at + end];
            check_variable_name(name)?;
            if !literal.is_empty() {
                pieces.push(ValuePiece::Text(std::mem::take(&mut literal).into()));
            }
            pieces.push(ValuePiece::Variable(name.into()));
            rest = &rest[at + end + 1..];
        }
        literal.push_str(rest);
        // Every piece must be a field value by itself (RFC 9110 section 5.5): what a variable adds is checked when
        // it is read.
        let fixed = HeaderValue::from_str(&literal).map_err(|_| not_a_value(text))?;
        if pieces.is_empty() {
            return Ok(Self::Fixed(fixed));
        }
        pieces.push(ValuePiece::Text(literal.into()));
        let valid = pieces.iter().all(|piece| match piece {
            ValuePiece::Text(text) => HeaderValue::from_str(text).is_ok(),
            ValuePiece::Variable(_) => true,
        });
        if valid { Ok(Self::Variable(pieces)) } else { Err(not_a_value(text)) }
    }

    /// The variables it needs.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let pieces = match self {
            Self::Fixed(_) => &[][..],
            Self::Variable(pieces) => pieces,
        };
        pieces.iter().filter_map(|piece| match piece {
            ValuePiece::Variable(name) => Some(&**name),
            ValuePiece::Text(_) => None,
        })
    }
}

fn not_a_value(text: &str) -> String {
    format!("{text:?} cannot be a header value: it has control characters in it")
}

/// Spin's rule, the strictest of the hosts': small letters, digits and `_`, a letter first, no two `_` together and
/// none at the end.
pub(super) fn check_variable_name(name: &str) -> Result<(), String> {
    let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.contains("__")
        && !name.ends_with('_');
    if valid {
        return Ok(());
    }
    Err(format!(
        "\"{name}\" cannot name a variable: small letters, digits and single _ between them, a letter first"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fills_captures_in() {
        let pattern = Pattern::path("/users/{id}/{*rest}").unwrap();
        let template = PathTemplate::parse("/v2/{rest}/of/{id}", &pattern).unwrap();
        assert_eq!(template.expand(&["7", "a/b"]), "/v2/a/b/of/7");
        let message = PathTemplate::parse("/{name}", &pattern).unwrap_err().message;
        assert_eq!(message, "the route's path captures no {name}, but {id}, {rest}");
    }

    #[test]
    fn finds_variables() {
        let template = ValueTemplate::parse("Bearer ${billing_token}").unwrap();
        assert_eq!(template.variables().collect::<Vec<_>>(), ["billing_token"]);
        assert_eq!(
            ValueTemplate::parse("a $${b}").unwrap(),
            ValueTemplate::Fixed(HeaderValue::from_static("a ${b}"))
        );
        for bad in ["${", "${a", "${A}", "${a__b}", "${}", "a\nb", "a\n${b}"] {
            assert!(ValueTemplate::parse(bad).is_err(), "{bad:?}");
        }
    }
}
