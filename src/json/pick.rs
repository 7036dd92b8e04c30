//! A part of a document: what some paths lead to, in the places where it stands.
//!
//! Objects keep the members that are asked for or lead to what is, arrays the elements; objects and arrays on the way stay,
//! with nothing in them where nothing was found. Any other value on the way is left out: nothing leads through it.

use super::{Node, Object, Path, PathError, Segment};

mod machine;
mod number;
mod utf8;

pub use machine::Picker;

/// What is kept of documents, made ready once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picks(Way);

/// What is kept of one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// All of it.
    whole: bool,
    /// Of the members of an object, in the order of names.
    members: Vec<(Box<str>, Way)>,
    /// Of single elements of an array, in their order; what is said of each element holds for them too.
    elements: Vec<(usize, Way)>,
    /// Of each other element.
    each: Option<Box<Way>>,
}

/// The most members of one object that are asked for: which of them were there is remembered in one number.
pub(super) const MOST_MEMBERS: usize = 128;

/// The most places in all paths together, so that `[*]` beside single elements cannot multiply without end.
const MOST_PLACES: usize = 4_096;

// === impl Picks ===

impl Picks {
    /// What these paths lead to; nothing but empty objects and arrays where there are none.
    pub fn new(paths: &[Path]) -> Result<Self, PathError> {
        let all: Vec<_> = paths.iter().map(Path::segments).collect();
        let mut left = MOST_PLACES;
        Way::of(&all, &mut left).map(Self)
    }

    /// What is kept of a document that has been read; `null` where it is no object or array and is not kept as a whole.
    pub fn of<'a>(&self, node: Node<'a>) -> Node<'a> {
        self.0.keep(node).unwrap_or(Node::Null)
    }

    fn way(&self) -> &Way {
        &self.0
    }
}

// === impl Way ===

impl Way {
    /// Calls itself for each step of the paths, which are short.
    fn of(paths: &[&[Segment]], left: &mut usize) -> Result<Self, PathError> {
        *left = left.checked_sub(1).ok_or(PathError { message: "these paths are too many together" })?;
        if paths.iter().any(|path| path.is_empty()) {
            return Ok(Self { whole: true, ..Self::default() });
        }
        let (mut names, mut indices): (Vec<&str>, Vec<usize>) = (Vec::new(), Vec::new());
        for first in paths.iter().filter_map(|path| path.first()) {
            match first {
                Segment::Member(name) => names.push(name),
                Segment::Element(index) => indices.push(*index),
                Segment::MemberOrElement(name, index) => {
                    names.push(name);
                    indices.push(*index);
                }
                Segment::Each => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        indices.sort_unstable();
        indices.dedup();
        if names.len() > MOST_MEMBERS {
            return Err(PathError { message: "more than 128 members of one object are asked for" });
        }
        let mut way = Self::default();
        for name in names {
            let rest = behind(paths, |first| member(first) == Some(name));
            way.members.push((name.into(), Self::of(&rest, left)?));
        }
        for index in indices {
            let rest = behind(paths, |first| *first == Segment::Each || element(first) == Some(index));
            way.elements.push((index, Self::of(&rest, left)?));
        }
        let each = behind(paths, |first| *first == Segment::Each);
        if !each.is_empty() {
            way.each = Some(Box::new(Self::of(&each, left)?));
        }
        Ok(way)
    }

    /// What is kept of a member, and which of those that are asked for it is.
    fn member(&self, name: &str) -> Option<(usize, &Self)> {
        let at = self.members.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some((at, &self.members[at].1))
    }

    /// What is kept of an element.
    fn element(&self, index: usize) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        match self.elements.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(at) => Some(&self.elements[at].1),
            Err(_) => self.each.as_deref(),
        }
    }

    /// The longest name of a member that is asked for, in bytes.
    fn longest(&self) -> usize {
        self.members.iter().map(|(name, _)| name.len()).max().unwrap_or_default()
    }

    fn keep<'a>(&self, node: Node<'a>) -> Option<Node<'a>> {
        if self.whole {
            return Some(node);
        }
        match node {
            Node::Object(Object { members }) => {
                let members = members.into_iter().filter_map(|(name, value)| {
                    let value = self.member(&name)?.1.keep(value)?;
                    Some((name, value))
                });
                Some(Node::Object(Object { members: members.collect() }))
            }
            Node::Array(elements) => {
                let elements = (0..).zip(elements).filter_map(|(at, value)| self.element(at)?.keep(value));
                Some(Node::Array(elements.collect()))
            }
            _ => None,
        }
    }
}

/// What is behind the first step of the paths that begin like that.
fn behind<'p>(paths: &[&'p [Segment]], begins: impl Fn(&Segment) -> bool) -> Vec<&'p [Segment]> {
    let split = paths.iter().filter_map(|path| path.split_first());
    split.filter(|(first, _)| begins(first)).map(|(_, rest)| rest).collect()
}

fn member(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Member(name) | Segment::MemberOrElement(name, _) => Some(name),
        _ => None,
    }
}

fn element(segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Element(index) | Segment::MemberOrElement(_, index) => Some(*index),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
