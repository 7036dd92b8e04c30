//! From a value to what goes out: JSON, or text.

use std::borrow::Cow;

use super::evaluate::{MADE, Run};
use super::fault::Fault;
use super::map::Map;
use super::value::{Kind, List, Value};
use crate::json::{self, Node, Number, Object};

/// A value on its way to JSON.
struct Output<'r, 'a> {
    run: &'r mut Run<'a>,
    /// How many values may still come.
    left: usize,
}

/// The value as JSON of at most `most` values.
pub(super) fn node<'a>(run: &mut Run<'a>, value: Value<'a>, most: usize) -> Result<Node<'a>, Fault> {
    Output { run, left: most }.node(value, json::MOST_DEPTH)
}

/// The value as text: what has one way to be written.
pub(super) fn text(value: Value<'_>) -> Result<Cow<'_, str>, Fault> {
    Ok(match value {
        Value::Text(text) => text,
        Value::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Value::Int(value) => Cow::Owned(value.to_string()),
        Value::Uint(value) => Cow::Owned(value.to_string()),
        Value::Double(value) => Number::of_double(value).ok_or(Fault::Overflow)?.into_text(),
        Value::Number(number) => number.into_text(),
        Value::Timestamp(moment) => Cow::Owned(moment.to_string()),
        Value::Duration(span) => Cow::Owned(span.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => {
            return Err(Fault::Mismatch("a text", value.kind(), Kind::Null));
        }
    })
}

// === impl Output ===

impl<'a> Output<'_, 'a> {
    fn count(&mut self) -> Result<(), Fault> {
        self.left = self.left.checked_sub(1).ok_or(Fault::TooLarge)?;
        Ok(())
    }

    /// Calls itself for what is within, at most `depth` deep.
    fn node(&mut self, value: Value<'a>, depth: usize) -> Result<Node<'a>, Fault> {
        self.count()?;
        self.run.pay(MADE)?;
        Ok(match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(value),
            Value::Int(value) => Node::Number(value.into()),
            Value::Uint(value) => Node::Number(value.into()),
            Value::Double(value) => Node::Number(Number::of_double(value).ok_or(Fault::Overflow)?),
            Value::Number(number) => Node::Number(number),
            // What CEL has and JSON has not is text there, as in the JSON of Protocol Buffers.
            value @ (Value::Text(_) | Value::Timestamp(_) | Value::Duration(_)) => Node::Text(text(value)?),
            Value::List(list) => Node::Array(self.array(&list, within(depth)?)?),
            Value::Map(map) => Node::Object(self.object(&map, within(depth)?)?),
        })
    }

    fn array(&mut self, list: &List<'a>, depth: usize) -> Result<Vec<Node<'a>>, Fault> {
        match list {
            List::Nodes(nodes) => nodes.iter().map(|node| self.lent(node, depth)).collect(),
            List::Lent(nodes) => nodes.iter().map(|node| self.lent(node, depth)).collect(),
            list => (0..list.len()).filter_map(|at| list.get(at)).map(|it| self.node(it, depth)).collect(),
        }
    }

    fn object(&mut self, map: &Map<'a>, depth: usize) -> Result<Object<'a>, Fault> {
        self.run.pay(map.weight() + map.len() * MADE)?;
        match map {
            Map::Object(object) => self.members(object, depth),
            Map::Made(pairs) => {
                let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::with_capacity(pairs.len());
                let texts = pairs.iter().all(|(key, _)| key.kind() == Kind::Text);
                for (key, value) in pairs.iter() {
                    let name = text(key.clone())?;
                    // Keys are distinct, but 1 and "1" are written alike.
                    if !texts && members.iter().any(|(known, _)| *known == name) {
                        return Err(Fault::Key);
                    }
                    members.push((name, self.node(value.clone(), depth)?));
                }
                Ok(Object::of_distinct(members))
            }
            map => {
                let mut object = Object::default();
                for key in map.keys() {
                    let Value::Text(name) = key else { return Err(Fault::Key) };
                    self.run.make(map.weight() + name.len())?;
                    let value = self.node(map.get(&name)?, depth)?;
                    object.set(name, value);
                }
                Ok(object)
            }
        }
    }

    /// What stands in a document, as it stands there.
    fn lent(&mut self, node: &'a Node<'a>, depth: usize) -> Result<Node<'a>, Fault> {
        self.count()?;
        self.run.pay(1)?;
        Ok(match node {
            Node::Null => Node::Null,
            Node::Bool(value) => Node::Bool(*value),
            Node::Number(number) => Node::Number(number.borrow()),
            Node::Text(text) => Node::Text(Cow::Borrowed(text)),
            Node::Array(elements) => {
                let depth = within(depth)?;
                Node::Array(elements.iter().map(|it| self.lent(it, depth)).collect::<Result<_, _>>()?)
            }
            Node::Object(object) => Node::Object(self.members(object, within(depth)?)?),
        })
    }

    fn members(&mut self, object: &'a Object<'a>, depth: usize) -> Result<Object<'a>, Fault> {
        let members = object.iter().map(|(name, value)| Ok((Cow::Borrowed(name), self.lent(value, depth)?)));
        members.collect::<Result<_, _>>().map(Object::of_distinct)
    }
}

/// The depth that is left within a list or a map.
fn within(depth: usize) -> Result<usize, Fault> {
    depth.checked_sub(1).ok_or(Fault::TooLarge)
}
