//! How parts become one document: what several upstreams have said, put together by the rules of an author.
//!
//! Parts are put in one after the other, in the order of the configuration and not in that of their arrival, so that the
//! same parts always make the same document: members stand in the order in which they were first seen, and numbers are
//! what they were, digit for digit.

use std::fmt;

use crate::json::{self, Limits, Node, Path, PathError, Room, Segment};

mod known;
mod put;

pub use known::{KnownCollision, Meeting, known_collisions};

/// What happens where parts meet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merge {
    /// What becomes of two objects.
    pub objects: Objects,
    /// What stays where two values cannot be put together.
    pub collision: Collision,
    /// What becomes of two arrays.
    pub arrays: Arrays,
}

/// What becomes of two objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Objects {
    /// The members of a part stand beside those that are at its place already; a member that both have is a collision.
    #[default]
    Shallow,
    /// Objects are put together at every depth.
    Deep,
}

/// What stays where two values cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collision {
    /// Neither: nothing comes of the whole.
    #[default]
    Error,
    /// That of the part that stands first in the configuration.
    First,
    /// That of the part that stands last, in the place of the first.
    Last,
}

/// What becomes of two arrays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Arrays {
    /// They are values like others: a collision.
    #[default]
    Replace,
    /// The elements of the second stand behind those of the first.
    Concat,
    /// Elements that are objects with the same scalar in this member are put together as objects are. The first of one
    /// array meets the first of the other, the second the second, where several have the same; what meets none stays, those
    /// of the second array behind those of the first.
    By(Box<str>),
}

/// Where a part goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It is the whole, or a part of it.
    Top,
    /// A member of a member …; never empty.
    At(Box<[Box<str>]>),
}

/// One part.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// What it is called where something is wrong with it.
    pub name: &'a str,
    /// Where it goes.
    pub into: &'a Place,
    /// What it is.
    pub node: Node<'a>,
}

/// Why nothing comes of the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Two values cannot be put together.
    Collision {
        /// The part that came second.
        part: Box<str>,
        /// Where, as a JSON Pointer, cut off where it is very long: names are the upstream's.
        at: String,
    },
    /// The whole would be more than it may be.
    Limit(json::Fault),
}

/// The longest place that is told, in bytes.
const MOST_POINTER: usize = 256;

// === impl Merge ===

impl Merge {
    /// The parts as one document; an object without members where there are none. All of it together may be as much as
    /// `limits` say, which is found before anything is put together.
    pub fn of<'a>(
        &'a self,
        parts: impl IntoIterator<Item = Part<'a>>,
        limits: &Limits,
    ) -> Result<Node<'a>, Fault> {
        let mut room = Room::of(limits);
        let mut whole = None;
        for part in parts {
            room.pay(&part.node, part.into.names().len()).map_err(Fault::Limit)?;
            self.put(&mut whole, part)?;
        }
        Ok(whole.unwrap_or_else(|| Node::Object(json::Object::default())))
    }
}

// === impl Place ===

impl Place {
    /// Reads `a.b`, a place that is made of names only, or `.`, the top.
    pub fn read(text: &str) -> Result<Self, PathError> {
        if text == "." {
            return Ok(Self::Top);
        }
        let path = Path::read(text)?;
        let names = path.segments().iter().map(|segment| match segment {
            Segment::Member(name) => Ok(name.clone()),
            _ => Err(PathError { message: "only names lead to it, no elements of arrays" }),
        });
        Ok(Self::At(names.collect::<Result<_, _>>()?))
    }

    /// The names that lead to it.
    pub fn names(&self) -> &[Box<str>] {
        match self {
            Self::Top => &[],
            Self::At(names) => names,
        }
    }
}

// === impl Fault ===

impl Fault {
    /// A collision right here; [`Fault::within`] says where that is.
    fn collision() -> Self {
        Self::Collision { part: Box::default(), at: String::new() }
    }

    /// The same, in the member or element of this name.
    fn within(self, name: &str) -> Self {
        match self {
            Self::Collision { part, at } => {
                // RFC 6901 section 3.
                let name = name.replace('~', "~0").replace('/', "~1");
                Self::Collision { part, at: format!("/{name}{at}") }
            }
            limit @ Self::Limit(_) => limit,
        }
    }

    fn of_part(self, part: &str) -> Self {
        match self {
            Self::Collision { mut at, .. } => {
                if at.len() > MOST_POINTER {
                    let end = (0..=MOST_POINTER).rev().find(|end| at.is_char_boundary(*end));
                    at.truncate(end.unwrap_or_default());
                    at.push('…');
                }
                Self::Collision { part: part.into(), at }
            }
            limit @ Self::Limit(_) => limit,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collision { part, at } if at.is_empty() => {
                write!(f, "\"{part}\" and another part are both the whole")
            }
            Self::Collision { part, at } => write!(f, "\"{part}\" and another part are both at {at}"),
            Self::Limit(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests;
