//! Operations, done.

use super::{Fault, Operation, gather, restructure};
use crate::expression::Facts;
use crate::json::{self, Limits, Node, Room, merge_patch};
use crate::mapping::Extent;

/// What operations share while they are done.
pub(super) struct Run<'f> {
    pub(super) facts: &'f Facts<'f>,
    pub(super) room: Room,
    /// Units that computing values may still use.
    pub(super) units: u32,
    /// The document is no deeper than this.
    deepest: usize,
}

pub(super) fn all<'a>(
    operations: &'a [Operation],
    mut node: Node<'a>,
    facts: &Facts<'_>,
    limits: &Limits,
) -> Result<Node<'a>, Fault> {
    let room = Room::of(limits);
    let deepest = room.depth();
    let mut run = Run { facts, room, units: super::compute::MOST_UNITS, deepest };
    for operation in operations {
        node = operation.apply(node, &mut run)?;
        run.deepened(operation, &node)?;
    }
    Ok(node)
}

// === impl Run ===

impl Run<'_> {
    /// Looks how deep a document has become where it may be too deep.
    fn deepened(&mut self, operation: &Operation, node: &Node<'_>) -> Result<(), Fault> {
        let most = self.room.depth();
        match operation.deepens() {
            None => self.deepest = most,
            Some(0) => {}
            Some(more) => {
                self.deepest += more;
                if self.deepest > most {
                    self.deepest = node.depth();
                }
                if self.deepest > most {
                    return Err(Fault::Json(json::Fault::Deep));
                }
            }
        }
        Ok(())
    }
}

// === impl Operation ===

impl Operation {
    fn apply<'a>(&'a self, mut node: Node<'a>, run: &mut Run<'_>) -> Result<Node<'a>, Fault> {
        let room = &mut run.room;
        match self {
            Self::Step(step) => step.apply(&mut node, Extent::Whole, room)?,
            Self::Pick(pick) => pick.apply(&mut node),
            Self::Set(set) => set.apply(&mut node, run)?,
            Self::Flatten { at, prefix } => restructure::flatten(&mut node, at.segments(), prefix, room)?,
            Self::Group { object, members, into } => {
                restructure::group(&mut node, object, members, into, room)?;
            }
            Self::Wrap { at, into } => restructure::wrap(&mut node, at.segments(), into, room)?,
            Self::Unwrap { scope, at } => restructure::unwrap(&mut node, scope, at),
            Self::Gather { from, to, what } => gather::gather(&mut node, from, to, *what, room)?,
            Self::Patch(patch) => return patch.apply(node, room).map_err(Fault::Patch),
            Self::Merge(patch) => return Ok(merge_patch::apply(node, patch, room)?),
        }
        Ok(node)
    }
}
