//! What may be there or not.

use super::{Found, Run, Value};
use crate::expression::fault::Fault;
use crate::expression::node::Node;

impl<'a> Run<'a> {
    /// What is said about a value that may be there or not. Whatever may be stands in one of these, or in a list or a map
    /// that leaves it out.
    pub(super) fn about_optional(&mut self, node: &'a Node) -> Found<'a> {
        match node {
            Node::OrValue(both) => match self.perhaps(&both[0])? {
                Some(value) => Ok(value),
                None => self.value(&both[1]),
            },
            Node::HasValue(of) => Ok(Value::Bool(self.perhaps(of)?.is_some())),
            Node::ValueOf(of) => self.perhaps(of)?.ok_or_else(|| Fault::Absent("value".into())),
            _ => Err(Fault::Absent("value".into())),
        }
    }

    /// A value, if there is one.
    pub(super) fn perhaps(&mut self, node: &'a Node) -> Result<Option<Value<'a>>, Fault> {
        match node {
            Node::Optional(of) => self.looked_for(of),
            Node::FirstOf(both) => match self.perhaps(&both[0])? {
                None => self.perhaps(&both[1]),
                found => Ok(found),
            },
            Node::OptionalOf(of) => self.value(of).map(Some),
            Node::OptionalNone => Ok(None),
            Node::Choose(three) if node.is_optional() => {
                let [condition, then, other] = &**three;
                if self.truth(condition, "?:")? { self.perhaps(then) } else { self.perhaps(other) }
            }
            _ => self.value(node).map(Some),
        }
    }

    /// A variable, a member or an element that may not be there. What has no members has none of this name, as in cel-go:
    /// `null` too. Whether a parameter that stands several times is there is no question with an answer.
    fn looked_for(&mut self, node: &'a Node) -> Result<Option<Value<'a>>, Fault> {
        self.pay(1)?;
        let found = match node {
            Node::Member(of, key) => match self.perhaps(of)? {
                Some(of) => self.member(&of, key),
                None => return Ok(None),
            },
            Node::Element(both) => match self.perhaps(&both[0])? {
                Some(of) => {
                    let at = self.value(&both[1])?;
                    self.element(&of, &at)
                }
                None => return Ok(None),
            },
            other => self.value(other),
        };
        match found {
            Err(Fault::Absent(_) | Fault::OutOfRange | Fault::Mismatch(..)) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Items of a list, without those that may be there and are not.
    pub(super) fn items(&mut self, items: &'a [Node]) -> Result<Vec<Value<'a>>, Fault> {
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            made.extend(self.perhaps(item)?);
        }
        Ok(made)
    }
}
