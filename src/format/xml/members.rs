//! The members of an element while it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::json::{Node, Object};

/// Up to so many members are looked through; more of them are looked up.
const FEW: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    list: Vec<Member<'a>>,
    /// Where each name stands, once there are more than a few.
    places: BTreeMap<Cow<'a, str>, usize>,
}

#[derive(Debug)]
struct Member<'a> {
    name: Cow<'a, str>,
    node: Node<'a>,
    grows: Grows,
}

/// What becomes of a member when another of its name comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grows {
    /// Both become an array.
    Once,
    /// It is an array of such already.
    Array,
    /// There cannot be another.
    Never,
}

/// What has come of a member.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is there.
    Member,
    /// There is an array now that there was not.
    Array,
    /// It cannot be there.
    Twice,
}

// === impl Members ===

impl<'a> Members<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn add(&mut self, name: Cow<'a, str>, node: Node<'a>, grows: Grows) -> Added {
        let Some(at) = self.position(&name) else {
            return self.push(name, node, grows);
        };
        let member = &mut self.list[at];
        if member.grows == Grows::Never || grows == Grows::Never {
            return Added::Twice;
        }
        if let (Node::Array(elements), Grows::Array) = (&mut member.node, member.grows) {
            elements.push(node);
            return Added::Member;
        }
        let first = std::mem::replace(&mut member.node, Node::Null);
        member.node = Node::Array(vec![first, node]);
        member.grows = Grows::Array;
        Added::Array
    }

    fn push(&mut self, name: Cow<'a, str>, node: Node<'a>, grows: Grows) -> Added {
        if self.list.len() == FEW {
            self.places = self.list.iter().zip(0..).map(|(member, at)| (member.name.clone(), at)).collect();
        }
        if self.list.len() >= FEW {
            self.places.insert(name.clone(), self.list.len());
        }
        let (node, added) = match grows {
            Grows::Array => (Node::Array(vec![node]), Added::Array),
            _ => (node, Added::Member),
        };
        self.list.push(Member { name, node, grows });
        added
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.list.len() > FEW {
            return self.places.get(name).copied();
        }
        self.list.iter().position(|member| member.name == name)
    }

    pub(super) fn into_node(self) -> Node<'a> {
        let members = self.list.into_iter().map(|member| (member.name, member.node));
        // No name stands twice, or it would have grown.
        Node::Object(Object::of_distinct(members.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_among_few_and_many() {
        let mut members = Members::default();
        let name = |at: usize| Cow::Owned(format!("m{at}"));
        for at in 0..100 {
            assert_eq!(members.add(name(at), Node::Null, Grows::Once), Added::Member);
            assert_eq!(members.add(name(at / 2), Node::Null, Grows::Never), Added::Twice);
        }
        assert_eq!(members.add(name(16), Node::Bool(true), Grows::Once), Added::Array);
        assert_eq!(members.add(name(16), Node::Bool(false), Grows::Once), Added::Member);
        let Node::Object(object) = members.into_node() else { panic!("it is an object") };
        assert_eq!(
            (object.len(), object.get("m16").unwrap().to_text()),
            (100, "[null,true,false]".to_owned())
        );
    }
}
