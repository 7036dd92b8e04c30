//! What is wrong with what a client sent, value for value: the member `errors` of a problem's document.

use std::borrow::Cow;

use serde::Serialize;

/// How many violations a client is told: whoever sends nonsense gets no long answer for it.
pub const MOST_VIOLATIONS: usize = 50;

/// How long a pointer or a name may be, in bytes: both may be the client's own words.
const LONGEST: usize = 256;

/// One thing that is wrong, as the example in RFC 9457 section 3 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where in the content: a JSON Pointer as a fragment (RFC 6901 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<Box<str>>,
    /// Which parameter or header field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<Box<str>>,
    /// Where that stands: `path`, `query`, `header` or `cookie`.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
    /// What is wrong; never what was sent.
    pub detail: Box<str>,
}

/// All that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Violations {
    /// The first [`MOST_VIOLATIONS`].
    pub errors: Vec<Violation>,
    /// How many more there are.
    #[serde(rename = "more_errors", skip_serializing_if = "is_zero")]
    pub more: usize,
}

// === impl Violation ===

impl Violation {
    /// Something wrong with content; `pointer` is a JSON Pointer (RFC 6901 section 3).
    pub fn in_content(pointer: &str, detail: impl Into<Box<str>>) -> Self {
        let pointer = Some(format!("#{}", cut(pointer)).into());
        Self { pointer, parameter: None, place: None, detail: detail.into() }
    }

    /// Something wrong with a parameter; `pointer` leads into it where it is a list or an object.
    pub fn in_parameter(place: &'static str, name: &str, pointer: &str, detail: impl Into<Box<str>>) -> Self {
        let pointer = (!pointer.is_empty()).then(|| format!("#{}", cut(pointer)).into());
        Self { pointer, parameter: Some(cut(name).into()), place: Some(place), detail: detail.into() }
    }
}

// === impl Violations ===

impl Violations {
    /// Adds one; those beyond [`MOST_VIOLATIONS`] are only counted.
    pub fn push(&mut self, violation: Violation) {
        if self.errors.len() < MOST_VIOLATIONS {
            self.errors.push(violation);
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All of them in a sentence, for the operator.
    pub fn in_words(&self) -> String {
        let one = |violation: &Violation| {
            let place = violation.parameter.as_deref().or(violation.pointer.as_deref()).unwrap_or_default();
            format!("{place}: {}", violation.detail)
        };
        let mut words = self.errors.iter().take(3).map(one).collect::<Vec<_>>().join("; ");
        let more = self.errors.len().saturating_sub(3) + self.more;
        if more > 0 {
            words.push_str(&format!("; and {more} more"));
        }
        words
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    Cow::Owned(format!("{}…", &text[..end]))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn violations_are_counted_and_told_up_to_a_number() {
        let mut all = Violations::default();
        assert!(all.is_empty());
        (0..60).for_each(|at| all.push(Violation::in_content(&format!("/{at}"), "is not a number")));
        assert_eq!((all.errors.len(), all.more), (MOST_VIOLATIONS, 10));
        assert_eq!(
            all.in_words(),
            "#/0: is not a number; #/1: is not a number; #/2: is not a number; and 57 more"
        );
    }

    #[test]
    fn they_are_written_as_the_rfc_has_them() {
        let written = |violation: Violation| serde_json::to_string(&violation).unwrap();
        assert_eq!(
            written(Violation::in_content("/a/0", "is missing")),
            "{\"pointer\":\"#/a/0\",\"detail\":\"is missing\"}"
        );
        assert_eq!(
            written(Violation::in_parameter("query", "page", "", "is missing")),
            "{\"parameter\":\"page\",\"in\":\"query\",\"detail\":\"is missing\"}"
        );
        let long = Violation::in_parameter("query", &"é".repeat(300), "", "x").parameter.unwrap();
        assert_eq!(long.len(), LONGEST + "…".len());
    }
}
