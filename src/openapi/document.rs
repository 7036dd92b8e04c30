//! A document, and what its references lead to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::pointer::{below, steps};
use crate::json::{Node, Object};

/// How many references may lead from one to the next before something else stands there. Documents that are made by
/// hand have two or three; a circle has no end.
const MOST_REFERENCES: usize = 16;

/// Which OpenAPI a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// 3.0: schemas are nearly those of an early draft of JSON Schema.
    V30,
    /// 3.1: schemas are JSON Schema 2020-12.
    V31,
}

/// A document.
#[derive(Debug)]
pub struct Document<'a> {
    root: &'a Node<'a>,
    dialect: Dialect,
    /// What stands in `components`, by section and name: documents have thousands, and references lead there.
    components: BTreeMap<(&'a str, &'a str), &'a Node<'a>>,
}

/// Why something is no document that can be read, in one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// JSON Pointer of what is wrong.
    pub pointer: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What stands at a place once references have been followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// What stands there; not a reference.
    pub node: &'a Node<'a>,
    /// Where it really stands.
    pub pointer: String,
}

// === impl Document ===

impl<'a> Document<'a> {
    /// Takes a tree for a document.
    ///
    /// # Errors
    ///
    /// It is none, or one of a version that is not read.
    pub fn read(root: &'a Node<'a>) -> Result<Self, Refused> {
        let refused = |pointer, message: &str| Err(Refused { pointer, message: message.to_owned() });
        let Some(members) = root.object() else { return refused("", "an OpenAPI document is an object") };
        let version = match members.get("openapi") {
            Some(Node::Text(text)) => Cow::Borrowed(&**text),
            // `openapi: 3.1` without quotes is a number to YAML.
            Some(Node::Number(number)) => Cow::Owned(number.as_str().to_owned()),
            _ if members.get("swagger").is_some() => {
                return refused("/swagger", "this is Swagger 2.0; OpenAPI 3.0 and 3.1 are read");
            }
            _ => {
                return refused("", "an OpenAPI document says in \"openapi\" which version it is written in");
            }
        };
        let mut parts = version.split('.');
        let dialect = match (parts.next(), parts.next()) {
            (Some("3"), Some("0")) => Dialect::V30,
            (Some("3"), Some("1")) => Dialect::V31,
            _ => {
                let message = format!("this is OpenAPI {version:?}; 3.0 and 3.1 are read");
                return Err(Refused { pointer: "/openapi", message });
            }
        };
        let sections = members.get("components").and_then(Node::object).into_iter().flat_map(Object::iter);
        let components = sections
            .filter_map(|(section, named)| Some((section, named.object()?)))
            .flat_map(|(section, named)| named.iter().map(move |(name, node)| ((section, name), node)))
            .collect();
        Ok(Self { root, dialect, components })
    }

    /// Which OpenAPI it is written in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// All of it.
    pub fn root(&self) -> &'a Node<'a> {
        self.root
    }

    /// The member `key` at the top.
    pub fn get(&self, key: &str) -> Option<&'a Node<'a>> {
        self.root.object()?.get(key)
    }

    /// What stands in a section of `components` under a name, and where.
    pub fn component(&self, section: &str, name: &str) -> Option<Resolved<'a>> {
        let node = self.components.get(&(section, name))?;
        Some(Resolved { node, pointer: below(&below("/components", section), name) })
    }

    /// What a reference leads to, without following it further.
    ///
    /// # Errors
    ///
    /// Why it leads nowhere.
    pub fn target(&self, reference: &str) -> Result<Resolved<'a>, String> {
        let Some(fragment) = reference.strip_prefix('#') else {
            return Err(format!("{reference:?} is in another document, and no other is read"));
        };
        // RFC 6901 section 6: in a fragment, a pointer is percent-encoded.
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        let Some(steps) = steps(&decoded) else {
            return Err(format!("{reference:?} is no JSON Pointer"));
        };
        let nothing = || format!("{reference:?} leads nowhere");
        let node = match steps.as_slice() {
            [first, section, name] if *first == "components" => {
                self.components.get(&(&**section, &**name)).copied().ok_or_else(nothing)?
            }
            steps => {
                steps.iter().try_fold(self.root, |node, step| step_to(node, step)).ok_or_else(nothing)?
            }
        };
        // Written anew: there are several ways to write one pointer.
        let pointer = steps.iter().fold(String::new(), |pointer, step| below(&pointer, step));
        Ok(Resolved { node, pointer })
    }

    /// What stands at `pointer`, where `node` is, once references have been followed.
    ///
    /// # Errors
    ///
    /// Why a reference leads nowhere.
    pub fn resolve(&self, node: &'a Node<'a>, pointer: &str) -> Result<Resolved<'a>, String> {
        let mut here = Resolved { node, pointer: pointer.to_owned() };
        for _ in 0..MOST_REFERENCES {
            match reference(here.node) {
                Some(reference) => here = self.target(reference)?,
                None => return Ok(here),
            }
        }
        Err("its references lead in a circle".to_owned())
    }
}

/// Where a reference says that what is meant stands.
pub(super) fn reference<'a>(node: &'a Node<'a>) -> Option<&'a str> {
    node.object()?.get("$ref")?.text()
}

fn step_to<'a>(node: &'a Node<'a>, step: &str) -> Option<&'a Node<'a>> {
    match node {
        Node::Object(members) => members.get(step),
        Node::Array(elements) => elements.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

// === impl Refused ===

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    fn node(text: &str) -> Node<'static> {
        parse(text.as_bytes(), &Limits::of(4096)).unwrap().into_owned()
    }

    #[test]
    fn versions() {
        for (text, expected) in [
            (r#"{"openapi": "3.0.3"}"#, Ok(Dialect::V30)),
            (r#"{"openapi": "3.1.0"}"#, Ok(Dialect::V31)),
            (r#"{"openapi": 3.1}"#, Ok(Dialect::V31)),
            (r#"{"openapi": "3.2.0"}"#, Err("/openapi")),
            (r#"{"openapi": "4"}"#, Err("/openapi")),
            (r#"{"swagger": "2.0"}"#, Err("/swagger")),
            ("{}", Err("")),
            ("[]", Err("")),
        ] {
            let node = node(text);
            let read = Document::read(&node).map(|document| document.dialect()).map_err(|it| it.pointer);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn references_are_followed_within_the_document_and_never_in_a_circle() {
        let node = node(
            r##"{"openapi": "3.0.3", "paths": {"/a": [1, {"x": 7}]}, "components": {"schemas": {
                "A": {"$ref": "#/components/schemas/B"}, "B": {"type": "string"},
                "C": {"$ref": "#/components/schemas/D"}, "D": {"$ref": "#/components/schemas/C"},
                "E": {"$ref": "#/paths/~1a/1/x"}, "F": {"$ref": "#/paths/%7E1a/0"},
                "G": {"$ref": "other.yaml#/B"}, "H": {"$ref": "#/components/schemas/None"}, "I": {"$ref": "#B"},
                "J": {"$ref": "#/components/schemas/J"}, "K": {"$ref": 1}
            }}}"##,
        );
        let document = Document::read(&node).unwrap();
        let resolve = |name: &str| {
            let here = document.component("schemas", name).unwrap();
            document.resolve(here.node, &here.pointer).map(|it| it.pointer)
        };
        assert_eq!(resolve("A"), Ok("/components/schemas/B".to_owned()));
        assert_eq!(resolve("E"), Ok("/paths/~1a/1/x".to_owned()));
        assert_eq!(resolve("F"), Ok("/paths/~1a/0".to_owned()));
        assert_eq!(resolve("K"), Ok("/components/schemas/K".to_owned()));
        for (name, part) in [
            ("C", "circle"),
            ("J", "circle"),
            ("G", "another document"),
            ("H", "nowhere"),
            ("I", "no JSON Pointer"),
        ] {
            let message = resolve(name).unwrap_err();
            assert!(message.contains(part), "{name}: {message}");
        }
    }
}
