//! The elements that a step is asked for: each distinct one once, whatever comes of it for all that are the same.

use std::collections::BTreeMap;

use super::Batch;
use crate::json::{Node, Path, Segment};

/// The elements of a list, and which of them are the same.
#[derive(Debug)]
pub struct Elements<'r> {
    nodes: Vec<&'r Node<'r>>,
    /// What of each distinct element tells it from the others.
    keys: Vec<String>,
    /// The place of the first of each distinct element.
    first: Vec<usize>,
    /// Which distinct one each element is.
    of: Vec<usize>,
}

// === impl Elements ===

impl<'r> Elements<'r> {
    /// Of these elements; `key` says what tells one from the others.
    pub fn new<E>(
        nodes: Vec<&'r Node<'r>>,
        mut key: impl FnMut(usize, &'r Node<'r>) -> Result<String, E>,
    ) -> Result<Self, E> {
        let (mut known, mut first, mut of) = (BTreeMap::new(), Vec::new(), Vec::with_capacity(nodes.len()));
        for (at, node) in nodes.iter().enumerate() {
            let next = known.len();
            let distinct = *known.entry(key(at, node)?).or_insert(next);
            if distinct == next {
                first.push(at);
            }
            of.push(distinct);
        }
        let mut keys = vec![String::new(); first.len()];
        for (key, distinct) in known {
            keys[distinct] = key;
        }
        Ok(Self { nodes, keys, first, of })
    }

    /// How many distinct ones there are.
    pub fn distinct(&self) -> usize {
        self.first.len()
    }

    /// How many elements are the distinct one.
    pub fn occurrences(&self, distinct: usize) -> usize {
        self.of.iter().filter(|of| **of == distinct).count()
    }

    /// Which distinct one each element is.
    pub fn into_of(self) -> Vec<usize> {
        self.of
    }

    /// The same.
    pub fn of(&self) -> &[usize] {
        &self.of
    }

    /// A distinct element, and its first place.
    pub fn element(&self, distinct: usize) -> (usize, &'r Node<'r>) {
        let at = self.first[distinct];
        (at, self.nodes[at])
    }

    /// How many requests they take.
    pub fn requests(&self, batch: Option<&Batch>) -> usize {
        self.distinct().div_ceil(batch.map_or(1, |batch| batch.size.max(1)))
    }

    /// The distinct ones that one request is for.
    pub fn of_request(&self, request: usize, batch: Option<&Batch>) -> std::ops::Range<usize> {
        let size = batch.map_or(1, |batch| batch.size.max(1));
        let begin = (request * size).min(self.distinct());
        begin..(begin + size).min(self.distinct())
    }

    /// What of an answer to a batch belongs to which of the distinct ones in `range`; `None` where the answer has no list where
    /// it should. Of several that are for the same, the first counts.
    pub fn sort_out<'s>(
        &self,
        range: std::ops::Range<usize>,
        batch: &Batch,
        answer: Node<'s>,
    ) -> Option<Vec<(usize, Node<'s>)>> {
        let Node::Array(found) = take(answer, batch.at.as_ref().map_or(&[], Path::segments))? else {
            return None;
        };
        let mut wanted: BTreeMap<&str, usize> = range.map(|at| (&*self.keys[at], at)).collect();
        let mut sorted = Vec::new();
        for node in found {
            let key = node.at(&batch.by).map(key_of);
            if let Some(at) = key.and_then(|key| wanted.remove(&*key)) {
                sorted.push((at, node));
            }
        }
        Some(sorted)
    }
}

/// What stands at a place, taken out.
fn take<'s>(node: Node<'s>, segments: &[Segment]) -> Option<Node<'s>> {
    let Some((segment, rest)) = segments.split_first() else { return Some(node) };
    let next = match (node, segment) {
        (Node::Object(mut object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
            object.take(name)?.1
        }
        (Node::Array(mut elements), Segment::Element(at) | Segment::MemberOrElement(_, at)) => {
            if *at >= elements.len() {
                return None;
            }
            elements.swap_remove(*at)
        }
        _ => return None,
    };
    take(next, rest)
}

/// What tells a value from others: numbers are told by how much they are, all else by what is written.
pub fn key_of(node: &Node<'_>) -> String {
    node.key().map_or_else(|| node.to_text(), |key| key.to_text())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    fn node(text: &'static str) -> Node<'static> {
        parse(text.as_bytes(), &Limits::of(10_000)).unwrap()
    }

    fn elements<'r>(list: &'r Node<'r>, by: &str) -> Elements<'r> {
        let Node::Array(nodes) = list else { panic!("no list") };
        let by = Path::read(by).unwrap();
        let key = |_: usize, node: &Node<'_>| Ok::<_, ()>(key_of(node.at(&by).unwrap()));
        Elements::new(nodes.iter().collect(), key).unwrap()
    }

    #[test]
    fn the_same_is_asked_once() {
        let list = node(r#"[{"id":2},{"id":1,"a":1},{"id":2,"b":1},{"id":"2"}]"#);
        let elements = elements(&list, "id");
        assert_eq!((elements.of(), elements.distinct()), (&[0, 1, 0, 2][..], 3));
        assert_eq!(elements.occurrences(0), 2);
        assert_eq!(elements.element(1), (1, &node(r#"{"id":1,"a":1}"#)));
        assert_eq!(elements.requests(None), 3);
    }

    #[test]
    fn answers_of_batches_are_sorted_out() {
        let list = node(r#"[{"id":2},{"id":1},{"id":3}]"#);
        let elements = elements(&list, "id");
        let by = Path::read("sku").unwrap();
        let batch = Batch { size: 2, at: Some(Path::read("data.items").unwrap()), by };
        assert_eq!(elements.requests(Some(&batch)), 2);
        assert_eq!(
            (elements.of_request(0, Some(&batch)), elements.of_request(1, Some(&batch))),
            (0..2, 2..3)
        );
        let answer = node(r#"{"data":{"items":[{"sku":1},{"sku":9},7,{"sku":2,"n":1},{"sku":2,"n":2}]}}"#);
        let sorted = elements.sort_out(0..2, &batch, answer).unwrap();
        assert_eq!(sorted, [(1, node(r#"{"sku":1}"#)), (0, node(r#"{"sku":2,"n":1}"#))]);
        assert!(elements.sort_out(0..2, &batch, node(r#"{"data":{}}"#)).is_none());
        assert!(elements.sort_out(0..2, &batch, node(r#"[]"#)).is_none());
    }
}
