//! What stands at a place.

use super::{Node, Path, PathError, Segment};

// === impl Node ===

impl<'a> Node<'a> {
    /// What stands there; with `[*]`, the first of all.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        self.first(path.segments())
    }

    /// What a JSON Pointer refers to (RFC 6901 section 4); the empty one is the whole.
    pub fn pointer(&self, text: &str) -> Result<Option<&Self>, PathError> {
        if text.is_empty() {
            return Ok(Some(self));
        }
        if !text.starts_with('/') {
            return Err(PathError { message: "a JSON Pointer begins with /" });
        }
        Ok(self.at(&Path::read(text)?))
    }

    fn first(&self, segments: &[Segment]) -> Option<&Self> {
        match segments.split_first() {
            None => Some(self),
            Some((Segment::Each, rest)) => {
                let Self::Array(elements) = self else { return None };
                elements.iter().find_map(|element| element.first(rest))
            }
            Some((segment, rest)) => self.step(segment)?.first(rest),
        }
    }

    /// Shows `visit` everything that stands at these places, in order, until it says that it is enough.
    pub fn visit<E>(
        &self,
        segments: &[Segment],
        visit: &mut impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<(), E> {
        match segments.split_first() {
            None => visit(self),
            Some((Segment::Each, rest)) => match self {
                Self::Array(elements) => elements.iter().try_for_each(|element| element.visit(rest, visit)),
                _ => Ok(()),
            },
            Some((segment, rest)) => match self.step(segment) {
                Some(next) => next.visit(rest, visit),
                None => Ok(()),
            },
        }
    }

    /// The same, to be changed.
    pub fn visit_mut<E>(
        &mut self,
        segments: &[Segment],
        visit: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        match segments.split_first() {
            None => visit(self),
            Some((Segment::Each, rest)) => match self {
                Self::Array(elements) => {
                    elements.iter_mut().try_for_each(|element| element.visit_mut(rest, visit))
                }
                _ => Ok(()),
            },
            Some((segment, rest)) => match self.step_mut(segment) {
                Some(next) => next.visit_mut(rest, visit),
                None => Ok(()),
            },
        }
    }

    /// The member or element that one step leads to; [`Segment::Each`] leads to none by itself.
    pub fn step(&self, segment: &Segment) -> Option<&Self> {
        match (self, segment) {
            (Self::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                object.get(name)
            }
            (Self::Array(elements), Segment::Element(index) | Segment::MemberOrElement(_, index)) => {
                elements.get(*index)
            }
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn step_mut(&mut self, segment: &Segment) -> Option<&mut Node<'a>> {
        match (self, segment) {
            (Self::Object(object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                object.get_mut(name)
            }
            (Self::Array(elements), Segment::Element(index) | Segment::MemberOrElement(_, index)) => {
                elements.get_mut(*index)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn rfc_6901_section_5() {
        let text =
            br#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let node = parse(text, &Limits::of(1_000)).unwrap();
        for (pointer, value) in [
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(node.pointer(pointer).unwrap().unwrap().to_text(), value, "{pointer}");
        }
        assert_eq!(node.pointer("").unwrap(), Some(&node));
        for nothing in ["/foo/2", "/foo/-", "/foo/00", "/bar", "/foo/0/x"] {
            assert_eq!(node.pointer(nothing).unwrap(), None, "{nothing}");
        }
        assert!(node.pointer("foo").is_err());
    }

    #[test]
    fn every_element_is_visited() {
        let text = br#"{"items":[{"id":1},{"no":2},3,{"id":4}]}"#;
        let mut node = parse(text, &Limits::of(1_000)).unwrap();
        let path = Path::read("items[*].id").unwrap();
        let mut seen = Vec::new();
        let all: Result<(), ()> = node.visit(path.segments(), &mut |node| {
            seen.push(node.to_text());
            Ok(())
        });
        assert_eq!((all, seen), (Ok(()), vec!["1".to_owned(), "4".to_owned()]));
        assert_eq!(node.at(&path).unwrap().to_text(), "1");
        let stop = node.visit_mut(path.segments(), &mut |node| {
            *node = Node::Null;
            Err("enough")
        });
        assert_eq!(stop, Err("enough"));
        assert_eq!(node.to_text(), r#"{"items":[{"id":null},{"no":2},3,{"id":4}]}"#);
    }
}
