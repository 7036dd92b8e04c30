//! Values put somewhere, and taken away.

use super::{Node, Object, Segment};

impl<'a> Node<'a> {
    /// What stands there, to be changed; `[*]` leads nowhere.
    pub fn reach_mut(&mut self, way: &[Segment]) -> Option<&mut Node<'a>> {
        way.iter().try_fold(self, |node, segment| node.step_mut(segment))
    }

    /// Takes out what one step leads to, and says where it stood; with `[*]`, all there is, of which nothing is told.
    pub fn take(&mut self, segment: &Segment) -> Option<(usize, Node<'a>)> {
        match (self, segment) {
            (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                object.take(name)
            }
            (Node::Array(elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
                (*at < elements.len()).then(|| (*at, elements.remove(*at)))
            }
            (Node::Array(elements), Segment::Each) => {
                elements.clear();
                None
            }
            _ => None,
        }
    }

    /// Puts `value` there, and makes the objects on the way that are missing. What cannot be put is given back, and
    /// nothing is made.
    pub fn put(&mut self, way: &'a [Segment], value: Node<'a>) -> Option<Node<'a>> {
        let Some((segment, rest)) = way.split_first() else {
            *self = value;
            return None;
        };
        match (self, segment) {
            (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                if let Some(next) = object.get_mut(name) {
                    return next.put(rest, value);
                }
                // Only what is there already can bar the way, so that nothing is made in vain, but for an element of an
                // array that is not there.
                if !can_be_made(rest) {
                    return Some(value);
                }
                object.set(&**name, wrapped(rest, value));
                None
            }
            (Node::Array(elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
                match elements.get_mut(*at) {
                    Some(next) => next.put(rest, value),
                    None => Some(value),
                }
            }
            _ => Some(value),
        }
    }

    /// Whether [`Node::put`] would put something there.
    pub fn is_open(&self, way: &[Segment]) -> bool {
        let Some((segment, rest)) = way.split_first() else { return true };
        match (self, segment) {
            (Node::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                object.get(name).map_or_else(|| can_be_made(rest), |next| next.is_open(rest))
            }
            (Node::Array(elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
                elements.get(*at).is_some_and(|next| next.is_open(rest))
            }
            _ => false,
        }
    }
}

/// Whether objects of one member each lead all the way.
fn can_be_made(way: &[Segment]) -> bool {
    !way.iter().any(|segment| matches!(segment, Segment::Element(_) | Segment::Each))
}

/// `value` in objects of one member each.
fn wrapped<'a>(way: &'a [Segment], value: Node<'a>) -> Node<'a> {
    way.iter().rev().fold(value, |inner, segment| match segment {
        Segment::Member(name) | Segment::MemberOrElement(name, _) => {
            let mut object = Object::default();
            object.set(&**name, inner);
            Node::Object(object)
        }
        Segment::Element(_) | Segment::Each => inner,
    })
}
