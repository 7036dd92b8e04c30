//! Values that come out of what they are in, or into something new.

use std::mem;

use crate::json::{Fault, Node, Object, Room, Segment};

/// Puts what is within a value in its place.
pub(super) fn flatten(
    node: &mut Node<'_>,
    at: &[Segment],
    prefix: &str,
    room: &mut Room,
) -> Result<(), Fault> {
    let Some((last, parents)) = at.split_last() else { return join_arrays(node) };
    node.visit_mut(parents, &mut |parent| match (parent, last) {
        (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            match object.get_mut(name) {
                Some(inner @ Node::Array(_)) => join_arrays(inner),
                Some(Node::Object(inner)) => {
                    if !prefix.is_empty() {
                        room.bytes(inner.iter().map(|(name, _)| prefix.len() + name.len()).sum())?;
                    }
                    object.raise(name, prefix);
                    Ok(())
                }
                _ => Ok(()),
            }
        }
        (parent, last) => parent.visit_mut(std::slice::from_ref(last), &mut join_arrays),
    })
}

/// Puts the elements of arrays in an array in their place.
fn join_arrays(node: &mut Node<'_>) -> Result<(), Fault> {
    let Node::Array(elements) = node else { return Ok(()) };
    if elements.iter().any(|element| matches!(element, Node::Array(_))) {
        for element in mem::take(elements) {
            match element {
                Node::Array(inner) => elements.extend(inner),
                other => elements.push(other),
            }
        }
    }
    Ok(())
}

/// Puts members of an object into one of its own, which is made where the first of them stood.
pub(super) fn group<'a>(
    node: &mut Node<'a>,
    object: &[Segment],
    members: &[Box<str>],
    into: &'a str,
    room: &mut Room,
) -> Result<(), Fault> {
    let belongs = |name: &str| members.binary_search_by(|known| (**known).cmp(name)).is_ok();
    node.visit_mut(object, &mut |it| {
        let Node::Object(object) = it else { return Ok(()) };
        // A member of the name that is to be grouped itself is out of the way then.
        let there = if belongs(into) { None } else { object.get(into) };
        if there.is_some_and(|there| there.object().is_none()) {
            return Ok(());
        }
        let joins = there.is_some();
        let Some((at, part)) = object.part(belongs) else { return Ok(()) };
        if joins && let Some(Node::Object(there)) = object.get_mut(into) {
            return there.join(part, |_, one, other| {
                *one = other;
                Ok(())
            });
        }
        room.spend(1)?;
        object.insert(at, into, Node::Object(part));
        Ok(())
    })
}

/// Puts a value into an object of one member.
pub(super) fn wrap<'a>(
    node: &mut Node<'a>,
    at: &[Segment],
    into: &'a str,
    room: &mut Room,
) -> Result<(), Fault> {
    node.visit_mut(at, &mut |it| {
        room.spend(1)?;
        let mut object = Object::default();
        object.set(into, mem::replace(it, Node::Null));
        *it = Node::Object(object);
        Ok(())
    })
}

/// Puts a value in the place of what it is in.
pub(super) fn unwrap(node: &mut Node<'_>, scope: &[Segment], at: &[Segment]) {
    // Nothing can go wrong with it: what is not there stays as it is.
    let _: Result<(), Fault> = node.visit_mut(scope, &mut |it| {
        if let Some(inner) = it.reach_mut(at) {
            *it = mem::replace(inner, Node::Null);
        }
        Ok(())
    });
}
