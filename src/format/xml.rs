//! XML 1.0 (fifth edition) with namespaces.
//!
//! Elements become members, elements that repeat become arrays, attributes become members with a prefix, and text is the
//! value where there is nothing else. There are no entities but the five of XML itself (section 4.6) and no document type
//! declarations, so that nothing in a document can grow or lead out of it.

use std::fmt;

use crate::json::{Limits, Node, Path};

use super::{Error, Fault};

mod escape;
mod members;
mod names;
mod places;
mod read;
mod scopes;
mod tokens;
mod typed;
mod write;

pub use places::Places;

pub(super) use names::is_blank;
pub(super) use read::{content, named};
pub(super) use tokens::{Token, Tokens};
pub(super) use write::Writer;

/// What stands for what. Paths are names from the root element on, as they are in the JSON, without anything for elements
/// of arrays: `order.item.price`, `order.@id`; `*` is any one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlRules {
    /// The name of the root element. With one, JSON is what is in that element; without, it is an object with one member,
    /// which has that name.
    pub root: Option<Box<str>>,
    /// What becomes of prefixes when XML is read.
    pub namespaces: Namespaces,
    /// The default namespace of the root element in what is written.
    pub namespace: Option<Box<str>>,
    /// Prefixes, and the namespaces that they stand for, declared on the root element in what is written.
    pub prefixes: Box<[(Box<str>, Box<str>)]>,
    /// What names of members begin with that are attributes. Empty: attributes are read as members like any other, and
    /// none are written.
    pub attribute: Box<str>,
    /// The name of the member that has the text of an element with attributes or elements in it.
    pub text: Box<str>,
    /// The name of elements for what has no name of its own: elements of arrays that are within arrays or are the whole.
    pub item: Box<str>,
    /// What `null` is written as.
    pub nulls: Nulls,
    /// What becomes of text beside elements.
    pub mixed: Mixed,
    /// What becomes of names that no element can have.
    pub names: Names,
    /// Whether white space around text goes.
    pub trim: bool,
    /// What is said of the values at paths: [`XmlRules::say`].
    pub places: Places,
}

/// What becomes of prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Namespaces {
    /// They stay in names as they are written, and declarations of namespaces are attributes like any other.
    #[default]
    Keep,
    /// They go, and so do declarations.
    Strip,
}

/// What `null` is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nulls {
    /// An element with `xsi:nil="true"` (XML Schema part 1, section 2.6.2).
    #[default]
    Nil,
    /// An empty element.
    Empty,
    /// Nothing, where it is a member.
    Omit,
}

/// What becomes of text beside elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mixed {
    /// It is refused: where it stood between elements could not be told.
    #[default]
    Refuse,
    /// All of it together becomes one text, in order.
    Join,
}

/// What becomes of names that no element can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// They are refused.
    #[default]
    Refuse,
    /// Their characters are written `_x0020_` (ISO/IEC 9075-14 section 9.1), and names are read like that.
    Escape,
}

/// What is said of the values at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// They are always arrays, even where an element stands once.
    Array,
    /// An element whose elements, all of this name, are the elements of an array.
    List(Box<str>),
    /// They are numbers.
    Number,
    /// They are `true` or `false`.
    Boolean,
}

/// Why a path cannot be said something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceError(pub &'static str);

/// The namespace of `xsi:nil` (XML Schema part 1, section 2.6).
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The most that is said of paths, and the most prefixes: nobody's documents have as many, and each is looked for.
pub const MOST_PLACES: usize = 1_024;

// === impl XmlRules ===

impl Default for XmlRules {
    fn default() -> Self {
        Self {
            root: None,
            namespaces: Namespaces::default(),
            namespace: None,
            prefixes: Box::default(),
            attribute: "@".into(),
            text: "#text".into(),
            item: "item".into(),
            nulls: Nulls::default(),
            mixed: Mixed::default(),
            names: Names::default(),
            trim: false,
            places: Places::default(),
        }
    }
}

impl XmlRules {
    /// The usual ones, with a root element of this name.
    pub fn of_root(name: &str) -> Self {
        Self { root: Some(name.into()), ..Self::default() }
    }

    /// The name of the root element, as it is read.
    fn root_name(&self) -> Option<&str> {
        let root = self.root.as_deref()?;
        Some(if self.namespaces == Namespaces::Strip { names::split(root).1 } else { root })
    }

    /// What every element can be read by, for what is looked at and not passed on.
    pub(super) fn lenient() -> Self {
        Self { namespaces: Namespaces::Strip, mixed: Mixed::Join, trim: true, ..Self::default() }
    }

    /// Says something of the values at a path.
    pub fn say(&mut self, path: &Path, what: What) -> Result<(), PlaceError> {
        self.places.say(path, what)
    }
}

/// Whether it can be the name of an element or an attribute, perhaps with a prefix (Namespaces in XML, section 4).
pub fn is_name(text: &str) -> bool {
    names::is_qualified(text)
}

/// Reads a document. It is UTF-8, perhaps with a byte order mark, and says nothing else.
pub fn read<'a>(bytes: &'a [u8], rules: &XmlRules, limits: &Limits) -> Result<Node<'a>, Error> {
    let mut tokens = Tokens::new(bytes, limits)?;
    let start = match tokens.next()? {
        Token::Start(start) => start,
        _ => return Err(Fault::End.at(bytes.len())),
    };
    let node = content(&mut tokens, start, rules)?;
    // What follows is looked at too: nothing but comments may.
    tokens.next()?;
    Ok(node)
}

/// Writes a document of at most `most` bytes.
pub fn write(node: &Node<'_>, rules: &XmlRules, most: usize) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer::new(rules, most);
    writer.prolog()?;
    writer.root(node)?;
    Ok(writer.into_bytes())
}

// === impl PlaceError ===

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests;
