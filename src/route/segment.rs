//! One segment of a path pattern: a literal, or a capture and what stands around it.

use super::path::normalise_literal;

/// One segment of a pattern, in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Itself.
    Literal(Box<str>),
    /// Anything of at least one character between a prefix and a suffix, either of which may be empty.
    Capture {
        /// What the segment begins with.
        prefix: Box<str>,
        /// The capture's name.
        name: Box<str>,
        /// What the segment ends with.
        suffix: Box<str>,
    },
}

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// What is wrong with it.
    pub message: String,
}

// === impl Segment ===

impl Segment {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let Some((open, close)) = braces(text)? else {
            return Ok(Self::Literal(literal(text).into()));
        };
        let name = &text[open + 1..close];
        if name.starts_with('*') {
            return Err(error(format!(
                "{{{name}}} takes the rest of the path, so it must be the last segment, alone"
            )));
        }
        if braces(&text[close + 1..])?.is_some() {
            return Err(error(format!("the segment \"{text}\" has two captures: one a segment")));
        }
        Ok(Self::Capture {
            prefix: literal(&text[..open]).into(),
            name: capture_name(name)?,
            suffix: literal(&text[close + 1..]).into(),
        })
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Capture { name, .. } => Some(name),
        }
    }

    /// `None`: no match; else what is captured, if anything is.
    pub(super) fn matches<'p>(&self, text: &'p str) -> Option<Option<&'p str>> {
        match self {
            Self::Literal(literal) => (**literal == *text).then_some(None),
            Self::Capture { prefix, suffix, .. } => {
                let value = text.strip_prefix(&**prefix)?.strip_suffix(&**suffix)?;
                (!value.is_empty()).then_some(Some(value))
            }
        }
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Literal(text)) => self.matches(text).is_some(),
            (Self::Literal(_), Self::Capture { .. }) => false,
            (
                Self::Capture { prefix, suffix, .. },
                Self::Capture { prefix: their_prefix, suffix: their_suffix, .. },
            ) => their_prefix.starts_with(&**prefix) && their_suffix.ends_with(&**suffix),
        }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(text), any) | (any, Self::Literal(text)) => any.matches(text).is_some(),
            (Self::Capture { prefix: a, suffix: b, .. }, Self::Capture { prefix: c, suffix: d, .. }) => {
                (a.starts_with(&**c) || c.starts_with(&**a)) && (b.ends_with(&**d) || d.ends_with(&**b))
            }
        }
    }
}

pub(super) fn error(message: impl Into<String>) -> PatternError {
    PatternError { message: message.into() }
}

pub(super) fn capture_name(name: &str) -> Result<Box<str>, PatternError> {
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if valid {
        Ok(name.into())
    } else {
        Err(error(format!("\"{name}\" is not a name: letters, digits and _")))
    }
}

/// Where the first capture's braces are; doubled ones are plain characters.
pub(crate) fn braces(text: &str) -> Result<Option<(usize, usize)>, PatternError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            byte @ (b'{' | b'}') if bytes.get(at + 1) == Some(&byte) => at += 1,
            b'{' => {
                return match text[at..].find('}') {
                    Some(length) => Ok(Some((at, at + length))),
                    None => Err(error(format!(
                        "\"{text}\" has an opening brace without a closing one; a plain one is \"{{{{\""
                    ))),
                };
            }
            b'}' => {
                return Err(error(format!(
                    "\"{text}\" has a closing brace without an opening one; a plain one is \"}}}}\""
                )));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(None)
}

/// A literal part as paths have it: doubled braces single, and in normal form.
fn literal(text: &str) -> String {
    normalise_literal(&text.replace("{{", "{").replace("}}", "}")).path.into_owned()
}
