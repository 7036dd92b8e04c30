//! Schemas of a document as JSON Schema 2020-12.
//!
//! Each schema that is wanted, and each that it refers to, becomes one of the definitions of a bundle, which needs nothing
//! else. What cannot judge is left out with a reason: a schema of a real document is never refused as a whole because of
//! one keyword, and what is left out of it takes everything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::document::{Dialect, Document, reference};
use super::keywords::{Form, Keyword};
use super::pointer::below;
use crate::json::{Node, Object};
use crate::validation::{Draft, Sources, document as plain};

/// Which way content goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the service: `readOnly` members need not be there.
    Request,
    /// To the client: `writeOnly` ones need not.
    Answer,
}

/// Schemas that refer to each other.
pub(super) struct Bundle<'d, 'a> {
    document: &'d Document<'a>,
    direction: Direction,
    /// The name of each schema among the definitions, by where it stands.
    names: BTreeMap<String, String>,
    definitions: Map<String, Value>,
    /// Those that are wanted and not made yet.
    wanted: Vec<(String, &'a Node<'a>, String)>,
    /// Where everything stands that was referred to.
    pub(super) used: BTreeSet<String>,
    /// What does not judge, and why.
    pub(super) left_out: Vec<(String, String)>,
}

const MALFORMED: &str = "it is not what JSON Schema has here";

impl<'d, 'a> Bundle<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, direction: Direction) -> Self {
        Self {
            document,
            direction,
            names: BTreeMap::new(),
            definitions: Map::new(),
            wanted: Vec::new(),
            used: BTreeSet::new(),
            left_out: Vec::new(),
        }
    }

    /// A reference to the schema at a place.
    pub(super) fn add(&mut self, node: &'a Node<'a>, at: &str) -> String {
        let next = self.names.len();
        let name = self.names.entry(at.to_owned()).or_insert_with(|| next.to_string()).clone();
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), Value::Bool(true));
            self.wanted.push((name.clone(), node, at.to_owned()));
        }
        while let Some((name, node, at)) = self.wanted.pop() {
            let made = self.schema(node, &at);
            self.definitions.insert(name, made);
        }
        format!("#/$defs/{name}")
    }

    /// All of them.
    pub(super) fn finish(self) -> Value {
        json!({ "$defs": self.definitions })
    }

    fn leave(&mut self, at: String, reason: impl Into<String>) {
        self.left_out.push((at, reason.into()));
    }

    fn schema(&mut self, node: &'a Node<'a>, at: &str) -> Value {
        let members = match node {
            Node::Bool(all) if self.document.dialect() == Dialect::V31 => return Value::Bool(*all),
            Node::Object(members) => members,
            _ => {
                self.leave(at.to_owned(), MALFORMED);
                return Value::Bool(true);
            }
        };
        let mut made = Map::new();
        if let Some(reference) = reference(node) {
            match self.document.target(reference) {
                Ok(target) => {
                    self.used.insert(target.pointer.clone());
                    let next = self.names.len();
                    let known = self.names.contains_key(&target.pointer);
                    let name =
                        self.names.entry(target.pointer.clone()).or_insert_with(|| next.to_string()).clone();
                    if !known {
                        self.definitions.insert(name.clone(), Value::Bool(true));
                        self.wanted.push((name.clone(), target.node, target.pointer));
                    }
                    made.insert("$ref".to_owned(), Value::String(format!("#/$defs/{name}")));
                }
                Err(reason) => self.leave(below(at, "$ref"), reason),
            }
            if self.document.dialect() == Dialect::V30 {
                // OpenAPI 3.0.4 section 4.7.23: what stands beside a reference is ignored.
                let beside = members.iter().filter(|(name, _)| *name != "$ref");
                for (name, _) in beside {
                    self.leave(below(at, name), "it stands beside a reference, which counts");
                }
                return Value::Object(made);
            }
        }
        for (name, member) in members.iter().filter(|(name, _)| *name != "$ref") {
            self.keyword(&mut made, members, (name, member), at);
        }
        if self.document.dialect() == Dialect::V30 {
            exclusive(&mut made, members);
            if members.get("nullable") == Some(&Node::Bool(true)) {
                return nullable(made);
            }
        }
        Value::Object(made)
    }

    fn keyword(
        &mut self,
        made: &mut Map<String, Value>,
        members: &'a Object<'a>,
        (name, member): (&'a str, &'a Node<'a>),
        at: &str,
    ) {
        let here = below(at, name);
        let value = match (Keyword::of(name, self.document.dialect()), member) {
            (Keyword::Schema, member) => self.schema(member, &here),
            (Keyword::Schemas, Node::Array(elements)) if !elements.is_empty() => {
                let each = elements.iter().enumerate();
                each.map(|(index, it)| self.schema(it, &below(&here, &index.to_string()))).collect()
            }
            (Keyword::Named, Node::Object(named)) => {
                let mut schemas = Map::new();
                for (name, schema) in named.iter() {
                    schemas.insert(name.to_owned(), self.schema(schema, &below(&here, name)));
                }
                Value::Object(schemas)
            }
            (Keyword::Value(Form::Texts), Node::Array(_))
                if name == "required" && Form::Texts.fits(member) =>
            {
                self.required(members, member)
            }
            (Keyword::Value(form), member) if form.fits(member) => {
                if form == Form::Pattern && !is_pattern(&plain(member)) {
                    return self
                        .leave(here, "this pattern cannot be matched in time that is linear in the text");
                }
                if form == Form::Bound && matches!(member, Node::Bool(_)) {
                    if self.document.dialect() == Dialect::V31 {
                        self.leave(here, MALFORMED);
                    }
                    return;
                }
                plain(member)
            }
            (Keyword::Schemas | Keyword::Named | Keyword::Value(_), _) => return self.leave(here, MALFORMED),
            (Keyword::Left(reason), _) => return self.leave(here, reason),
            (Keyword::Direction | Keyword::Nullable | Keyword::Documentation | Keyword::Definitions, _) => {
                return;
            }
        };
        made.insert(name.to_owned(), value);
    }

    /// The members that must be there, without those that go the other way only.
    fn required(&self, members: &'a Object<'a>, names: &Node<'_>) -> Value {
        let other = match self.direction {
            Direction::Request => "readOnly",
            Direction::Answer => "writeOnly",
        };
        let properties = members.get("properties").and_then(Node::object);
        let elsewhere = |name: &str| {
            let property = properties.and_then(|it| it.get(name));
            let resolved = property.and_then(|it| self.document.resolve(it, "").ok());
            let own = property.and_then(Node::object).and_then(|it| it.get(other));
            let flag = own.or_else(|| resolved.and_then(|it| it.node.object()?.get(other)));
            flag == Some(&Node::Bool(true))
        };
        let Node::Array(names) = names else { return Value::Array(Vec::new()) };
        names.iter().filter_map(Node::text).filter(|name| !elsewhere(name)).map(Value::from).collect()
    }
}

/// 3.0: `exclusiveMinimum` says of `minimum` whether it is excluded itself.
fn exclusive(made: &mut Map<String, Value>, members: &Object<'_>) {
    for (bound, word) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if members.get(word) == Some(&Node::Bool(true))
            && let Some(value) = made.remove(bound)
        {
            made.insert(word.to_owned(), value);
        }
    }
}

/// 3.0: what may be `null` as well. By the letter, that counts beside `type` only; who writes it beside `allOf` means it.
fn nullable(mut made: Map<String, Value>) -> Value {
    let null = || Value::from("null");
    if made.is_empty() {
        return Value::Object(made);
    }
    match made.get_mut("type") {
        Some(kind @ Value::String(_)) => {
            let one = kind.take();
            *kind = if one == null() { one } else { Value::Array(vec![one, null()]) };
            if let Some(Value::Array(listed)) = made.get_mut("enum")
                && !listed.contains(&Value::Null)
            {
                listed.push(Value::Null);
            }
            Value::Object(made)
        }
        _ => json!({ "anyOf": [made, { "type": "null" }] }),
    }
}

/// Whether texts can be matched with a pattern: as validation will do it.
fn is_pattern(pattern: &Value) -> bool {
    let sources = Sources::new(Vec::new());
    let base = "tollgate:///pattern";
    sources.is_ok_and(|it| it.schema(&json!({ "pattern": pattern }), base, Draft::Draft202012, None).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    /// What a schema becomes; of those that it refers to, the definitions.
    fn made(version: &str, schema: &str, direction: Direction) -> (Value, Vec<String>) {
        let text = format!(
            r##"{{"openapi": "{version}", "components": {{"schemas": {{"S": {schema}, "B": {{"type": "boolean"}},
            "R": {{"type": "object", "properties": {{"r": {{"$ref": "#/components/schemas/R"}}}}}},
            "O": {{"type": "string", "readOnly": true}}}}}}}}"##
        );
        let node = parse(text.as_bytes(), &Limits::of(1 << 16)).unwrap();
        let document = Document::read(&node).unwrap();
        let mut bundle = Bundle::new(&document, direction);
        let here = document.component("schemas", "S").unwrap();
        assert_eq!(bundle.add(here.node, &here.pointer), "#/$defs/0");
        let left = bundle.left_out.iter().map(|(at, _)| at.replace("/components/schemas/S", "")).collect();
        let mut all = bundle.finish()["$defs"].take();
        let first = all["0"].take();
        all.as_object_mut().unwrap().remove("0");
        let value = if all.as_object().unwrap().is_empty() { first } else { json!([first, all]) };
        (value, left)
    }

    #[track_caller]
    fn becomes(version: &str, schema: &str, expected: &str, left: &[&str]) {
        let (value, missing) = made(version, schema, Direction::Request);
        assert_eq!(value, serde_json::from_str::<Value>(expected).unwrap(), "{schema}");
        assert_eq!(missing, left, "{schema}");
    }

    #[test]
    fn the_dialect_of_3_0() {
        for (schema, expected, left) in [
            (r#"{"type": "string", "nullable": true}"#, r#"{"type": ["string", "null"]}"#, &[][..]),
            (
                r#"{"type": "string", "nullable": true, "enum": ["a"]}"#,
                r#"{"type": ["string", "null"], "enum": ["a", null]}"#,
                &[],
            ),
            (r#"{"type": "string", "nullable": false}"#, r#"{"type": "string"}"#, &[]),
            (r#"{"nullable": true}"#, "{}", &[]),
            (
                r#"{"nullable": true, "allOf": [{"type": "object"}]}"#,
                r#"{"anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}]}"#,
                &[],
            ),
            (r#"{"minimum": 1, "exclusiveMinimum": true}"#, r#"{"exclusiveMinimum": 1}"#, &[]),
            (r#"{"maximum": 1, "exclusiveMaximum": false}"#, r#"{"maximum": 1}"#, &[]),
            (r#"{"exclusiveMaximum": true}"#, "{}", &[]),
            (r#"{"exclusiveMinimum": 3}"#, r#"{"exclusiveMinimum": 3}"#, &[]),
            (
                r##"{"$ref": "#/components/schemas/B", "nullable": true}"##,
                r##"[{"$ref": "#/$defs/1"}, {"1": {"type": "boolean"}}]"##,
                &["/nullable"],
            ),
            (r#"{"example": 1, "xml": {}, "title": "t", "deprecated": true}"#, "{}", &[]),
            (r#"{"discriminator": {}, "x-a": 1, "const": 1}"#, "{}", &["/discriminator", "/x-a", "/const"]),
            (r#"{"type": "file"}"#, "{}", &["/type"]),
            (
                r#"{"required": true, "properties": [], "allOf": []}"#,
                "{}",
                &["/required", "/properties", "/allOf"],
            ),
            (r#"{"pattern": "^(?!a)b"}"#, "{}", &["/pattern"]),
            (r#"{"pattern": "^[a-z]+$", "maxLength": 3}"#, r#"{"pattern": "^[a-z]+$", "maxLength": 3}"#, &[]),
            (
                r#"{"maxLength": -1, "multipleOf": 0, "enum": []}"#,
                "{}",
                &["/maxLength", "/multipleOf", "/enum"],
            ),
            ("true", "true", &[""]),
        ] {
            becomes("3.0.3", schema, expected, left);
        }
    }

    #[test]
    fn the_dialect_of_3_1() {
        for (schema, expected, left) in [
            (
                r#"{"type": ["string", "null"], "const": null}"#,
                r#"{"type": ["string", "null"], "const": null}"#,
                &[][..],
            ),
            (r#"{"exclusiveMinimum": true}"#, "{}", &["/exclusiveMinimum"]),
            (r#"{"nullable": true}"#, "{}", &["/nullable"]),
            (
                r##"{"$ref": "#/components/schemas/B", "minimum": 1}"##,
                r##"[{"$ref": "#/$defs/1", "minimum": 1}, {"1": {"type": "boolean"}}]"##,
                &[],
            ),
            (
                r##"{"items": false, "prefixItems": [{"if": true}], "$defs": {"x": {}}}"##,
                r##"{"items": false, "prefixItems": [{"if": true}]}"##,
                &[],
            ),
            (r##"{"$ref": "other.yaml#/A"}"##, "{}", &["/$ref"]),
            (r##"{"$id": "x", "$dynamicRef": "#y"}"##, "{}", &["/$id", "/$dynamicRef"]),
            ("false", "false", &[]),
        ] {
            becomes("3.1.0", schema, expected, left);
        }
    }

    #[test]
    fn circles_are_references() {
        let expected = r##"[{"$ref": "#/$defs/1"},
            {"1": {"type": "object", "properties": {"r": {"$ref": "#/$defs/1"}}}}]"##;
        becomes("3.0.3", r##"{"$ref": "#/components/schemas/R"}"##, expected, &[]);
        becomes(
            "3.0.3",
            r##"{"not": {"$ref": "#/components/schemas/S"}}"##,
            r##"{"not": {"$ref": "#/$defs/0"}}"##,
            &[],
        );
    }

    #[test]
    fn members_that_go_the_other_way_need_not_be_there() {
        let schema = r##"{"required": ["r", "w", "b", "o"], "properties": {
            "r": {"readOnly": true}, "w": {"writeOnly": true}, "o": {"$ref": "#/components/schemas/O"}}}"##;
        let required = |direction| {
            let (made, _) = made("3.0.3", schema, direction);
            made[0]["required"].clone()
        };
        assert_eq!(required(Direction::Request), json!(["w", "b"]));
        assert_eq!(required(Direction::Answer), json!(["r", "b", "o"]));
    }
}
