//! The result: what steps have for it, put together in the order in which they are written.

use super::run::{Answers, Value};
use super::{Compose, List, Place};
use crate::json::{Node, Object};

/// The parts of a result that is being made.
struct Making<'x, 's> {
    compose: &'x Compose,
    answers: &'x Answers<'s>,
    values: Vec<Option<Value<'x>>>,
}

/// The result. `values` is what [`super::run::Run::finish`] says.
pub fn make<'x, 's: 'x>(
    compose: &'x Compose,
    answers: &'x Answers<'s>,
    values: Vec<Option<Value<'x>>>,
) -> Node<'x> {
    let mut making = Making { compose, answers, values };
    let mut result = None;
    for (at, step) in compose.steps.iter().enumerate() {
        let Place::Into(place) = &step.place else { continue };
        let Some(node) = making.node(at) else { continue };
        put(result.get_or_insert(Node::Null), place, node);
    }
    match result {
        None | Some(Node::Null) => Node::Object(Object::default()),
        Some(result) => result,
    }
}

// === impl Making ===

impl<'x> Making<'x, '_> {
    /// What a step has for the result, with everything that is attached to it.
    fn node(&mut self, step: usize) -> Option<Node<'x>> {
        let mut node = match self.values[step].take()? {
            Value::One(node) => node,
            Value::Read => self.answers[step].get()?.content.borrow(),
            Value::Spread(parts, of) => Node::Array(spread(parts, &of)),
        };
        for (at, other) in self.compose.steps.iter().enumerate() {
            let (Place::Attached(member), Some(each)) = (&other.place, &other.each) else { continue };
            let List::At(owner, path) = &each.list else { continue };
            if *owner != step {
                continue;
            }
            let Some(parts) = self.attached(at) else { continue };
            let list = match path {
                None => Some(&mut node),
                Some(path) => path.segments().iter().try_fold(&mut node, |node, step| node.step_mut(step)),
            };
            let Some(Node::Array(elements)) = list else { continue };
            for (element, part) in elements.iter_mut().zip(parts) {
                if let (Node::Object(object), Some(part)) = (element, part) {
                    object.set(&**member, part);
                }
            }
        }
        Some(node)
    }

    /// What is attached to each element, with what is attached to that in turn.
    fn attached(&mut self, step: usize) -> Option<Vec<Option<Node<'x>>>> {
        if self.is_attached_to(step) {
            // What has no part is null, which nobody attaches anything to.
            let Node::Array(nodes) = self.node(step)? else { return None };
            return Some(nodes.into_iter().map(|node| (node != Node::Null).then_some(node)).collect());
        }
        let Value::Spread(parts, of) = self.values[step].take()? else { return None };
        let mut parts = Parts::new(parts, &of);
        Some(of.iter().map(|at| parts.next(*at)).collect())
    }

    fn is_attached_to(&self, step: usize) -> bool {
        self.compose.steps.iter().any(|other| {
            let list = other.each.as_ref().map(|each| &each.list);
            matches!(other.place, Place::Attached(_))
                && matches!(list, Some(List::At(owner, _)) if *owner == step)
        })
    }
}

/// Parts that are given as often as they are wanted, and copied but for the last time.
struct Parts<'x> {
    parts: Vec<Option<Node<'x>>>,
    left: Vec<usize>,
}

// === impl Parts ===

impl<'x> Parts<'x> {
    fn new(parts: Vec<Option<Node<'x>>>, of: &[usize]) -> Self {
        let mut left = vec![0; parts.len()];
        of.iter().for_each(|at| left[*at] += 1);
        Self { parts, left }
    }

    fn next(&mut self, at: usize) -> Option<Node<'x>> {
        self.left[at] -= 1;
        if self.left[at] == 0 { self.parts[at].take() } else { self.parts[at].clone() }
    }
}

fn spread<'x>(parts: Vec<Option<Node<'x>>>, of: &[usize]) -> Vec<Node<'x>> {
    let mut parts = Parts::new(parts, of);
    of.iter().map(|at| parts.next(*at).unwrap_or(Node::Null)).collect()
}

/// Puts a value into the result.
fn put<'x>(result: &mut Node<'x>, place: &'x [Box<str>], node: Node<'x>) {
    let Some((name, rest)) = place.split_first() else {
        match (&mut *result, node) {
            (Node::Object(known), Node::Object(new)) => {
                for (name, value) in new.iter() {
                    known.set(name.to_owned(), value.clone());
                }
            }
            (result, node) => *result = node,
        }
        return;
    };
    if !matches!(result, Node::Object(_)) {
        *result = Node::Object(Object::default());
    }
    let Node::Object(object) = result else { return };
    if object.get(name).is_none() {
        object.set(&**name, Node::Null);
    }
    if let Some(inside) = object.get_mut(name) {
        put(inside, rest, node);
    }
}
