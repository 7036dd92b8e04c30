//! Where everything in the files stands, for diagnostics that come later.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Place};

use super::node::{Entry, Node, Position, Value};

/// Where everything in the files stands.
///
/// The trees are kept as they are: a table from pointers to positions would repeat every long key for each value under
/// it.
#[derive(Debug, Clone, Default)]
pub struct Locations {
    trees: BTreeMap<String, Node>,
}

impl Locations {
    pub(super) fn add(&mut self, file: String, tree: Node) {
        self.trees.insert(file, tree);
    }

    /// Fills in the line and the column of every place whose file is known and that has none: of the value its
    /// pointer names or, if there is no such value, of the nearest value around it.
    pub fn locate(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics {
            self.fill(&mut diagnostic.place);
            for (place, _) in &mut diagnostic.related {
                self.fill(place);
            }
        }
    }

    /// The value at `pointer` in `file`, with its line and column where they are known.
    pub fn place(&self, file: &str, pointer: &str) -> Place {
        let mut place = Place::new(file, pointer);
        self.fill(&mut place);
        place
    }

    fn fill(&self, place: &mut Place) {
        if let (None, Some(tree)) = (place.position, self.trees.get(&place.file)) {
            let at = position(tree, &place.pointer);
            place.position = Some((at.line, at.column));
        }
    }
}

fn position(tree: &Node, pointer: &str) -> Position {
    let (mut node, mut at) = (tree, tree.at);
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let next = match &node.value {
            Value::List(nodes) => {
                step.parse().ok().and_then(|index: usize| nodes.get(index)).map(|node| (node, node.at))
            }
            Value::Table(_) => node.entry(&step).map(|entry| (&entry.node, place_of(entry))),
            _ => None,
        };
        match next {
            Some(next) => (node, at) = next,
            None => break,
        }
    }
    at
}

/// A value that begins on another line than its key, as in YAML, is better found by its key.
fn place_of(entry: &Entry) -> Position {
    if entry.node.at.line == entry.at.line { entry.node.at } else { entry.at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::format::Format;

    const TOML: &str =
        "[upstreams.\"a/b\"]\nurl = \"http://u\"\n\n[[routes]]\nid = \"x\"\nupstream = \"b\"\n";
    const YAML: &str = "upstreams:\n  a/b:\n    url: http://u\nroutes:\n  - id: x\n    upstream: b\n";

    #[test]
    fn a_place_is_that_of_the_value_or_the_nearest_around_it() {
        let table = [
            (Format::Toml, TOML, "/routes/0/upstream", (6, 12)),
            (Format::Toml, TOML, "/routes/0/match/path", (4, 1)),
            (Format::Toml, TOML, "/routes/7", (4, 1)),
            (Format::Toml, TOML, "/upstreams/a~1b/url", (2, 7)),
            (Format::Toml, TOML, "/upstreams/a~1b", (1, 1)),
            (Format::Toml, TOML, "", (1, 1)),
            (Format::Yaml, YAML, "/routes/0/upstream", (6, 15)),
            (Format::Yaml, YAML, "/routes/0", (5, 5)),
            (Format::Yaml, YAML, "/upstreams/a~1b", (2, 3)),
        ];
        for (format, text, pointer, expected) in table {
            let mut locations = Locations::default();
            if let Some(tree) = format.parse(text).tree {
                locations.add("f".to_owned(), tree);
            }
            let one =
                Diagnostic::error(Place::new("f", pointer), "m").related(Place::new("f", pointer), "other");
            let mut all = [one, Diagnostic::error(Place::new("unknown", pointer), "m")];
            locations.locate(&mut all);
            assert_eq!(all[0].place.position, Some(expected), "{format:?} {pointer}");
            assert_eq!(all[0].related[0].0.position, Some(expected), "{format:?} {pointer}");
            assert_eq!(all[1].place.position, None);
        }
    }
}
