//! The operations of a document, and how routes name them.

use super::document::{Document, Resolved};
use super::pointer::below;
use crate::json::{Node, Object};

/// Path Item Object: the keys that are operations, and their methods.
pub(super) const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("trace", "TRACE"),
];

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The path, as the document has it.
    pub path: &'a str,
    /// The method.
    pub method: &'static str,
    /// Where it stands; behind a reference, where it really does.
    pub pointer: String,
    /// What it says.
    pub(super) members: &'a Object<'a>,
    /// What all operations of the path have in common, and where that stands.
    pub(super) item: (&'a Object<'a>, String),
}

// === impl Operation ===

impl<'a> Operation<'a> {
    /// The operations of a path, whose item stands there really.
    pub(super) fn of(path: &'a str, item: &Resolved<'a>) -> Vec<Self> {
        let Some(shared) = item.node.object() else { return Vec::new() };
        let operation = |(key, method)| {
            let members = shared.get(key)?.object()?;
            let pointer = below(&item.pointer, key);
            Some(Self { path, method, pointer, members, item: (shared, item.pointer.clone()) })
        };
        METHODS.into_iter().filter_map(operation).collect()
    }

    /// Its identifier, where it has one.
    pub fn id(&self) -> Option<&'a str> {
        self.members.get("operationId").and_then(Node::text)
    }

    /// Its method and path: a name that every operation has.
    pub fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What the pattern of a route calls a parameter of the path: names of captures are letters, digits and `_`.
pub fn capture(name: &str) -> String {
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let name: String = name.chars().map(|it| if fits(it) { it } else { '_' }).collect();
    let bare = name.starts_with(|first: char| first.is_ascii_digit()) || name.is_empty();
    if bare { format!("_{name}") } else { name }
}

// === impl Document ===

impl<'a> Document<'a> {
    /// All operations, in the order of the document.
    pub fn operations(&self) -> Vec<Operation<'a>> {
        let paths = self.get("paths").and_then(Node::object).into_iter().flat_map(Object::iter);
        let paths = paths.filter(|(path, _)| path.starts_with('/'));
        paths
            .filter_map(|(path, item)| Some((path, self.resolve(item, &below("/paths", path)).ok()?)))
            .flat_map(|(path, item)| Operation::of(path, &item))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn operations_have_names() {
        let text = r##"{"openapi": "3.1.0", "paths": {
            "/a": {"post": {"operationId": "make"}, "get": {}, "x-get": {}},
            "/b": {"$ref": "#/components/pathItems/B"}, "x-c": {"get": {}}, "/d": {"get": 1}},
            "components": {"pathItems": {"B": {"get": {"operationId": "b"}}}}}"##;
        let node = parse(text.as_bytes(), &Limits::of(4096)).unwrap();
        let document = Document::read(&node).unwrap();
        let found = document.operations();
        let names: Vec<_> = found.iter().map(|it| (it.id(), it.place(), it.pointer.as_str())).collect();
        assert_eq!(
            names,
            [
                (None, "GET /a".to_owned(), "/paths/~1a/get"),
                (Some("make"), "POST /a".to_owned(), "/paths/~1a/post"),
                (Some("b"), "GET /b".to_owned(), "/components/pathItems/B/get"),
            ]
        );
    }
}
