//! Steps, done.

use super::{Extent, Otherwise, Step, Steps, Table};
use crate::json::{Fault, Node, Object, Room, Segment};

// === impl Steps ===

impl Steps {
    /// Does them to `node`, in order; whether at most `most` values had to be made for it.
    pub fn apply<'a>(&'a self, node: &mut Node<'a>, extent: Extent, most: usize) -> bool {
        let mut room = Room::of_values(most);
        self.0.iter().try_for_each(|step| step.apply(node, extent, &mut room)).is_ok()
    }
}

// === impl Step ===

impl Step {
    /// Does it. What it makes is paid for; how deep it makes a document is the caller's care ([`Step::deepens`]).
    pub fn apply<'a>(&'a self, node: &mut Node<'a>, extent: Extent, room: &mut Room) -> Result<(), Fault> {
        match self {
            Self::Rename { object, from, to } => node.visit_mut(object, &mut |it| {
                if let Node::Object(object) = it {
                    object.rename(from, &**to);
                }
                Ok(())
            }),
            Self::Move { scope, from, to } => node.visit_mut(scope, &mut |it| relocate(it, from, to, room)),
            Self::Default { .. } if extent == Extent::Changes => Ok(()),
            Self::Default { object, name, value } => node.visit_mut(object, &mut |it| {
                if let Node::Object(object) = it
                    && object.get(name).is_none()
                {
                    room.spend(value.values())?;
                    object.set(&**name, value.borrow());
                }
                Ok(())
            }),
            Self::Drop(path) => {
                let Some((last, parents)) = path.segments().split_last() else { return Ok(()) };
                node.visit_mut(parents, &mut |it| {
                    it.take(last);
                    Ok(())
                })
            }
            Self::Values { at, table, otherwise } => {
                let Some((last, parents)) = at.segments().split_last() else { return Ok(()) };
                node.visit_mut(parents, &mut |it| replace(it, last, table, otherwise, room))
            }
        }
    }
}

/// Puts a value somewhere else. Where the way there is barred, it stays where it is.
fn relocate<'a>(
    node: &mut Node<'a>,
    from: &'a [Segment],
    to: &'a [Segment],
    room: &mut Room,
) -> Result<(), Fault> {
    let Some((last, parents)) = from.split_last() else { return Ok(()) };
    let Some((at, value)) = node.reach_mut(parents).and_then(|parent| parent.take(last)) else {
        return Ok(());
    };
    room.spend(to.len())?;
    match node.put(to, value) {
        // Where the value took the place of what it was in, that is gone already.
        None if parents.starts_with(to) => {}
        None => prune(node, parents),
        Some(value) => restore(node, parents, last, at, value),
    }
    Ok(())
}

/// Takes away the objects on the way that have nothing in them any more, the innermost first.
fn prune(node: &mut Node<'_>, way: &[Segment]) {
    let Some((segment, rest)) = way.split_first() else { return };
    let Some(next) = node.step_mut(segment) else { return };
    prune(next, rest);
    if next.object().is_some_and(Object::is_empty)
        && let Node::Object(object) = node
        && let Segment::Member(name) | Segment::MemberOrElement(name, _) = segment
    {
        object.take(name);
    }
}

/// Puts a value back to where it was taken from.
fn restore<'a>(node: &mut Node<'a>, parents: &[Segment], last: &'a Segment, at: usize, value: Node<'a>) {
    match (node.reach_mut(parents), last) {
        (Some(Node::Object(object)), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            object.insert(at, &**name, value);
        }
        (Some(Node::Array(elements)), _) => elements.insert(at.min(elements.len()), value),
        _ => {}
    }
}

/// Puts other values in place of those that one step leads to.
fn replace<'a>(
    node: &mut Node<'a>,
    segment: &Segment,
    table: &'a Table,
    otherwise: &'a Otherwise,
    room: &mut Room,
) -> Result<(), Fault> {
    if let (Node::Array(elements), Segment::Each) = (&mut *node, segment) {
        let mut kept = Vec::with_capacity(elements.len());
        for mut element in std::mem::take(elements) {
            if exchange(&mut element, table, otherwise, room)? {
                kept.push(element);
            }
        }
        *elements = kept;
        return Ok(());
    }
    let Some(value) = node.step_mut(segment) else { return Ok(()) };
    if !exchange(value, table, otherwise, room)? {
        node.take(segment);
    }
    Ok(())
}

/// Puts another value in place of this one; whether there is one still.
fn exchange<'a>(
    value: &mut Node<'a>,
    table: &'a Table,
    otherwise: &'a Otherwise,
    room: &mut Room,
) -> Result<bool, Fault> {
    let to = match (table.get(value), otherwise) {
        (Some(to), _) | (None, Otherwise::Value(to)) => to,
        (None, Otherwise::Keep) => return Ok(true),
        (None, Otherwise::Drop) => return Ok(false),
    };
    room.spend(to.values())?;
    *value = to.borrow();
    Ok(true)
}
