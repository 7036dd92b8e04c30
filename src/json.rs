//! JSON as it was written: big integers and decimals digit for digit, members in their order.
//!
//! RFC 8259 leaves some choices to readers. Here they are the strict ones: text is UTF-8 without a byte order mark
//! (section 8.1), escapes of half a surrogate pair are refused (section 8.2), and so are objects in which a name stands
//! twice (section 4): whoever reads them after the gateway might take the other one. Numbers are never calculated with
//! (section 6): what was written is what is written again.

use std::borrow::Cow;
use std::fmt;

mod compare;
mod key;
mod members;
pub mod merge_patch;
mod number;
mod parse;
pub mod patch;
mod path;
mod pick;
mod place;
mod reach;
mod room;
mod scan;
mod weigh;
mod write;

pub use compare::{Difference, Differences, Kind, Numbers, Rules, compare};
pub use key::Key;
pub use number::Number;
pub use parse::parse;
pub use path::{Path, PathError, Segment};
pub use pick::{Picker, Picks};
pub use room::Room;
pub use weigh::{Bounds, Excess, weigh};

/// The deepest that any document may be, whatever its reader allows: it is walked through by functions that call
/// themselves.
pub const MOST_DEPTH: usize = 128;

/// A value, as far as it can be borrowed from the text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number<'a>),
    /// Text, without its escapes.
    Text(Cow<'a, str>),
    /// Elements, in their order.
    Array(Vec<Node<'a>>),
    /// Members, in their order.
    Object(Object<'a>),
}

/// Members in their order, no name twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

/// What a document may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole of it, in bytes.
    pub bytes: usize,
    /// Arrays and objects within each other; never more than [`MOST_DEPTH`].
    pub depth: usize,
    /// Values of all kinds, at all depths together.
    pub values: usize,
    /// One text or name, in bytes as it is written.
    pub text: usize,
}

/// Why something is not JSON, or not any that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// Why.
    pub fault: Fault,
}

/// Why something is not JSON, or not any that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends before the value does.
    End,
    /// Something else should stand here.
    Unexpected,
    /// There is something after the value.
    After,
    /// It is not UTF-8.
    Encoding,
    /// A number is not written as numbers are.
    Number,
    /// A control character within text.
    Control,
    /// An escape that there is not.
    Escape,
    /// Half a surrogate pair.
    Surrogate,
    /// A name stands twice in one object.
    Twice,
    /// More than [`Limits::depth`].
    Deep,
    /// More than [`Limits::values`].
    Values,
    /// More than [`Limits::text`].
    Text,
    /// More than [`Limits::bytes`].
    Bytes,
}

// === impl Limits ===

impl Limits {
    /// What is usual for documents of at most `bytes`: 64 deep, and a value for every 4 bytes. A member takes 56 bytes and
    /// lists grow by doubling, so that a document takes at most 28 times `bytes`, and 5 to 10 times where it is usual.
    pub const fn of(bytes: usize) -> Self {
        Self { bytes, depth: 64, values: bytes / 4 + 64, text: bytes }
    }
}

// === impl Node ===

impl<'a> Node<'a> {
    /// What kind of value it is, in the words of RFC 8259 section 3.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The object that it is.
    pub fn object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The same, borrowed: texts are not copied.
    pub fn borrow(&self) -> Node<'_> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(it) => Node::Bool(*it),
            Self::Number(number) => Node::Number(number.borrow()),
            Self::Text(text) => Node::Text(Cow::Borrowed(text)),
            Self::Array(elements) => Node::Array(elements.iter().map(Node::borrow).collect()),
            Self::Object(object) => {
                let members = object.iter().map(|(name, value)| (Cow::Borrowed(name), value.borrow()));
                Node::Object(Object { members: members.collect() })
            }
        }
    }

    /// The same, with texts of its own.
    pub fn into_owned(self) -> Node<'static> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(it) => Node::Bool(it),
            Self::Number(number) => Node::Number(number.into_owned()),
            Self::Text(text) => Node::Text(Cow::Owned(text.into_owned())),
            Self::Array(elements) => Node::Array(elements.into_iter().map(Node::into_owned).collect()),
            Self::Object(object) => {
                let members = object.members.into_iter();
                let members =
                    members.map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()));
                Node::Object(Object { members: members.collect() })
            }
        }
    }

    /// How many values it is made of, itself included.
    pub fn values(&self) -> usize {
        1 + match self {
            Self::Array(elements) => elements.iter().map(Node::values).sum(),
            Self::Object(object) => object.iter().map(|(_, value)| value.values()).sum(),
            _ => 0,
        }
    }

    /// How many arrays and objects are within each other, itself included.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(elements) => 1 + elements.iter().map(Node::depth).max().unwrap_or_default(),
            Self::Object(object) => {
                1 + object.iter().map(|(_, value)| value.depth()).max().unwrap_or_default()
            }
            _ => 0,
        }
    }
}

/// A value as other code has it; numbers are written as that writes them.
impl From<&serde_json::Value> for Node<'static> {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(it) => Self::Bool(*it),
            serde_json::Value::Number(number) => Self::Number(Number::of(number)),
            serde_json::Value::String(text) => Self::Text(Cow::Owned(text.clone())),
            serde_json::Value::Array(elements) => Self::Array(elements.iter().map(Self::from).collect()),
            serde_json::Value::Object(members) => {
                let members = members.iter();
                let members = members.map(|(name, value)| (Cow::Owned(name.clone()), Self::from(value)));
                Self::Object(Object { members: members.collect() })
            }
        }
    }
}

// === impl Object ===

/// Members in their order, of which the caller knows that no name stands twice.
impl FromIterator<(String, Node<'static>)> for Object<'static> {
    fn from_iter<I: IntoIterator<Item = (String, Node<'static>)>>(members: I) -> Self {
        Self { members: members.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect() }
    }
}

impl<'a> Object<'a> {
    /// Of these members, in their order; where a name stands twice, which of them is the second.
    pub fn new(members: Vec<(Cow<'a, str>, Node<'a>)>) -> Result<Self, usize> {
        let second = if members.len() > parse::FEW {
            parse::twice(&members)
        } else {
            (1..members.len()).find(|at| members[..*at].iter().any(|(known, _)| *known == members[*at].0))
        };
        match second {
            Some(second) => Err(second),
            None => Ok(Self { members }),
        }
    }

    /// Of these members, no two of which have the same name.
    pub(crate) fn of_distinct(members: Vec<(Cow<'a, str>, Node<'a>)>) -> Self {
        Self { members }
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Its members.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Node<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.position(name).map(|at| &self.members[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        self.position(name).map(|at| &mut self.members[at].1)
    }

    /// Where the member of this name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|(known, _)| known == name)
    }

    /// Gives a member this value: in its place, or behind all others.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Node<'a>) {
        let name = name.into();
        match self.position(&name) {
            Some(at) => self.members[at].1 = value,
            None => self.members.push((name, value)),
        }
    }

    /// Takes a member out, and says where it stood.
    pub fn take(&mut self, name: &str) -> Option<(usize, Node<'a>)> {
        let at = self.position(name)?;
        let (_, value) = self.members.remove(at);
        Some((at, value))
    }

    /// Puts a member at a place, or behind all others where there are fewer; another of its name gives way.
    pub fn insert(&mut self, at: usize, name: impl Into<Cow<'a, str>>, value: Node<'a>) {
        let name = name.into();
        self.take(&name);
        self.members.insert(at.min(self.members.len()), (name, value));
    }

    /// Gives a member another name, in its place; another of that name gives way. Whether there was one.
    pub fn rename(&mut self, from: &str, to: impl Into<Cow<'a, str>>) -> bool {
        let to = to.into();
        if self.position(from).is_none() {
            return false;
        }
        if from != &*to {
            self.take(&to);
        }
        if let Some(at) = self.position(from) {
            self.members[at].0 = to;
        }
        true
    }
}

// === impl Error ===

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.fault, self.at)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "the JSON ends too early",
            Self::Unexpected => "there is an unexpected character",
            Self::After => "there is something after the JSON",
            Self::Encoding => "the JSON is not UTF-8",
            Self::Number => "a number is not written as JSON has them",
            Self::Control => "a control character is not escaped",
            Self::Escape => "there is no such escape",
            Self::Surrogate => "half a surrogate pair is escaped",
            Self::Twice => "a name stands for the second time in one object",
            Self::Deep => "arrays and objects are nested too deeply",
            Self::Values => "there are too many values",
            Self::Text => "a text is too long",
            Self::Bytes => "the JSON is too large",
        })
    }
}

impl Fault {
    /// Whether it is JSON, but more than is taken.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::Deep | Self::Values | Self::Text | Self::Bytes)
    }
}
