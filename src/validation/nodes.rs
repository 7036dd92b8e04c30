//! JSON as the library of schemas looks at it: our own values, without a copy, and with an end to looking.
//!
//! Schemas may be made so that content is looked at once for each alternative at each of its levels: `anyOf` within `anyOf`,
//! as trees are described. The library remembers what it has found *valid*, but when it says what is wrong it goes into
//! every alternative anew, which doubles with each level. So every look costs something, and when [`Work`] is used up,
//! values have nothing in them any more: whatever the library does then ends soon, and what it says is thrown away.

use std::borrow::Cow;
use std::cell::Cell;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object, cmp, unique};
use serde_json::Value;

use crate::json::{self, Node};

/// Bytes of text that cost as much as a value: a pattern reads them all.
const BYTES: usize = 64;

/// Members that are looked through for a name cost as much as a value, this many at a time.
const MEMBERS: usize = 16;

/// What one judgement may cost.
#[derive(Debug, Default)]
pub(super) struct Work(Cell<u32>);

/// The representation, as a type.
pub(super) struct Nodes;

/// A value that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    node: &'a Node<'a>,
    work: &'a Work,
}

/// A number by its digits.
pub(super) struct Digits<'a>(&'a json::Number<'a>);

/// Members that are looked at.
pub(super) struct Members<'a>(&'a json::Object<'a>, &'a Work);

/// Elements that are looked at.
pub(super) struct Elements<'a>(&'a [Node<'a>], &'a Work);

/// Where a member's name stands while it is judged as a text.
pub(super) struct Name(Node<'static>, Work);

// === impl Work ===

impl Work {
    /// At most so many looks.
    pub(super) fn of(looks: u32) -> Self {
        Self(Cell::new(looks))
    }

    /// Whether it was used up, so that what was said is not to be believed.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// Takes `looks` away. Whether there was any left.
    fn take(&self, looks: usize) -> bool {
        let left = self.0.get().saturating_sub(u32::try_from(looks).unwrap_or(u32::MAX));
        self.0.set(left);
        left > 0
    }
}

// === impl Seen ===

impl<'a> Seen<'a> {
    /// `node`, for as long as there is `work` left.
    pub(super) fn new(node: &'a Node<'a>, work: &'a Work) -> Self {
        Self { node, work }
    }
}

impl Json for Nodes {
    type Node<'a> = Seen<'a>;
    type PreparedKey = Box<str>;
    // Members are in a list: looking for one by its name is a walk through them.
    const KEYS_PER_LOOKUP: usize = 8;
    type StringBuffer = Name;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(buffer: &mut Name, string: &str, f: impl FnOnce(Seen<'_>) -> T) -> T {
        *buffer = Name(Node::Text(Cow::Owned(string.to_owned())), Work::of(u32::MAX));
        f(Seen::new(&buffer.0, &buffer.1))
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(Node::Null, Work::default())
    }
}

impl<'a> JsonNode<'a, Nodes> for Seen<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = Digits<'a>;

    fn as_object(&self) -> Option<Members<'a>> {
        let Node::Object(object) = self.node else { return None };
        self.work.take(1).then_some(Members(object, self.work))
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        let Node::Array(elements) = self.node else { return None };
        self.work.take(1).then_some(Elements(elements, self.work))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let Node::Text(text) = self.node else { return None };
        self.work.take(1 + text.len() / BYTES).then_some(Cow::Borrowed(text))
    }

    fn as_number(&self) -> Option<Digits<'a>> {
        let Node::Number(number) = self.node else { return None };
        self.work.take(1).then_some(Digits(number))
    }

    fn as_boolean(&self) -> Option<bool> {
        if let Node::Bool(it) = self.node { Some(*it) } else { None }
    }

    fn is_null(&self) -> bool {
        matches!(self.node, Node::Null)
    }

    fn json_type(&self) -> JsonType {
        match self.node {
            Node::Null => JsonType::Null,
            Node::Bool(_) => JsonType::Boolean,
            Node::Number(_) => JsonType::Number,
            Node::Text(_) => JsonType::String,
            Node::Array(_) => JsonType::Array,
            Node::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        equals(self.node, expected, self.work)
    }

    /// Nothing: it is for what is said about a value, which never repeats it. All that compares values is done here.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref(self.node).addr()))
    }
}

impl<'a> Object<'a, Nodes> for Members<'a> {
    type Node = Seen<'a>;
    type MemberName = &'a str;
    type MembersIter = Box<dyn Iterator<Item = (&'a str, Seen<'a>)> + 'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<Seen<'a>> {
        self.1.take(1 + self.0.len() / MEMBERS);
        self.0.get(key).map(|node| Seen::new(node, self.1))
    }

    fn members(&self) -> Self::MembersIter {
        let (object, work) = (self.0, self.1);
        Box::new(object.iter().take_while(|_| work.take(1)).map(|(name, node)| (name, Seen::new(node, work))))
    }
}

impl<'a> Array<'a, Nodes> for Elements<'a> {
    type Node = Seen<'a>;
    type ElementsIter = Box<dyn Iterator<Item = Seen<'a>> + 'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        let (elements, work) = (self.0, self.1);
        Box::new(elements.iter().take_while(|_| work.take(1)).map(|node| Seen::new(node, work)))
    }

    fn is_unique(&self) -> bool {
        let values: Vec<Value> = self.0.iter().map(|node| value(node, self.1)).collect();
        unique::is_unique(&values)
    }
}

impl JsonNumber for Digits<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_str().parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_str().parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        Some(double(self.0.as_str()))
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.as_str())
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(number(self.0.as_str()))
    }
}

/// The nearest double; of what is beyond all of them, the largest.
fn double(text: &str) -> f64 {
    text.parse::<f64>().unwrap_or_default().clamp(f64::MIN, f64::MAX)
}

/// As serde has numbers: whole ones of 64 bits are exact, all others are doubles.
fn number(text: &str) -> serde_json::Number {
    let whole = text.parse::<u64>().map(serde_json::Number::from);
    let whole = whole.or_else(|_| text.parse::<i64>().map(serde_json::Number::from));
    whole.ok().or_else(|| serde_json::Number::from_f64(double(text))).unwrap_or_else(|| 0.into())
}

/// As the library has values: schemas are such, and elements that must all be different.
fn value(node: &Node<'_>, work: &Work) -> Value {
    if !work.take(1) {
        return Value::Null;
    }
    match node {
        Node::Null => Value::Null,
        Node::Bool(it) => Value::Bool(*it),
        Node::Number(digits) => Value::Number(number(digits.as_str())),
        Node::Text(text) => Value::String(text.to_string()),
        Node::Array(elements) => elements.iter().map(|element| value(element, work)).collect(),
        Node::Object(members) => {
            let members = members.iter().map(|(name, member)| (name.to_owned(), value(member, work)));
            Value::Object(members.collect())
        }
    }
}

/// A document of the author's, as the library has values.
pub(super) fn of_document(node: &Node<'_>) -> Value {
    value(node, &Work::of(u32::MAX))
}

/// JSON Schema core (2020-12) section 4.2.2: numbers by their value, members in any order.
fn equals(node: &Node<'_>, expected: &Value, work: &Work) -> bool {
    if !work.take(1) {
        return false;
    }
    match (node, expected) {
        (Node::Null, Value::Null) => true,
        (Node::Bool(one), Value::Bool(other)) => one == other,
        (Node::Number(one), Value::Number(other)) => cmp::equal_numbers(&Digits(one), other),
        (Node::Text(one), Value::String(other)) => one == other,
        (Node::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(node, expected)| equals(node, expected, work))
        }
        (Node::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && other
                    .iter()
                    .all(|(name, expected)| one.get(name).is_some_and(|node| equals(node, expected, work)))
        }
        _ => false,
    }
}
