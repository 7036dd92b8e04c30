//! Which patterns can meet a place, without looking at all of them: what keeps the making of a large table fast.

use std::collections::BTreeMap;

use super::pattern::{Pattern, Segment, Tail};

/// Patterns by their segments; all captures are one.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    literals: BTreeMap<&'p str, Index<'p>>,
    capture: Option<Box<Index<'p>>>,
    /// The patterns that have no more segments, whatever may follow them.
    ends: Vec<usize>,
}

impl<'p> Index<'p> {
    /// Numbers `patterns` from 0.
    pub(super) fn new(patterns: impl Iterator<Item = &'p Pattern>) -> Self {
        let mut root = Self::default();
        for (at, pattern) in patterns.enumerate() {
            let mut node = &mut root;
            for segment in pattern.segments() {
                node = match segment {
                    Segment::Literal(text) => node.literals.entry(text).or_default(),
                    Segment::Capture { .. } => node.capture.get_or_insert_default(),
                };
            }
            node.ends.push(at);
        }
        root
    }

    /// The numbers, rising, of all patterns that can match what `place` matches and do not belong to a better place;
    /// and a few more.
    pub(super) fn near(&self, place: &Pattern) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(place.segments(), place.tail(), false, &mut found);
        found.sort_unstable();
        found
    }

    /// `behind`: everything here goes behind the place, because it has had a capture where the place has a literal.
    /// Until then a literal where the place has a capture, or a segment where it has a rest, would go before it.
    fn walk(&self, place: &[Segment], tail: &Tail, behind: bool, found: &mut Vec<usize>) {
        found.extend_from_slice(&self.ends);
        let (literals, capture) = (self.literals.values(), self.capture.as_deref());
        match place {
            [Segment::Literal(text), rest @ ..] => {
                if let Some(same) = self.literals.get(&**text) {
                    same.walk(rest, tail, behind, found);
                }
                if let Some(capture) = capture {
                    capture.walk(rest, tail, true, found);
                }
            }
            [Segment::Capture { .. }, rest @ ..] => {
                if let Some(capture) = capture {
                    capture.walk(rest, tail, behind, found);
                }
                if behind {
                    literals.for_each(|literal| literal.walk(rest, tail, behind, found));
                }
            }
            [] if behind && *tail != Tail::End => {
                literals.chain(capture).for_each(|deeper| deeper.walk(place, tail, behind, found));
            }
            [] => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn finds_what_may_stand_behind_a_place() {
        let patterns = ["/a/b", "/a/{x}", "/a/{*x}", "/{x}/b", "/{x}/c", "/{x}", "/d"]
            .map(|text| Pattern::path(text).unwrap());
        let index = Index::new(patterns.iter());
        for (place, expected) in [
            ("/a/b", &["/a/b", "/a/{x}", "/a/{*x}", "/{x}/b", "/{x}"][..]),
            ("/a/{x}", &["/a/{x}", "/a/{*x}", "/{x}/b", "/{x}/c", "/{x}"]),
            ("/a/{*x}", &["/a/{*x}", "/{x}/b", "/{x}/c", "/{x}"]),
            ("/{x}/c", &["/{x}/c", "/{x}"]),
        ] {
            let near: Vec<_> = index
                .near(&Pattern::path(place).unwrap())
                .into_iter()
                .map(|at| patterns[at].to_string())
                .collect();
            assert_eq!(near, expected, "{place}");
        }
    }
}
