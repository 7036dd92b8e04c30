//! What becomes of a document's form: operations on JSON, in the order in which an author writes them.
//!
//! They are pure functions of a document and of what is known of the request. Nothing is done to a place that is not there,
//! and what is made is bounded: as many values and bytes as a document may have, and no deeper.

use std::fmt;
use std::sync::Arc;

use crate::expression::{self, Expression, Facts};
use crate::json::{self, Limits, Node, Path, Segment, parse, patch};
use crate::mapping::Step;

mod apply;
mod compute;
mod gather;
mod pick;
mod restructure;

pub use pick::Pick;

/// Operations, in order.
#[derive(Debug, Clone, Default)]
pub struct Shape(pub Box<[Operation]>);

/// One operation.
#[derive(Debug, Clone)]
pub enum Operation {
    /// One of those that mappings have: rename, move, default, drop, values.
    Step(Step),
    /// Keeps some places, and nothing else.
    Pick(Pick),
    /// Puts a computed value somewhere.
    Set(Set),
    /// Puts what is within a value in its place: an object's members, and the elements of arrays in an array.
    Flatten {
        /// Which.
        at: Path,
        /// What stands in front of the names of members.
        prefix: Box<str>,
    },
    /// Puts members of an object into a new one.
    Group {
        /// The objects.
        object: Box<[Segment]>,
        /// The members, sorted.
        members: Box<[Box<str>]>,
        /// The name of the new one.
        into: Box<str>,
    },
    /// Puts a value into an object of one member.
    Wrap {
        /// Which.
        at: Path,
        /// The name of the member.
        into: Box<str>,
    },
    /// Puts a value in the place of what it is in.
    Unwrap {
        /// In the place of what: as far as the last `[*]`.
        scope: Box<[Segment]>,
        /// Where it is, from there.
        at: Box<[Segment]>,
    },
    /// Makes one array of what stands in several places.
    Gather {
        /// Where it is taken from, in this order.
        from: Box<[Path]>,
        /// Where the array goes: names only, and nothing that lies within what is taken.
        to: Box<[Segment]>,
        /// What becomes an element of it.
        what: What,
    },
    /// JSON Patch (RFC 6902).
    Patch(patch::Patch),
    /// JSON Merge Patch (RFC 7396).
    Merge(Node<'static>),
}

/// A value that is computed.
#[derive(Debug, Clone)]
pub struct Set {
    /// What `item` is in the expression: as far as the last `[*]`, each element; the whole document where there is none.
    pub scope: Box<[Segment]>,
    /// Where it goes, from there.
    pub at: Box<[Segment]>,
    /// What is computed.
    pub value: Arc<Expression>,
}

/// What becomes an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Each element of the arrays that stand there; what is no array stays where it is.
    Elements,
    /// Each value that stands there.
    Values,
}

/// Why a document has no such form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read, or there would be more of it than there may be.
    Json(json::Fault),
    /// A patch failed.
    Patch(patch::Failure),
    /// A value could not be computed.
    Value(expression::Fault),
}

// === impl Shape ===

impl Shape {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The document in this form. So many values and bytes as `limits` say may be made for it, and it becomes no deeper;
    /// how many bytes it has is known when it is written.
    pub fn apply<'a>(
        &'a self,
        node: Node<'a>,
        facts: &Facts<'_>,
        limits: &Limits,
    ) -> Result<Node<'a>, Fault> {
        apply::all(&self.0, node, facts, limits)
    }

    /// The same, read and written.
    pub fn text(&self, bytes: &[u8], facts: &Facts<'_>, limits: &Limits) -> Result<Vec<u8>, Fault> {
        let node = parse(bytes, limits).map_err(|error| Fault::Json(error.fault))?;
        let node = self.apply(node, facts, limits)?;
        node.write_sized(bytes.len() + bytes.len() / 8, limits.bytes).ok_or(Fault::Json(json::Fault::Bytes))
    }

    /// How much deeper a document becomes at most, in arrays and objects, by what is known of it before: values that are
    /// computed, and patches, find their limit only when they are done.
    pub fn deepens(&self) -> usize {
        self.0.iter().filter_map(Operation::deepens).sum()
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.0.iter().filter_map(|operation| match operation {
            Operation::Set(set) => Some(&*set.value),
            _ => None,
        })
    }
}

// === impl Operation ===

impl Operation {
    /// How much deeper it may make a document; `None` where it sees to that itself.
    pub(crate) fn deepens(&self) -> Option<usize> {
        match self {
            Self::Step(step) => Some(step.deepens()),
            Self::Pick(_) | Self::Flatten { .. } | Self::Unwrap { .. } => Some(0),
            Self::Group { .. } | Self::Wrap { .. } => Some(1),
            // What was at the top may go to the end of the way, and stands in an array there.
            Self::Gather { to, .. } => Some(to.len() + 1),
            Self::Merge(patch) => Some(patch.depth()),
            Self::Set(_) | Self::Patch(_) => None,
        }
    }
}

// === impl Fault ===

impl From<json::Fault> for Fault {
    fn from(fault: json::Fault) -> Self {
        Self::Json(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(fault) => fault.fmt(f),
            Self::Patch(failure) => failure.fmt(f),
            Self::Value(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests;
