//! A mirror's answer compared with the one that a caller got.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderName};
use http::{HeaderMap, StatusCode};

use super::Share;
use crate::json::{self, Difference, Limits, Node, Rules};

/// How answers are compared.
#[derive(Debug, Clone)]
pub struct Compare {
    /// Whether statuses must be equal.
    pub status: bool,
    /// Header fields that must be equal.
    pub headers: Vec<HeaderName>,
    /// How contents are compared as JSON; `None` for not at all.
    pub json: Option<Rules>,
    /// How much content is compared, in bytes.
    pub largest: u64,
    /// Of how many differences it is shown what they are.
    pub sample: Share,
    /// Whether that is shown with its values.
    pub show_values: bool,
}

/// What came of a request to a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Result {
    /// It was answered, and nothing was compared.
    Answered,
    /// Its answer is the same.
    Same,
    /// Its status is another.
    Status,
    /// A field of its answer is another.
    Header,
    /// Its content is another.
    Body,
    /// It gave no answer, or not all of it.
    Failed,
    /// It was not sent, because there was too much of it, or too many were under way.
    Skipped,
}

/// An answer, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: HeaderMap,
    /// Its content; `None` where that is not all there.
    pub body: Option<Bytes>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The first kind of difference, or none.
    pub result: Result,
    /// What differs, in words: without values, unless they may be shown.
    pub differences: Vec<String>,
}

/// The most differences that are shown of one answer.
const MOST_SHOWN: usize = 16;
/// The most of a value that is shown, in characters.
const MOST_VALUE: usize = 128;
/// The deepest JSON that is compared, and the most values of it: in memory, a value takes some dozen bytes.
const DEPTH: usize = 64;
const VALUES: usize = 100_000;

// === impl Result ===

impl Result {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Answered, Self::Same, Self::Status, Self::Header, Self::Body, Self::Failed, Self::Skipped];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Same => "same",
            Self::Status => "status",
            Self::Header => "header",
            Self::Body => "body",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the mirror answered something else, or nothing.
    pub const fn is_different(self) -> bool {
        matches!(self, Self::Status | Self::Header | Self::Body | Self::Failed)
    }
}

// === impl Compare ===

impl Compare {
    /// In what the answer of a mirror differs from the first. Where statuses differ, nothing else is compared.
    pub fn compare(&self, first: &Seen, mirror: &Seen) -> Compared {
        if self.status && first.status != mirror.status {
            let difference = format!("status: {} and {}", first.status.as_u16(), mirror.status.as_u16());
            return Compared { result: Result::Status, differences: vec![difference] };
        }
        let fields: Vec<_> = self.headers.iter().filter_map(|name| self.field(name, first, mirror)).collect();
        let mut result = if fields.is_empty() { Result::Same } else { Result::Header };
        let mut differences = fields;
        let contents = self.contents(first, mirror);
        if result == Result::Same && !contents.is_empty() {
            result = Result::Body;
        }
        differences.extend(contents);
        differences.truncate(MOST_SHOWN);
        Compared { result, differences }
    }

    fn field(&self, name: &HeaderName, first: &Seen, mirror: &Seen) -> Option<String> {
        let (one, other) = (first.headers.get_all(name), mirror.headers.get_all(name));
        if one.iter().eq(other.iter()) {
            return None;
        }
        let shown = |headers: &HeaderMap| {
            let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
            cut(&lines.collect::<Vec<_>>().join(", "))
        };
        Some(match self.show_values {
            true => format!("{name}: {} and {}", shown(&first.headers), shown(&mirror.headers)),
            false => format!("{name}"),
        })
    }

    /// What differs in the contents, where both are there whole and without a coding.
    fn contents(&self, first: &Seen, mirror: &Seen) -> Vec<String> {
        let Some(rules) = &self.json else { return Vec::new() };
        let (Some(one), Some(other)) = (first.content(), mirror.content()) else { return Vec::new() };
        let bytes = usize::try_from(self.largest).unwrap_or(usize::MAX);
        let limits = Limits { bytes, depth: DEPTH, values: VALUES, text: bytes };
        let read = |content| json::parse(content, &limits).ok();
        match (read(one), read(other)) {
            (Some(one), Some(other)) => {
                let found = json::compare(&one, &other, rules, MOST_SHOWN);
                found.list.iter().map(|difference| self.shown(difference, &one, &other)).collect()
            }
            // What is not JSON must be the same byte for byte.
            (None, None) if one == other => Vec::new(),
            _ => vec!["content".to_owned()],
        }
    }

    fn shown(&self, difference: &Difference, one: &Node<'_>, other: &Node<'_>) -> String {
        let Difference { path, kind } = difference;
        let path = if path.is_empty() { "content" } else { path };
        let plain = format!("{path}: {}", kind.as_str());
        if !self.show_values {
            return plain;
        }
        let value =
            |node: &Node<'_>| json::Path::read(&difference.path).ok().and_then(|path| text_at(node, &path));
        match (value(one), value(other)) {
            (None, None) => plain,
            (one, other) => {
                let said =
                    |value: Option<String>| value.map_or_else(|| "nothing".to_owned(), |text| cut(&text));
                format!("{plain}, {} and {}", said(one), said(other))
            }
        }
    }
}

/// The value at a place, as JSON.
fn text_at(node: &Node<'_>, path: &json::Path) -> Option<String> {
    let mut at = node;
    for segment in path.segments() {
        at = match (segment, at) {
            (json::Segment::Member(name) | json::Segment::MemberOrElement(name, _), Node::Object(object)) => {
                object.get(name)?
            }
            (json::Segment::Element(index) | json::Segment::MemberOrElement(_, index), Node::Array(list)) => {
                list.get(*index)?
            }
            _ => return None,
        };
    }
    Some(at.to_text())
}

fn cut(text: &str) -> String {
    let text: Cow<'_, str> = match text.char_indices().nth(MOST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

// === impl Seen ===

impl Seen {
    /// The content, where it can be compared.
    fn content(&self) -> Option<&[u8]> {
        let coded = self.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        self.body.as_deref().filter(|_| !coded)
    }
}

#[cfg(test)]
mod tests;
