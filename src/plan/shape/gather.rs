//! Lists of what stands in several places.

use super::super::compile::{Context, Pointer};
use crate::config::OneOrMany;
use crate::json::{Path, Segment};
use crate::shape::{Operation, What};

impl Context<'_> {
    pub(super) fn shape_gather(
        &mut self,
        at: &Pointer,
        from: &OneOrMany,
        to: Option<&str>,
        what: What,
    ) -> Option<Operation> {
        let from = self.shape_paths(&at.key("from"), from);
        let at = at.key("to");
        let to = self.shape_place(&at, to.unwrap_or("."))?;
        if to.segments().iter().any(|segment| !matches!(segment, Segment::Member(_))) {
            self.error(&at, "only names lead to where the list goes, no elements of arrays")
                .help("such as \"all\" or \"result.items\"");
            return None;
        }
        let from = from?;
        if let Some(taken) = from.iter().find(|path| is_within(&to, path)) {
            self.error(&at, format!("this is within \"{taken}\", which is taken away"))
                .help("put the list somewhere else, and move it afterwards");
            return None;
        }
        Some(Operation::Gather { from: from.into(), to: to.segments().into(), what })
    }
}

/// Whether a place lies within what stands at another one.
fn is_within(inner: &Path, outer: &Path) -> bool {
    let (inner, outer) = (inner.segments(), outer.segments());
    let same = |(one, other): (&Segment, &Segment)| match (one, other) {
        (Segment::Member(one), Segment::Member(other) | Segment::MemberOrElement(other, _)) => one == other,
        _ => false,
    };
    outer.len() < inner.len() && inner.iter().zip(outer).all(same)
}
