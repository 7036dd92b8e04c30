//! Values of JSON as templates see them.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object as Seen, ObjectRepr, ValueKind};

use crate::json::{Node, Number};

/// Members in their order.
#[derive(Debug)]
struct Members {
    members: Vec<(Value, Value)>,
    /// Places in `members`, by name: objects of untrusted documents may have many.
    by_name: Vec<usize>,
}

/// A number that neither an `i64` nor an `f64` prints as it was written.
#[derive(Debug)]
pub(super) struct Exact(pub(super) Box<str>);

/// The value, with texts of its own: what a template sees outlives no request, but its types cannot say so.
pub(super) fn value(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::from(()),
        Node::Bool(it) => Value::from(*it),
        Node::Number(number) => of_number(number),
        Node::Text(text) => Value::from(&**text),
        Node::Array(elements) => Value::from(elements.iter().map(value).collect::<Vec<_>>()),
        Node::Object(object) => {
            let members: Vec<_> =
                object.iter().map(|(name, member)| (Value::from(name), value(member))).collect();
            let mut by_name: Vec<_> = (0..members.len()).collect();
            by_name.sort_unstable_by(|one, other| name(&members, *one).cmp(name(&members, *other)));
            Value::from_object(Members { members, by_name })
        }
    }
}

fn name(members: &[(Value, Value)], at: usize) -> &str {
    members[at].0.as_str().unwrap_or_default()
}

/// A number that can be calculated with where it prints the same, digit for digit.
fn of_number(number: &Number<'_>) -> Value {
    let text = number.as_str();
    if let Ok(whole) = text.parse::<i64>() {
        let same = Value::from(whole);
        if same.to_string() == text {
            return same;
        }
    }
    if let Ok(double) = text.parse::<f64>() {
        let same = Value::from(double);
        if double.is_finite() && same.to_string() == text {
            return same;
        }
    }
    Value::from_object(Exact(text.into()))
}

/// The value as compact JSON; `None` for what JSON does not have, and what is deeper than `depth`.
pub(super) fn json(value: &Value, depth: usize) -> Option<String> {
    let mut text = String::new();
    push_json(&mut text, value, depth)?;
    Some(text)
}

fn push_json(text: &mut String, value: &Value, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    if let Some(Exact(digits)) = value.downcast_object_ref::<Exact>() {
        text.push_str(digits);
        return Some(());
    }
    match value.kind() {
        ValueKind::None => text.push_str("null"),
        ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => {
            let number = value.to_string();
            // Neither NaN nor infinity.
            number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)).then_some(())?;
            text.push_str(&number);
        }
        ValueKind::String => text.push_str(&Node::Text(value.as_str()?.into()).to_text()),
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (at, element) in value.try_iter().ok()?.enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                push_json(text, &element, depth)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            text.push('{');
            for (at, key) in value.try_iter().ok()?.enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                text.push_str(&Node::Text(key.as_str()?.into()).to_text());
                text.push(':');
                push_json(text, &value.get_item(&key).ok()?, depth)?;
            }
            text.push('}');
        }
        _ => return None,
    }
    Some(())
}

// === impl Members ===

impl Seen for Members {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let at = self.by_name.binary_search_by(|at| name(&self.members, *at).cmp(key)).ok()?;
        Some(self.members[self.by_name[at]].1.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.members.iter().map(|(name, _)| name.clone()).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.members.len())
    }
}

// === impl Exact ===

impl Seen for Exact {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
