//! What an old version of an API says in the words of a newer one: the JSON of requests and of answers, changed in
//! declared steps.
//!
//! A document is read, changed and written as a whole, so that nobody ever gets half of one. What no step names stays as
//! it was, digit for digit.

use std::collections::BTreeMap;

use crate::json::{Error, Fault, Limits, Node, Path, Segment, parse};

mod apply;
mod inverse;
mod media;
mod tags;

pub use crate::coding::is_coded;
pub use media::{Media, media};
pub use tags::{Has, Mark};

/// How the JSON of requests and answers becomes another.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// What becomes of the content of requests.
    pub request: Steps,
    /// What becomes of the content of answers.
    pub response: Steps,
    /// The names of query parameters, and those that they get, in order.
    pub query: Box<[(Box<str>, Box<str>)]>,
    /// The largest content, before and after, in bytes.
    pub most: usize,
    /// Whether answers with an error status are changed too.
    pub errors: bool,
    /// What tells entity tags of changed answers from those of the upstream's.
    pub mark: Mark,
}

/// Steps, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(pub Box<[Step]>);

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Gives a member another name, in its place.
    Rename {
        /// The objects.
        object: Box<[Segment]>,
        /// The name that it has.
        from: Box<str>,
        /// The name that it gets.
        to: Box<str>,
    },
    /// Puts a value somewhere else.
    Move {
        /// Within what: as far as the last `[*]`.
        scope: Box<[Segment]>,
        /// Where it is, from there.
        from: Box<[Segment]>,
        /// Where it goes, from there.
        to: Box<[Segment]>,
    },
    /// Adds a member where there is none.
    Default {
        /// The objects.
        object: Box<[Segment]>,
        /// Its name.
        name: Box<str>,
        /// Its value.
        value: Node<'static>,
    },
    /// Takes a value away.
    Drop(Path),
    /// Puts other values in place of some.
    Values {
        /// Where.
        at: Path,
        /// Which for which.
        table: Box<Table>,
        /// What becomes of those that are not in it.
        otherwise: Otherwise,
    },
}

/// Values, and what comes in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    texts: BTreeMap<Box<str>, Node<'static>>,
    /// The same of numbers, `true`, `false` and `null`; few.
    others: Vec<(Node<'static>, Node<'static>)>,
}

/// What becomes of values that are not in a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Otherwise {
    /// They stay as they are.
    Keep,
    /// They are taken away.
    Drop,
    /// This comes in their place.
    Value(Node<'static>),
}

/// The most pairs of a [`Table`] that are not of texts: they are looked through one after the other.
pub const MOST_OTHERS: usize = 64;

/// Whether a document is the whole of what it describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// It is: what is not in it is not there.
    Whole,
    /// It is what is to change (RFC 7396): what is not in it stays as it is, and gets no default.
    Changes,
}

// === impl Steps ===

impl Steps {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The document, changed. It may have `most` bytes before and after.
    pub fn map(&self, bytes: &[u8], extent: Extent, most: usize) -> Result<Vec<u8>, Error> {
        let limits = Limits::of(most);
        let mut node = parse(bytes, &limits)?;
        let at = bytes.len();
        if !self.apply(&mut node, extent, limits.values) {
            return Err(Error { at, fault: Fault::Values });
        }
        node.write_sized(bytes.len() + bytes.len() / 8, most).ok_or(Error { at, fault: Fault::Bytes })
    }

    /// How much deeper a document may become, in arrays and objects.
    pub fn deepens(&self) -> usize {
        self.0.iter().map(Step::deepens).sum()
    }
}

// === impl Step ===

impl Step {
    /// How much deeper a document may become, in arrays and objects.
    pub fn deepens(&self) -> usize {
        match self {
            Self::Move { to, .. } => to.len().saturating_sub(1),
            Self::Default { value, .. } => value.depth(),
            Self::Values { table, otherwise, .. } => {
                let otherwise = if let Otherwise::Value(value) = otherwise { value.depth() } else { 0 };
                table.pairs().map(|(_, to)| to.depth()).max().unwrap_or_default().max(otherwise)
            }
            Self::Rename { .. } | Self::Drop(_) => 0,
        }
    }
}

// === impl Table ===

impl Table {
    /// Of these pairs; the second pair of one value where there are two.
    pub fn new(pairs: Vec<(Node<'static>, Node<'static>)>) -> Result<Self, Node<'static>> {
        let mut table = Self::default();
        for (from, to) in pairs {
            if table.get(&from).is_some() {
                return Err(from);
            }
            match from {
                Node::Text(text) => drop(table.texts.insert(text.into(), to)),
                other => table.others.push((other, to)),
            }
        }
        Ok(table)
    }

    /// What comes in place of this value.
    pub fn get(&self, value: &Node<'_>) -> Option<&Node<'static>> {
        match value {
            Node::Text(text) => self.texts.get(&**text),
            other => self.others.iter().find(|(from, _)| same(from, other)).map(|(_, to)| to),
        }
    }

    /// Its pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (Node<'_>, &Node<'static>)> {
        let texts = self.texts.iter().map(|(from, to)| (Node::Text((&**from).into()), to));
        texts.chain(self.others.iter().map(|(from, to)| (from.borrow(), to)))
    }

    /// How many pairs are not of texts.
    pub fn others(&self) -> usize {
        self.others.len()
    }
}

/// Whether two scalars are the same, numbers by their value.
fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    match (one, other) {
        (Node::Number(one), Node::Number(other)) => one.equals(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
