//! The schema as Rust types: what the check, the suggestions and the reference page work with.
//!
//! This is the subset of JSON Schema that `schemars` makes from the types in [`crate::config`]. A word outside of it is
//! an error here, and so in the tests of this file: better than a check that silently does not check.

use std::collections::BTreeMap;
use std::sync::OnceLock;

mod read;

/// What a whole file may hold.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) root: Table,
    named: BTreeMap<String, Shape>,
}

/// What a value may be.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    /// Text that follows a pattern.
    Formed(Form),
    Boolean,
    /// A whole number between the two, both included.
    Whole(i128, i128),
    Number,
    /// Anything.
    Any,
    /// One of these words.
    Choice(Vec<Choice>),
    List(Box<Shape>),
    /// A table whose keys are the author's.
    Map(Box<Shape>),
    Table(Table),
    /// One of several; no two of them are written alike.
    Either(Vec<Shape>),
    /// The type of this name.
    Named(String),
}

/// Text that follows a pattern.
#[derive(Debug)]
pub(super) struct Form {
    /// What it is called: "span of time".
    pub(super) name: String,
    /// How it is written.
    pub(super) meaning: String,
    pub(super) pattern: regex_lite::Regex,
}

/// A word and what it does.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) word: String,
    pub(super) meaning: String,
}

/// A table whose keys are ours.
#[derive(Debug)]
pub(super) struct Table {
    /// The name of its Rust type.
    pub(super) name: String,
    pub(super) meaning: String,
    pub(super) keys: BTreeMap<String, Key>,
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) meaning: String,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// The model of [`crate::config::Document`].
///
/// # Errors
///
/// The schema holds something that is not understood here: a bug, which the tests of this file find.
pub(super) fn of_documents() -> Result<&'static Model, String> {
    static MODEL: OnceLock<Result<Model, String>> = OnceLock::new();
    MODEL.get_or_init(|| Model::read(&super::schema())).as_ref().map_err(Clone::clone)
}

/// How deep the tables of a model are followed when they are listed; deeper than any configuration needs, and an end
/// for types that hold themselves.
const MAX_LISTED: usize = 12;

// === impl Model ===

impl Model {
    /// The shape behind any names.
    pub(super) fn resolve<'a>(&'a self, mut shape: &'a Shape) -> &'a Shape {
        // A chain of names is at most as long as there are names, unless it is a circle, which `read` refuses.
        while let Shape::Named(name) = shape {
            match self.named.get(name) {
                Some(named) => shape = named,
                None => break,
            }
        }
        shape
    }

    /// Every table inside `table`, each with the way there (`match.headers.<name>`), the nearest first at each level.
    pub(super) fn tables_in<'a>(&'a self, table: &'a Table) -> Vec<(String, &'a Table)> {
        let mut found = Vec::new();
        self.list(table, "", MAX_LISTED, &mut found);
        found
    }

    fn list<'a>(&'a self, table: &'a Table, way: &str, depth: usize, found: &mut Vec<(String, &'a Table)>) {
        for (name, key) in &table.keys {
            let dot = if way.is_empty() { "" } else { "." };
            self.list_shape(&key.shape, &format!("{way}{dot}{name}"), depth, found);
        }
    }

    fn list_shape<'a>(
        &'a self,
        shape: &'a Shape,
        way: &str,
        depth: usize,
        found: &mut Vec<(String, &'a Table)>,
    ) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match self.resolve(shape) {
            Shape::Table(table) => {
                found.push((way.to_owned(), table));
                self.list(table, way, depth, found);
            }
            Shape::List(inner) => self.list_shape(inner, &format!("{way}[]"), depth, found),
            Shape::Map(inner) => self.list_shape(inner, &format!("{way}.<name>"), depth, found),
            Shape::Either(shapes) => {
                shapes.iter().for_each(|shape| self.list_shape(shape, way, depth, found))
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_the_types_is_understood() {
        let read = of_documents();
        assert!(
            read.is_ok(),
            "{:?}\nschemars made something of the types in src/config that src/author/model/read.rs does not know: \
             write the type another way, or teach the model and the check about it",
            read.err()
        );
    }

    #[test]
    fn tables_are_listed_with_the_way_to_them() {
        let ways: Vec<String> = of_documents()
            .map(|model| model.tables_in(&model.root))
            .unwrap_or_default()
            .into_iter()
            .map(|it| it.0)
            .collect();
        for way in [
            "routes[]",
            "routes[].match",
            "routes[].match.headers.<name>",
            "upstreams.<name>",
            "defaults.timeouts",
        ] {
            assert!(ways.iter().any(|it| it == way), "{way} in {ways:?}");
        }
    }
}
