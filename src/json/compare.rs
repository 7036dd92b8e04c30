//! In what two documents differ.

use std::fmt::Write as _;

use super::path::shown_name;
use super::{Node, Path, Segment, write};

/// How documents are compared. The order of members is never a difference.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Places that are not looked at, whether something stands there or not.
    pub ignored: Vec<Path>,
    /// Arrays whose order does not matter; how often an element is in them does.
    pub sets: Vec<Path>,
    /// When numbers are the same.
    pub numbers: Numbers,
}

/// When numbers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// Where they are as much: `1`, `1.0` and `1e0` are. No digit is lost.
    #[default]
    Value,
    /// Where they are written the same.
    Written,
}

/// In what two documents differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// The first of them, in the order of the first document.
    pub list: Vec<Difference>,
    /// There are more than are listed.
    pub more: bool,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: as [`Path`]s are written, cut off where it is very long. Empty for the whole document.
    pub path: String,
    /// What.
    pub kind: Kind,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// It is in the first document only.
    Missing,
    /// It is in the second document only.
    Added,
    /// It is another kind of value.
    Type,
    /// It is another value of the same kind.
    Value,
}

/// The longest path that is told, in bytes: names of members are the upstream's.
const MOST_PATH: usize = 256;

/// The differences between two documents, at most `most` of them.
pub fn compare(one: &Node<'_>, other: &Node<'_>, rules: &Rules, most: usize) -> Differences {
    let mut comparison = Comparison { rules, most, way: Vec::new(), found: Differences::default() };
    comparison.nodes(one, other);
    comparison.found
}

/// A step from the top of a document.
#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

struct Comparison<'a> {
    rules: &'a Rules,
    most: usize,
    way: Vec<Step<'a>>,
    found: Differences,
}

// === impl Differences ===

impl Differences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.more
    }
}

// === impl Kind ===

impl Kind {
    /// Its name in reports and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Type => "type",
            Self::Value => "value",
        }
    }
}

// === impl Comparison ===

impl<'a> Comparison<'a> {
    /// Calls itself for what is within; how deep documents are is bounded where they are read.
    fn nodes(&mut self, one: &'a Node<'_>, other: &'a Node<'_>) {
        if self.found.more || any(&self.rules.ignored, &self.way) {
            return;
        }
        match (one, other) {
            (Node::Object(one), Node::Object(other)) => {
                // Both in the order of names: looking each up in the other would cost the product of their numbers.
                let (one, other) = (sorted(one.iter()), sorted(other.iter()));
                self.merge(&one, &other);
            }
            (Node::Array(one), Node::Array(other)) if any(&self.rules.sets, &self.way) => {
                self.sets(one, other)
            }
            (Node::Array(one), Node::Array(other)) => {
                for (at, pair) in one.iter().zip(other).enumerate() {
                    self.within(Step::Element(at), |this| this.nodes(pair.0, pair.1));
                }
                let common = one.len().min(other.len());
                for at in common..one.len() {
                    self.report(Step::Element(at), Kind::Missing);
                }
                for at in common..other.len() {
                    self.report(Step::Element(at), Kind::Added);
                }
            }
            (Node::Number(one), Node::Number(other)) => {
                let same = one == other || (self.rules.numbers == Numbers::Value && one.equals(other));
                self.note(same, Kind::Value);
            }
            (Node::Text(_), Node::Text(_)) | (Node::Bool(_), Node::Bool(_)) => {
                self.note(one == other, Kind::Value);
            }
            (Node::Null, Node::Null) => {}
            _ => self.note(false, Kind::Type),
        }
    }

    fn merge(&mut self, one: &[(&'a str, &'a Node<'a>)], other: &[(&'a str, &'a Node<'a>)]) {
        let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => return,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => one.0.cmp(other.0),
            };
            match order {
                std::cmp::Ordering::Less => {
                    let Some((name, _)) = left.next() else { return };
                    self.report(Step::Member(name), Kind::Missing);
                }
                std::cmp::Ordering::Greater => {
                    let Some((name, _)) = right.next() else { return };
                    self.report(Step::Member(name), Kind::Added);
                }
                std::cmp::Ordering::Equal => {
                    let (Some((name, one)), Some((_, other))) = (left.next(), right.next()) else { return };
                    self.within(Step::Member(name), |this| this.nodes(one, other));
                }
            }
        }
    }

    /// Elements that have no equal in the other array.
    fn sets(&mut self, one: &'a [Node<'_>], other: &'a [Node<'_>]) {
        let (one, other) = (self.canonical(one), self.canonical(other));
        let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => return,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => one.0.cmp(&other.0),
            };
            if order.is_le()
                && let Some((_, at)) = left.next()
                && order.is_lt()
            {
                self.report(Step::Element(*at), Kind::Missing);
            }
            if order.is_ge()
                && let Some((_, at)) = right.next()
                && order.is_gt()
            {
                self.report(Step::Element(*at), Kind::Added);
            }
        }
    }

    /// Each element as a text that is the same for all that are equal, in the order of these texts.
    fn canonical(&mut self, elements: &'a [Node<'_>]) -> Vec<(Vec<u8>, usize)> {
        let mut texts = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let mut text = Vec::new();
            self.within(Step::Element(at), |this| this.spell(element, &mut text));
            texts.push((text, at));
        }
        texts.sort_unstable();
        texts
    }

    fn spell(&mut self, node: &'a Node<'_>, out: &mut Vec<u8>) {
        if any(&self.rules.ignored, &self.way) {
            return;
        }
        match node {
            Node::Number(number) if self.rules.numbers == Numbers::Value => match number.decimal() {
                Some(decimal) => out.extend_from_slice(decimal.to_string().as_bytes()),
                None => out.extend_from_slice(number.as_str().as_bytes()),
            },
            Node::Array(elements) if any(&self.rules.sets, &self.way) => {
                out.push(b'[');
                for (text, _) in self.canonical(elements) {
                    out.extend_from_slice(&text);
                    out.push(b',');
                }
                out.push(b']');
            }
            Node::Array(elements) => {
                out.push(b'[');
                for (at, element) in elements.iter().enumerate() {
                    self.within(Step::Element(at), |this| this.spell(element, out));
                    out.push(b',');
                }
                out.push(b']');
            }
            Node::Object(object) => {
                out.push(b'{');
                for (name, value) in sorted(object.iter()) {
                    self.within(Step::Member(name), |this| {
                        if !any(&this.rules.ignored, &this.way) {
                            write::string(name, out);
                            out.push(b':');
                            this.spell(value, out);
                            out.push(b',');
                        }
                    });
                }
                out.push(b'}');
            }
            scalar => out.extend_from_slice(scalar.to_text().as_bytes()),
        }
    }

    fn within(&mut self, step: Step<'a>, then: impl FnOnce(&mut Self)) {
        self.way.push(step);
        then(self);
        self.way.pop();
    }

    /// Tells of what stands one step further.
    fn report(&mut self, step: Step<'a>, kind: Kind) {
        self.within(step, |this| {
            if !any(&this.rules.ignored, &this.way) {
                this.note(false, kind);
            }
        });
    }

    fn note(&mut self, same: bool, kind: Kind) {
        if same || self.found.more {
            return;
        }
        if self.found.list.len() >= self.most {
            self.found.more = true;
            return;
        }
        self.found.list.push(Difference { path: shown(&self.way), kind });
    }
}

fn sorted<'s, 'n: 's>(
    members: impl Iterator<Item = (&'s str, &'s Node<'n>)>,
) -> Vec<(&'s str, &'s Node<'n>)> {
    let mut members: Vec<_> = members.collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}

/// Whether one of `paths` is exactly this way.
fn any(paths: &[Path], way: &[Step<'_>]) -> bool {
    paths.iter().any(|path| {
        let segments = path.segments();
        // The last step is where ways differ most.
        segments.len() == way.len()
            && segments.iter().zip(way).rev().all(|(segment, step)| fits(segment, *step))
    })
}

fn fits(segment: &Segment, step: Step<'_>) -> bool {
    match (segment, step) {
        (Segment::Each, Step::Element(_)) => true,
        (Segment::Member(name) | Segment::MemberOrElement(name, _), Step::Member(member)) => {
            **name == *member
        }
        (Segment::Element(index) | Segment::MemberOrElement(_, index), Step::Element(at)) => *index == at,
        _ => false,
    }
}

fn shown(way: &[Step<'_>]) -> String {
    let mut text = String::new();
    for (at, step) in way.iter().enumerate() {
        match step {
            Step::Member(name) => text.push_str(&shown_name(name, at == 0)),
            Step::Element(index) => {
                let _ = write!(text, "[{index}]");
            }
        }
        if text.len() > MOST_PATH {
            let mut end = MOST_PATH;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests;
