//! The result: what steps have for it, shaped, and put together in the order in which they are written.

use super::run::{Answers, Value, facts_of};
use super::{Compose, List, Place, Step};
use crate::expression::{Beyond, Facts};
use crate::json::{Limits, Node};
use crate::merge::{self, Part};

/// The parts of a result that is being made.
struct Making<'x, 's> {
    compose: &'x Compose,
    answers: &'x Answers<'s>,
    facts: Facts<'x>,
    values: Vec<Option<Value<'x>>>,
    /// Steps whose answers cannot be shaped, and why.
    unshaped: Vec<(usize, String)>,
}

/// The result, and the steps whose answers could not be shaped, with why: they are no part of it. `values` is what
/// [`super::run::Run::finish`] says.
pub fn make<'x, 's: 'x>(
    compose: &'x Compose,
    answers: &'x Answers<'s>,
    facts: Facts<'x>,
    values: Vec<Option<Value<'x>>>,
) -> (Result<Node<'x>, merge::Fault>, Vec<(usize, String)>) {
    let mut making = Making { compose, answers, facts, values, unshaped: Vec::new() };
    let mut parts = Vec::with_capacity(compose.steps.len());
    for (at, step) in compose.steps.iter().enumerate() {
        let Place::Into(into) = &step.place else { continue };
        let node = making.node(at);
        parts.extend(node.map(|node| Part { name: &step.name, into, node }));
    }
    (compose.merge.of(parts, &Limits::of(compose.total)), making.unshaped)
}

// === impl Making ===

impl<'x> Making<'x, '_> {
    /// What a step has for the result, with everything that is put into it.
    fn node(&mut self, step: usize) -> Option<Node<'x>> {
        let node = match self.values[step].take()? {
            Value::One(node) => self.with_attached(step, node),
            Value::Read => {
                let node = self.answers[step].get()?.content.borrow();
                self.with_attached(step, node)
            }
            Value::Spread(parts, of) => {
                let parts = self.parts(step, parts, &of)?;
                return Some(Node::Array(parts.into_iter().map(|part| part.unwrap_or(Node::Null)).collect()));
            }
        };
        self.shaped(step, node)
    }

    /// What comes of each element.
    fn parts(
        &mut self,
        step: usize,
        parts: Vec<Option<Node<'x>>>,
        of: &[usize],
    ) -> Option<Vec<Option<Node<'x>>>> {
        let mut given = Given::new(parts, of);
        let all = Node::Array(of.iter().map(|at| given.next(*at).unwrap_or(Node::Null)).collect());
        let Node::Array(all) = self.with_attached(step, all) else { return None };
        let mut shaped = Vec::with_capacity(all.len());
        for (part, at) in all.into_iter().zip(of) {
            shaped.push(match given.had(*at) {
                true => Some(self.shaped(step, part)?),
                false => None,
            });
        }
        Some(shaped)
    }

    /// `node`, in the form that the step's author wants; `None` where it cannot have that.
    fn shaped(&mut self, step: usize, node: Node<'x>) -> Option<Node<'x>> {
        let written: &'x Step = &self.compose.steps[step];
        if written.shape.is_empty() {
            return Some(node);
        }
        let steps = facts_of(self.compose, self.answers, &written.needs);
        let beyond = Beyond { content: self.facts.beyond.content, steps: &steps, ..Beyond::default() };
        let facts = Facts { beyond, ..self.facts };
        match written.shape.apply(node, &facts, &Limits::of(self.compose.total)) {
            Ok(node) => Some(node),
            Err(fault) => {
                self.unshaped.push((step, fault.to_string()));
                None
            }
        }
    }

    /// `node`, which is what a step has, with what others put into it.
    fn with_attached(&mut self, step: usize, mut node: Node<'x>) -> Node<'x> {
        let compose = self.compose;
        for (at, other) in compose.steps.iter().enumerate() {
            let (Place::Attached(member), Some(each)) = (&other.place, &other.each) else { continue };
            let List::At(owner, path) = &each.list else { continue };
            if *owner != step {
                continue;
            }
            let Some(Value::Spread(parts, of)) = self.values[at].take() else { continue };
            let Some(parts) = self.parts(at, parts, &of) else { continue };
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
        node
    }
}

/// Parts that are given as often as they are wanted, and copied but for the last time.
struct Given<'x> {
    parts: Vec<Option<Node<'x>>>,
    had: Vec<bool>,
    left: Vec<usize>,
}

// === impl Given ===

impl<'x> Given<'x> {
    fn new(parts: Vec<Option<Node<'x>>>, of: &[usize]) -> Self {
        let mut left = vec![0; parts.len()];
        of.iter().for_each(|at| left[*at] += 1);
        let had = parts.iter().map(Option::is_some).collect();
        Self { parts, had, left }
    }

    /// Whether there is any.
    fn had(&self, at: usize) -> bool {
        self.had[at]
    }

    fn next(&mut self, at: usize) -> Option<Node<'x>> {
        self.left[at] -= 1;
        if self.left[at] == 0 { self.parts[at].take() } else { self.parts[at].clone() }
    }
}
