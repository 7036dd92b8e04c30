//! What stays when only some places do.

use std::collections::BTreeMap;

use crate::json::{Node, Object, Path, Segment};

/// Places, as a tree: what is in the tree stays, in the order of the document.
///
/// Objects and arrays on the way to a place stay too, even where nothing in them does, so that lists keep their lengths;
/// whatever else stands where an object or an array should be goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// All of what is here stays.
    all: bool,
    names: BTreeMap<Box<str>, Pick>,
    each: Option<Box<Pick>>,
}

impl Pick {
    /// Of these places; the first one that leads to a single element of an array, which has no number any more once others
    /// are gone.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<Self, &'p Path> {
        let mut whole = Self::default();
        for path in paths {
            let mut at = &mut whole;
            for segment in path.segments() {
                at = match segment {
                    Segment::Member(name) => at.names.entry(name.clone()).or_default(),
                    Segment::Each => at.each.get_or_insert_default(),
                    Segment::Element(_) | Segment::MemberOrElement(..) => return Err(path),
                };
            }
            at.all = true;
        }
        Ok(whole)
    }

    /// Keeps them. What is at the top is there afterwards, too: an object or an array with nothing in it, or `null`.
    pub fn apply(&self, node: &mut Node<'_>) {
        if !self.keeps(node) {
            *node = match node {
                Node::Object(_) => Node::Object(Object::default()),
                Node::Array(_) => Node::Array(Vec::new()),
                _ => Node::Null,
            };
        }
    }

    /// Keeps them within `node`, and says whether it stays itself. Calls itself as often as a path has steps.
    fn keeps(&self, node: &mut Node<'_>) -> bool {
        if self.all {
            return true;
        }
        match (node, &self.each) {
            (Node::Object(object), _) if !self.names.is_empty() => {
                object.retain(|name, value| self.names.get(name).is_some_and(|within| within.keeps(value)));
                true
            }
            (Node::Array(elements), Some(each)) => {
                elements.retain_mut(|element| each.keeps(element));
                true
            }
            _ => false,
        }
    }
}
