//! Operations on a document, in order: JSON Patch (RFC 6902).
//!
//! What is patched is patched as a whole: where one operation fails, nothing comes of it (section 5).

use std::fmt;

use super::{Fault, Node, Path, Room, Rules, Segment, compare};

mod read;

/// Operations, in order. Places are JSON Pointers (RFC 6901), of at most 16 steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    operations: Box<[Operation]>,
}

/// One operation (RFC 6902 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Puts a value there: in front of an element, behind all with `-`, and in place of a member of the name.
    Add {
        /// Where.
        at: Path,
        /// What.
        value: Node<'static>,
    },
    /// Takes away what stands there.
    Remove(Path),
    /// Puts a value in place of what stands there.
    Replace {
        /// Where.
        at: Path,
        /// What.
        value: Node<'static>,
    },
    /// Takes away what stands at one place, and adds it at another one, which is not within it.
    Move {
        /// From where.
        from: Path,
        /// Where to.
        to: Path,
    },
    /// Adds what stands at one place at another one.
    Copy {
        /// From where.
        from: Path,
        /// Where to.
        to: Path,
    },
    /// Fails where there is anything but this, numbers by their value (section 4.6).
    Test {
        /// Where.
        at: Path,
        /// What.
        value: Node<'static>,
    },
}

/// Why a document is no patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The operation, the first being 0; `None` for the patch as a whole.
    pub operation: Option<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// Why a document could not be patched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The operation that failed, the first being 0.
    pub operation: usize,
    /// Why.
    pub reason: Reason,
}

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is no such place.
    Missing,
    /// Something else stands there.
    Differs,
    /// The document would become more than it may be.
    Limit(Fault),
}

// === impl Patch ===

impl Patch {
    /// Reads a patch: a list of objects as in RFC 6902 section 3.
    pub fn read(document: &Node<'_>) -> Result<Self, Mistake> {
        read::patch(document)
    }

    /// Its operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The document, patched. What is made or copied is paid for, and nothing becomes deeper than there is room for.
    pub fn apply<'a>(&'a self, mut node: Node<'a>, room: &mut Room) -> Result<Node<'a>, Failure> {
        for (operation, it) in self.operations.iter().enumerate() {
            it.apply(&mut node, room).map_err(|reason| Failure { operation, reason })?;
        }
        Ok(node)
    }
}

// === impl Operation ===

impl Operation {
    fn apply<'a>(&'a self, node: &mut Node<'a>, room: &mut Room) -> Result<(), Reason> {
        match self {
            Self::Add { at, value } => {
                room.pay(value, at.segments().len())?;
                add(node, at.segments(), value.borrow())
            }
            Self::Remove(at) => take(node, at.segments()).map(drop),
            Self::Replace { at, value } => {
                room.pay(value, at.segments().len())?;
                *node.reach_mut(at.segments()).ok_or(Reason::Missing)? = value.borrow();
                Ok(())
            }
            Self::Move { from, to } if from == to => node.at(to).map(drop).ok_or(Reason::Missing),
            Self::Move { from, to } => {
                let value = take(node, from.segments())?;
                if to.segments().len() > from.segments().len() {
                    room.fits(&value, to.segments().len())?;
                }
                add(node, to.segments(), value)
            }
            Self::Copy { from, to } => {
                let value = node.at(from).ok_or(Reason::Missing)?;
                room.pay(value, to.segments().len())?;
                let value = value.clone();
                add(node, to.segments(), value)
            }
            Self::Test { at, value } => {
                let there = node.at(at).ok_or(Reason::Missing)?;
                // None is listed, so that the first difference is the last that is looked for.
                let same = compare(there, value, &Rules::default(), 0).is_empty();
                if same { Ok(()) } else { Err(Reason::Differs) }
            }
        }
    }
}

/// RFC 6902 section 4.1: what it goes into must be there.
fn add<'a>(node: &mut Node<'a>, way: &'a [Segment], value: Node<'a>) -> Result<(), Reason> {
    let Some((last, parents)) = way.split_last() else {
        *node = value;
        return Ok(());
    };
    match (node.reach_mut(parents).ok_or(Reason::Missing)?, last) {
        (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            object.set(&**name, value);
            Ok(())
        }
        // RFC 6901 section 4: the element behind the last one.
        (Node::Array(elements), Segment::Member(name)) if &**name == "-" => {
            elements.push(value);
            Ok(())
        }
        (Node::Array(elements), Segment::MemberOrElement(_, at)) if *at <= elements.len() => {
            elements.insert(*at, value);
            Ok(())
        }
        _ => Err(Reason::Missing),
    }
}

fn take<'a>(node: &mut Node<'a>, way: &[Segment]) -> Result<Node<'a>, Reason> {
    let (last, parents) = way.split_last().ok_or(Reason::Missing)?;
    let parent = node.reach_mut(parents).ok_or(Reason::Missing)?;
    parent.take(last).map(|(_, value)| value).ok_or(Reason::Missing)
}

// === impl Reason ===

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self::Limit(fault)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such place"),
            Self::Differs => f.write_str("something else stands there"),
            Self::Limit(fault) => fault.fmt(f),
        }
    }
}

// === impl Failure ===

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {} of the patch: {}", self.operation, self.reason)
    }
}

// === impl Mistake ===

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            Some(operation) => write!(f, "operation {operation}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

#[cfg(test)]
mod tests;
