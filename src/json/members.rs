//! Many members of an object at once: each would be looked for among all others.

use std::borrow::Cow;

use super::{Node, Object};

/// Names are looked for one after the other where there are no more pairs of them to be compared; beyond, they are sorted.
const FEW: usize = 256;

impl<'a> Object<'a> {
    /// Its members, in their order.
    pub fn into_members(self) -> Vec<(Cow<'a, str>, Node<'a>)> {
        self.members
    }

    /// Keeps those members of which `keeps` says so, in their order.
    pub fn retain(&mut self, mut keeps: impl FnMut(&str, &mut Node<'a>) -> bool) {
        self.members.retain_mut(|(name, value)| keeps(name, value));
    }

    /// Where the members of these names stand, name for name.
    pub fn positions<'n>(&self, names: impl ExactSizeIterator<Item = &'n str>) -> Vec<Option<usize>> {
        if self.len().saturating_mul(names.len()) <= FEW {
            return names.map(|name| self.position(name)).collect();
        }
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_unstable_by(|one, other| self.members[*one].0.cmp(&self.members[*other].0));
        let find = |name: &str| order.binary_search_by(|at| (*self.members[*at].0).cmp(name)).ok();
        names.map(|name| find(name).map(|found| order[found])).collect()
    }

    /// Puts the members of another object behind its own, in their order. Where both have one of a name, `meet` decides what
    /// becomes of the one that is here.
    pub fn join<E>(
        &mut self,
        other: Self,
        mut meet: impl FnMut(&str, &mut Node<'a>, Node<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let places = self.positions(other.members.iter().map(|(name, _)| &**name));
        for ((name, value), place) in other.members.into_iter().zip(places) {
            match place {
                Some(at) => meet(&name, &mut self.members[at].1, value)?,
                None => self.members.push((name, value)),
            }
        }
        Ok(())
    }

    /// Puts the members of a member that is an object in its place, with `prefix` in front of their names; other members
    /// of these names give way. Whether there was such a member.
    pub fn raise(&mut self, name: &str, prefix: &str) -> bool {
        let Some(at) = self.position(name) else { return false };
        if self.members[at].1.object().is_none() {
            return false;
        }
        let mut behind = self.members.split_off(at);
        let mut raised = Vec::new();
        if let Some((_, Node::Object(inner))) = behind.drain(..1).next() {
            raised = inner.members;
        }
        if !prefix.is_empty() {
            raised.iter_mut().for_each(|(name, _)| *name = Cow::Owned(format!("{prefix}{name}")));
        }
        let raised = Self { members: raised };
        let others = std::mem::take(&mut self.members);
        let gives_way = |others: &[(Cow<'a, str>, Node<'a>)]| {
            raised.positions(others.iter().map(|(name, _)| &**name)).into_iter().map(|place| place.is_some())
        };
        let (before, after) = (gives_way(&others), gives_way(&behind));
        let stays = |(member, gives_way): ((Cow<'a, str>, Node<'a>), bool)| (!gives_way).then_some(member);
        let mut members: Vec<_> = others.into_iter().zip(before).filter_map(stays).collect();
        let after: Vec<_> = behind.into_iter().zip(after).filter_map(stays).collect();
        members.extend(raised.members);
        members.extend(after);
        self.members = members;
        true
    }

    /// Takes out the members of which `belongs` says so, in their order, and says where the first of them stood.
    pub fn part(&mut self, mut belongs: impl FnMut(&str) -> bool) -> Option<(usize, Self)> {
        let at = self.members.iter().position(|(name, _)| belongs(name))?;
        let (part, others) = self.members.drain(at..).partition(|(name, _)| belongs(name));
        self.members.extend::<Vec<_>>(others);
        Some((at, Self { members: part }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    fn object(text: &str) -> Object<'_> {
        let Node::Object(object) = parse(text.as_bytes(), &Limits::of(10_000)).unwrap() else {
            unreachable!()
        };
        object
    }

    #[test]
    fn names_are_found_among_few_and_many() {
        for count in [3, 40] {
            let members: Vec<_> = (0..count).map(|at| format!("\"n{at}\":{at}")).collect();
            let text = format!("{{{}}}", members.join(","));
            let names: Vec<_> = (0..2 * count).rev().map(|at| format!("n{at}")).collect();
            let found = object(&text).positions(names.iter().map(String::as_str));
            let expected: Vec<_> = (0..2 * count).rev().map(|at| (at < count).then_some(at)).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn members_are_raised_into_the_place_of_theirs() {
        for (text, prefix, raised) in [
            (r#"{"x":1,"a":{"b":2,"c":3},"y":4}"#, "", r#"{"x":1,"b":2,"c":3,"y":4}"#),
            (r#"{"b":1,"a":{"b":2,"c":3},"c":4}"#, "", r#"{"b":2,"c":3}"#),
            (r#"{"b":1,"a":{"b":2,"a":3}}"#, "", r#"{"b":2,"a":3}"#),
            (r#"{"b":1,"a":{"b":2},"a_b":3}"#, "a_", r#"{"b":1,"a_b":2}"#),
            (r#"{"x":1,"a":{}}"#, "", r#"{"x":1}"#),
        ] {
            let mut it = object(text);
            assert!(it.raise("a", prefix));
            assert_eq!(Node::Object(it).to_text(), raised, "{text}");
        }
        assert!(!object(r#"{"a":[]}"#).raise("a", ""));
        assert!(!object("{}").raise("a", ""));
    }

    #[test]
    fn some_members_are_parted_from_others() {
        let mut it = object(r#"{"x":1,"b":2,"y":3,"a":4}"#);
        let (at, part) = it.part(|name| ["a", "b"].contains(&name)).unwrap();
        assert_eq!((at, Node::Object(part).to_text().as_str()), (1, r#"{"b":2,"a":4}"#));
        assert_eq!(Node::Object(it).to_text(), r#"{"x":1,"y":3}"#);
        assert!(object("{}").part(|_| true).is_none());
    }
}
