//! One array of what stands in several places.

use super::What;
use crate::json::{Fault, Node, Path, Room, Segment};

/// Takes it from there, in order, and puts an array of it to `to`. Nothing happens where there is none of it, or something
/// that is no object is in the way.
pub(super) fn gather<'a>(
    node: &mut Node<'a>,
    from: &[Path],
    to: &'a [Segment],
    what: What,
    room: &mut Room,
) -> Result<(), Fault> {
    // Nothing that is taken away opens or bars the way: it lies beside it, or at its end.
    if !node.is_open(to) {
        return Ok(());
    }
    let mut gathered = Vec::new();
    let mut any = false;
    for path in from {
        // The whole is in no place that it could go to.
        let Some((last, parents)) = path.segments().split_last() else { continue };
        node.visit_mut(parents, &mut |parent| {
            any |= take(parent, last, what, &mut gathered);
            Ok::<(), Fault>(())
        })?;
    }
    if any {
        // The array, and the objects on the way to it.
        room.spend(to.len() + 1)?;
        node.put(to, Node::Array(gathered));
    }
    Ok(())
}

/// Whether there was any of it.
fn take<'a>(parent: &mut Node<'a>, last: &Segment, what: What, gathered: &mut Vec<Node<'a>>) -> bool {
    if let (Node::Array(elements), Segment::Each) = (&mut *parent, last) {
        let before = elements.len();
        let all = std::mem::take(elements);
        elements.extend(all.into_iter().filter_map(|element| taken(element, what, gathered)));
        return elements.len() < before;
    }
    let fits = |there: &Node<'_>| what == What::Values || matches!(there, Node::Array(_));
    if !parent.step(last).is_some_and(fits) {
        return false;
    }
    parent.take(last).is_some_and(|(_, value)| taken(value, what, gathered).is_none())
}

/// Takes a value, or gives it back.
fn taken<'a>(value: Node<'a>, what: What, gathered: &mut Vec<Node<'a>>) -> Option<Node<'a>> {
    match (value, what) {
        (Node::Array(mut elements), What::Elements) => {
            gathered.append(&mut elements);
            None
        }
        (value, What::Elements) => Some(value),
        (value, What::Values) => {
            gathered.push(value);
            None
        }
    }
}
