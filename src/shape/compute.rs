//! Values that are computed.

use super::apply::Run;
use super::{Fault, Set};
use crate::expression::{Beyond, Facts};
use crate::json::{Node, Segment};

/// The units that the values of all elements may use together: what eight single expressions may, some forty milliseconds
/// of the slowest kind.
pub(super) const MOST_UNITS: u32 = 8_000_000;

impl Set {
    /// Computes it, and puts it there; what is in the way to it stays.
    pub(super) fn apply<'a>(&'a self, node: &mut Node<'a>, run: &mut Run<'_>) -> Result<(), Fault> {
        self.each(node, &self.scope, 0, run)
    }

    /// Calls itself as often as the scope has steps.
    fn each<'a>(
        &'a self,
        node: &mut Node<'a>,
        scope: &[Segment],
        index: usize,
        run: &mut Run<'_>,
    ) -> Result<(), Fault> {
        match scope.split_first() {
            None => self.one(node, index, run),
            Some((Segment::Each, rest)) => {
                let Node::Array(elements) = node else { return Ok(()) };
                let mut numbered = elements.iter_mut().enumerate();
                numbered.try_for_each(|(at, element)| self.each(element, rest, at, run))
            }
            Some((segment, rest)) => match node.step_mut(segment) {
                Some(next) => self.each(next, rest, index, run),
                None => Ok(()),
            },
        }
    }

    fn one<'a>(&'a self, item: &mut Node<'a>, index: usize, run: &mut Run<'_>) -> Result<(), Fault> {
        // Nothing is computed in vain.
        if !item.is_open(&self.at) {
            return Ok(());
        }
        let beyond = Beyond { item: Some((index, &*item)), ..run.facts.beyond };
        let facts = Facts { beyond, ..*run.facts };
        let value = self.value.node_of_many(&facts, run.room.values(), &mut run.units);
        // What it has of the item is copied, because the item is changed.
        let value = value.map_err(Fault::Value)?;
        run.room.pay(&value, self.scope.len() + self.at.len())?;
        let value = value.into_owned();
        item.put(&self.at, value);
        Ok(())
    }
}
