//! Steps, done backwards.

use super::{Otherwise, Step, Steps, Table};
use crate::json::{Node, Segment};

// === impl Steps ===

impl Steps {
    /// What undoes these steps: the inverse of each, the last first.
    pub fn inverse(&self) -> Result<Self, (usize, &'static str)> {
        let numbered = self.0.iter().enumerate().rev();
        let steps = numbered.map(|(at, step)| step.inverse().map_err(|why| (at, why)));
        Ok(Self(steps.collect::<Result<_, _>>()?))
    }
}

// === impl Step ===

impl Step {
    /// What undoes this step, or why nothing can.
    pub fn inverse(&self) -> Result<Self, &'static str> {
        match self {
            Self::Rename { object, from, to } => {
                Ok(Self::Rename { object: object.clone(), from: to.clone(), to: from.clone() })
            }
            Self::Move { scope, from, to } => {
                if from.iter().any(|segment| !matches!(segment, Segment::Member(_))) {
                    return Err("an element that was taken out of an array has no place in it any more");
                }
                Ok(Self::Move { scope: scope.clone(), from: to.clone(), to: from.clone() })
            }
            Self::Default { .. } => Err("whether a value was added or there before cannot be told"),
            Self::Drop(_) => Err("what was dropped cannot be brought back"),
            Self::Values { at, table, otherwise } => {
                if *otherwise != Otherwise::Keep {
                    return Err("values that are not listed become the same one, or none");
                }
                let mut pairs = Vec::new();
                for (from, to) in table.pairs() {
                    if matches!(to, Node::Array(_) | Node::Object(_)) {
                        return Err("only texts, numbers, true, false and null are told apart");
                    }
                    pairs.push((to.clone(), from.into_owned()));
                }
                let table = Table::new(pairs).map_err(|_| "two values become the same one")?;
                let (at, table) = (at.clone(), Box::new(table));
                Ok(Self::Values { at, table, otherwise: Otherwise::Keep })
            }
        }
    }
}
