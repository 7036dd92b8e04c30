//! What a text may stand for: parameters and header fields are texts, and schemas speak of numbers and lists.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::Sources;
use crate::json::{Limits, Node, parse};

/// How deep schemas are followed through references and alternatives: parameters are simple, and some references go round
/// in circles.
const MOST_LEVELS: usize = 16;

/// The longest number, in bytes; there is no reason for a longer one.
const LONGEST_NUMBER: usize = 1024;

/// What a value may be, as far as that says how its text is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// A number, whole or not.
    pub number: bool,
    /// `true` or `false`.
    pub boolean: bool,
    /// Text.
    pub text: bool,
    /// Nothing: what is empty is `null`.
    pub null: bool,
    /// A list, and what its elements may be.
    pub list: Option<Box<Kinds>>,
    /// An object, and what those of its members may be that are known.
    pub object: Option<BTreeMap<Box<str>, Kinds>>,
}

/// What is taken first where a text may stand for several kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefer {
    /// Numbers, `true`, `false` and nothing.
    Values,
    /// Text.
    Text,
}

// === impl Kinds ===

impl Kinds {
    /// What a schema says that stands in the document at `base`. Where alternatives differ, all of them: the schema decides
    /// in the end.
    pub fn of(sources: &Sources, base: &str, schema: &Value) -> Self {
        let mut kinds = Self::default();
        kinds.gather(sources, base, schema, MOST_LEVELS);
        kinds
    }

    /// Calls itself at most `levels` deep.
    fn gather(&mut self, sources: &Sources, base: &str, schema: &Value, levels: usize) {
        let (Some(schema), Some(levels)) = (schema.as_object(), levels.checked_sub(1)) else { return };
        match schema.get("type") {
            Some(Value::String(name)) => self.add(name),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).for_each(|it| self.add(it)),
            _ => {}
        }
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        listed.chain(schema.get("const")).for_each(|value| self.add_value(value));
        if let Some((referred, base)) =
            schema.get("$ref").and_then(Value::as_str).and_then(|reference| sources.resolve(base, reference))
        {
            self.gather(sources, &base, referred, levels);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for inner in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.gather(sources, base, inner, levels);
            }
        }
        if let (Some(list), Some(items)) = (&mut self.list, schema.get("items")) {
            list.gather(sources, base, items, levels);
        }
        if let (Some(object), Some(members)) =
            (&mut self.object, schema.get("properties").and_then(Value::as_object))
        {
            for (name, member) in members {
                object.entry(name.as_str().into()).or_default().gather(sources, base, member, levels);
            }
        }
    }

    fn add(&mut self, name: &str) {
        match name {
            "integer" | "number" => self.number = true,
            "boolean" => self.boolean = true,
            "string" => self.text = true,
            "null" => self.null = true,
            "array" => drop(self.list.get_or_insert_default()),
            "object" => drop(self.object.get_or_insert_default()),
            _ => {}
        }
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Number(_) => self.number = true,
            Value::Bool(_) => self.boolean = true,
            Value::String(_) => self.text = true,
            Value::Null => self.null = true,
            Value::Array(_) | Value::Object(_) => {}
        }
    }

    /// Whether a text may stand for more than one kind of value, so that it is read in both ways.
    pub(super) fn is_ambiguous(&self) -> bool {
        let values = self.number || self.boolean || self.null;
        let inner = self.list.iter().any(|list| list.is_ambiguous());
        (self.text && values) || inner || self.object.iter().flatten().any(|(_, it)| it.is_ambiguous())
    }

    /// The value that a text stands for; where it can be none of those that are wanted, the text itself, and the schema
    /// will say what is wrong with it.
    pub(super) fn read(&self, text: &str, prefer: Prefer) -> Node<'static> {
        let plain = || Node::Text(text.to_owned().into());
        if prefer == Prefer::Text && self.text {
            return plain();
        }
        if self.number
            && let Some(number) = number(text)
        {
            return number;
        }
        match text {
            "true" if self.boolean => Node::Bool(true),
            "false" if self.boolean => Node::Bool(false),
            "" if self.null => Node::Null,
            _ => plain(),
        }
    }
}

/// A number as JSON has them: `+1`, `01` and `1.` are none.
fn number(text: &str) -> Option<Node<'static>> {
    let begins = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if !begins || !text.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    parse(text.as_bytes(), &Limits::of(LONGEST_NUMBER)).ok().map(Node::into_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::validation::schema::Draft;

    fn kinds(schema: &Value) -> Kinds {
        let user = json!({"$defs": {"id": {"type": "integer"}}, "type": "object"});
        let all = vec![
            ("tollgate:///user".to_owned(), user, Draft::Draft202012),
            ("tollgate:///here".to_owned(), schema.clone(), Draft::Draft202012),
        ];
        Kinds::of(&Sources::new(all).unwrap(), "tollgate:///here", schema)
    }

    #[test]
    fn schemas_say_what_texts_stand_for() {
        let number = Kinds { number: true, ..Kinds::default() };
        let text = Kinds { text: true, ..Kinds::default() };
        for (schema, expected) in [
            (json!(true), Kinds::default()),
            (json!({"minimum": 1}), Kinds::default()),
            (json!({"type": "integer"}), number.clone()),
            (json!({"type": ["string", "null"]}), Kinds { null: true, ..text.clone() }),
            (json!({"enum": [1, "a", true]}), Kinds { number: true, boolean: true, ..text.clone() }),
            (json!({"$ref": "user#/$defs/id"}), number.clone()),
            (json!({"$ref": "#/$defs/a", "$defs": {"a": {"const": 5}}}), number.clone()),
            (json!({"$ref": "#"}), Kinds::default()),
            (
                json!({"anyOf": [{"type": "number"}, {"allOf": [{"type": "string"}]}]}),
                Kinds { number: true, ..text },
            ),
            (
                json!({"type": "array", "items": {"type": "integer"}}),
                Kinds { list: Some(Box::new(number.clone())), ..Kinds::default() },
            ),
            (
                json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
                Kinds { object: Some(BTreeMap::from([("a".into(), number)])), ..Kinds::default() },
            ),
        ] {
            assert_eq!(kinds(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn texts_are_read_as_what_they_may_be() {
        let all = Kinds { number: true, boolean: true, text: true, null: true, ..Kinds::default() };
        for (text, expected) in [
            ("1", "1"),
            ("-1.50", "-1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e5", "1e5"),
            ("+1", "\"+1\""),
            ("01", "\"01\""),
            ("1.", "\"1.\""),
            (" 1", "\" 1\""),
            ("1 ", "\"1 \""),
            ("true", "true"),
            ("True", "\"True\""),
            ("", "null"),
            ("null", "\"null\""),
        ] {
            assert_eq!(all.read(text, Prefer::Values).to_text(), expected, "{text}");
            assert_eq!(all.read(text, Prefer::Text).to_text(), format!("\"{text}\""));
        }
        assert!(all.is_ambiguous());
        assert_eq!(kinds(&json!({"type": "integer"})).read("abc", Prefer::Values).to_text(), "\"abc\"");
    }
}
