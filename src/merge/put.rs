//! One part more.

use std::collections::{BTreeMap, VecDeque};

use super::{Arrays, Collision, Fault, Merge, Objects, Part};
use crate::json::{Key, Node, Object};

/// What meets here.
#[derive(Clone, Copy)]
struct Here<'k> {
    /// Whether two objects are put together.
    objects: bool,
    /// The member by which elements were found to belong together: it is the same in both.
    key: Option<&'k str>,
}

impl Merge {
    /// Puts a part in. The objects that lead to its place are made; only what is there already can be in the way.
    pub(super) fn put<'a>(&'a self, whole: &mut Option<Node<'a>>, part: Part<'a>) -> Result<(), Fault> {
        let Part { name, into, node } = part;
        match whole {
            None => *whole = Some(wrapped(into.names(), node)),
            Some(whole) => self.lead(whole, into.names(), node).map_err(|fault| fault.of_part(name))?,
        }
        Ok(())
    }

    fn lead<'a>(&'a self, at: &mut Node<'a>, names: &'a [Box<str>], node: Node<'a>) -> Result<(), Fault> {
        let Some((name, rest)) = names.split_first() else {
            return self.meet(at, node, Here { objects: true, key: None });
        };
        let Node::Object(object) = at else { return self.collide(at, wrapped(names, node)) };
        match object.get_mut(name) {
            Some(next) => self.lead(next, rest, node).map_err(|fault| fault.within(name)),
            None => {
                object.set(&**name, wrapped(rest, node));
                Ok(())
            }
        }
    }

    /// Calls itself for what is within both; how deep they are is bounded where they are read.
    fn meet<'a>(&'a self, one: &mut Node<'a>, other: Node<'a>, here: Here<'_>) -> Result<(), Fault> {
        match (one, other) {
            (Node::Object(one), Node::Object(other)) if here.objects => self.objects(one, other, here),
            (Node::Array(one), Node::Array(mut other)) if self.arrays == Arrays::Concat => {
                one.append(&mut other);
                Ok(())
            }
            (Node::Array(one), Node::Array(other)) if let Arrays::By(key) = &self.arrays => {
                self.by_key(one, other, key)
            }
            (one, other) => self.collide(one, other),
        }
    }

    fn objects<'a>(&'a self, one: &mut Object<'a>, other: Object<'a>, here: Here<'_>) -> Result<(), Fault> {
        let within = Here { objects: self.objects == Objects::Deep, key: None };
        one.join(other, |name, one, other| {
            if here.key == Some(name) {
                return Ok(());
            }
            self.meet(one, other, within).map_err(|fault| fault.within(name))
        })
    }

    fn by_key<'a>(
        &'a self,
        one: &mut Vec<Node<'a>>,
        other: Vec<Node<'a>>,
        member: &str,
    ) -> Result<(), Fault> {
        let mut places: BTreeMap<Key<'_>, VecDeque<usize>> = BTreeMap::new();
        for (at, element) in one.iter().enumerate() {
            if let Some(key) = key(element, member) {
                places.entry(key).or_default().push_back(at);
            }
        }
        // Whichever has the same: each of one array meets at most one of the other.
        let pair = |element| places.get_mut(&key(element, member)?)?.pop_front();
        let pairs: Vec<_> = other.iter().map(pair).collect();
        for (element, pair) in other.into_iter().zip(pairs) {
            match pair {
                Some(at) => {
                    let here = Here { objects: true, key: Some(member) };
                    self.meet(&mut one[at], element, here).map_err(|fault| fault.within(&at.to_string()))?;
                }
                None => one.push(element),
            }
        }
        Ok(())
    }

    fn collide<'a>(&self, one: &mut Node<'a>, other: Node<'a>) -> Result<(), Fault> {
        match self.collision {
            Collision::Error => return Err(Fault::collision()),
            Collision::First => {}
            Collision::Last => *one = other,
        }
        Ok(())
    }
}

fn key<'n>(element: &'n Node<'_>, member: &str) -> Option<Key<'n>> {
    element.object()?.get(member)?.key()
}

/// `node` in objects of one member each.
fn wrapped<'a>(names: &'a [Box<str>], node: Node<'a>) -> Node<'a> {
    names.iter().rev().fold(node, |inner, name| {
        let mut object = Object::default();
        object.set(&**name, inner);
        Node::Object(object)
    })
}
