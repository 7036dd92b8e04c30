//! Steps, done.

use super::{Extent, Otherwise, Step, Steps, Table};
use crate::json::{Node, Object, Segment};

/// More values came of it than there may be.
struct TooMany;

/// How many values may still be made.
struct Budget(usize);

// === impl Steps ===

impl Steps {
    /// Does them to `node`, in order; whether at most `most` values had to be made for it.
    pub fn apply<'a>(&'a self, node: &mut Node<'a>, extent: Extent, most: usize) -> bool {
        let mut budget = Budget(most);
        self.0.iter().try_for_each(|step| step.apply(node, extent, &mut budget)).is_ok()
    }
}

// === impl Step ===

impl Step {
    fn apply<'a>(&'a self, node: &mut Node<'a>, extent: Extent, budget: &mut Budget) -> Result<(), TooMany> {
        match self {
            Self::Rename { object, from, to } => node.visit_mut(object, &mut |it| {
                if let Node::Object(object) = it {
                    object.rename(from, &**to);
                }
                Ok(())
            }),
            Self::Move { scope, from, to } => node.visit_mut(scope, &mut |it| relocate(it, from, to, budget)),
            Self::Default { .. } if extent == Extent::Changes => Ok(()),
            Self::Default { object, name, value } => node.visit_mut(object, &mut |it| {
                if let Node::Object(object) = it
                    && object.get(name).is_none()
                {
                    budget.spend(value.values())?;
                    object.set(&**name, value.borrow());
                }
                Ok(())
            }),
            Self::Drop(path) => {
                let Some((last, parents)) = path.segments().split_last() else { return Ok(()) };
                node.visit_mut(parents, &mut |it| {
                    take(it, last);
                    Ok(())
                })
            }
            Self::Values { at, table, otherwise } => {
                let Some((last, parents)) = at.segments().split_last() else { return Ok(()) };
                node.visit_mut(parents, &mut |it| replace(it, last, table, otherwise, budget))
            }
        }
    }
}

// === impl Budget ===

impl Budget {
    fn spend(&mut self, values: usize) -> Result<(), TooMany> {
        self.0 = self.0.checked_sub(values).ok_or(TooMany)?;
        Ok(())
    }
}

/// Takes out what one step leads to, and says where it stood; with `[*]`, all there is.
fn take<'a>(node: &mut Node<'a>, segment: &Segment) -> Option<(usize, Node<'a>)> {
    match (node, segment) {
        (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            object.take(name)
        }
        (Node::Array(elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
            (*at < elements.len()).then(|| (*at, elements.remove(*at)))
        }
        (Node::Array(elements), Segment::Each) => {
            elements.clear();
            None
        }
        _ => None,
    }
}

/// Puts a value somewhere else. Where the way there is barred, it stays where it is.
fn relocate<'a>(
    node: &mut Node<'a>,
    from: &'a [Segment],
    to: &'a [Segment],
    budget: &mut Budget,
) -> Result<(), TooMany> {
    let Some((last, parents)) = from.split_last() else { return Ok(()) };
    let Some((at, value)) = reach(node, parents).and_then(|parent| take(parent, last)) else { return Ok(()) };
    budget.spend(to.len())?;
    match put(node, to, value) {
        // Where the value took the place of what it was in, that is gone already.
        None if parents.starts_with(to) => {}
        None => prune(node, parents),
        Some(value) => restore(node, parents, last, at, value),
    }
    Ok(())
}

fn reach<'n, 'a>(node: &'n mut Node<'a>, way: &[Segment]) -> Option<&'n mut Node<'a>> {
    way.iter().try_fold(node, |node, segment| node.step_mut(segment))
}

/// Puts `value` there, and makes the objects on the way that are missing. What cannot be put is given back, and nothing is
/// made.
fn put<'a>(node: &mut Node<'a>, way: &'a [Segment], value: Node<'a>) -> Option<Node<'a>> {
    let Some((segment, rest)) = way.split_first() else {
        *node = value;
        return None;
    };
    match (node, segment) {
        (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            if let Some(next) = object.get_mut(name) {
                return put(next, rest, value);
            }
            // Only what is there already can bar the way, so that nothing is made in vain, but for an element of an array
            // that is not there.
            if rest.iter().any(|segment| matches!(segment, Segment::Element(_) | Segment::Each)) {
                return Some(value);
            }
            object.set(&**name, wrapped(rest, value));
            None
        }
        (Node::Array(elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
            match elements.get_mut(*at) {
                Some(next) => put(next, rest, value),
                None => Some(value),
            }
        }
        _ => Some(value),
    }
}

/// `value` in objects of one member each.
fn wrapped<'a>(way: &'a [Segment], value: Node<'a>) -> Node<'a> {
    way.iter().rev().fold(value, |inner, segment| match segment {
        Segment::Member(name) | Segment::MemberOrElement(name, _) => {
            let mut object = Object::default();
            object.set(&**name, inner);
            Node::Object(object)
        }
        Segment::Element(_) | Segment::Each => inner,
    })
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
    match (reach(node, parents), last) {
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
    budget: &mut Budget,
) -> Result<(), TooMany> {
    if let (Node::Array(elements), Segment::Each) = (&mut *node, segment) {
        let mut kept = Vec::with_capacity(elements.len());
        for mut element in std::mem::take(elements) {
            if exchange(&mut element, table, otherwise, budget)? {
                kept.push(element);
            }
        }
        *elements = kept;
        return Ok(());
    }
    let Some(value) = node.step_mut(segment) else { return Ok(()) };
    if !exchange(value, table, otherwise, budget)? {
        take(node, segment);
    }
    Ok(())
}

/// Puts another value in place of this one; whether there is one still.
fn exchange<'a>(
    value: &mut Node<'a>,
    table: &'a Table,
    otherwise: &'a Otherwise,
    budget: &mut Budget,
) -> Result<bool, TooMany> {
    let to = match (table.get(value), otherwise) {
        (Some(to), _) | (None, Otherwise::Value(to)) => to,
        (None, Otherwise::Keep) => return Ok(true),
        (None, Otherwise::Drop) => return Ok(false),
    };
    budget.spend(to.values())?;
    *value = to.borrow();
    Ok(true)
}
