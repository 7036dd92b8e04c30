//! From the JSON Schema to the model; everything that is not understood is an error.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::{Choice, Form, Key, Model, Shape, Table};

type Object = Map<String, Value>;

/// Words that say nothing about what is valid.
const ANNOTATIONS: [&str; 6] = ["$schema", "$id", "title", "description", "examples", "default"];

impl Model {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// What is not understood, and where it stands.
    pub(in crate::author) fn read(schema: &Value) -> Result<Self, String> {
        let mut root = object(schema, "the schema")?.clone();
        let mut named = BTreeMap::new();
        if let Some(definitions) = root.remove("$defs") {
            for (name, definition) in object(&definitions, "$defs")? {
                named.insert(name.clone(), shape(object(definition, name)?, name)?);
            }
        }
        let Shape::Table(root) = shape(&root, "Document")? else {
            return Err("the schema is not a table's".to_owned());
        };
        let model = Self { root, named };
        model.check_names()?;
        Ok(model)
    }

    /// Every name is known, none stands for itself, and the alternatives of each value can be told apart.
    fn check_names(&self) -> Result<(), String> {
        let keys = self.root.keys.iter().map(|(name, key)| (name, &key.shape));
        keys.chain(&self.named).try_for_each(|(name, shape)| self.check_shape(name, shape))
    }

    fn check_shape(&self, name: &str, shape: &Shape) -> Result<(), String> {
        match shape {
            Shape::List(inner) | Shape::Map(inner) => self.check_shape(name, inner),
            Shape::Table(table) => table.keys.values().try_for_each(|key| self.check_shape(name, &key.shape)),
            Shape::Named(other) => match self.named.get(other) {
                Some(Shape::Named(third)) => Err(format!("{name}: {other} is only another name for {third}")),
                Some(_) => Ok(()),
                None => Err(format!("{name}: there is no type {other}")),
            },
            Shape::Either(shapes) => {
                let mut written: Vec<&str> = shapes.iter().map(|shape| self.written_as(shape)).collect();
                written.sort_unstable();
                match written.windows(2).find(|pair| pair[0] == pair[1]) {
                    Some(pair) => Err(format!("{name}: two alternatives are written as {}", pair[0])),
                    None => shapes.iter().try_for_each(|shape| self.check_shape(name, shape)),
                }
            }
            _ => Ok(()),
        }
    }

    fn written_as(&self, shape: &Shape) -> &'static str {
        match self.resolve(shape) {
            Shape::Text | Shape::Formed(_) | Shape::Choice(_) => "text",
            Shape::Boolean => "true or false",
            Shape::Whole(..) | Shape::Number => "a number",
            Shape::List(_) => "a list",
            Shape::Map(_) | Shape::Table(_) => "a table",
            Shape::Either(_) | Shape::Named(_) | Shape::Any => "alternatives",
        }
    }
}

fn shape(schema: &Object, at: &str) -> Result<Shape, String> {
    if let Some(target) = schema.get("$ref") {
        only(schema, at, &["$ref"])?;
        let name = target.as_str().and_then(|target| target.strip_prefix("#/$defs/"));
        return name
            .map(|name| Shape::Named(name.to_owned()))
            .ok_or_else(|| format!("{at}: the reference {target}"));
    }
    if let Some(alternatives) = schema.get("anyOf") {
        only(schema, at, &["anyOf"])?;
        return list(alternatives, at)?
            .iter()
            .map(|one| shape(object(one, at)?, at))
            .collect::<Result<_, _>>()
            .map(Shape::Either);
    }
    if let Some(words) = schema.get("oneOf") {
        only(schema, at, &["oneOf"])?;
        let words = list(words, at)?
            .iter()
            .map(|one| choices(object(one, at)?, at))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(Shape::Choice(words.into_iter().flatten().collect()));
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.contains_key("enum") || schema.contains_key("const") => {
            choices(schema, at).map(Shape::Choice)
        }
        Some("string") => string(schema, at),
        Some("boolean") => only(schema, at, &["type"]).map(|()| Shape::Boolean),
        Some("integer") => whole(schema, at),
        Some("number") => only(schema, at, &["type"]).map(|()| Shape::Number),
        Some("array") => {
            only(schema, at, &["type", "items"])?;
            let items = schema.get("items").ok_or_else(|| format!("{at}: a list of what?"))?;
            Ok(Shape::List(Box::new(shape(object(items, at)?, at)?)))
        }
        Some("object") => table(schema, at),
        other => Err(format!("{at}: the type {other:?}")),
    }
}

fn string(schema: &Object, at: &str) -> Result<Shape, String> {
    only(schema, at, &["type", "pattern"])?;
    let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return Ok(Shape::Text) };
    let pattern = Regex::new(pattern).map_err(|error| format!("{at}: {error}"))?;
    match text(schema, "title") {
        name if name.is_empty() => {
            Err(format!("{at}: a pattern needs a title that says what it is the pattern of"))
        }
        name => Ok(Shape::Formed(Form { name, meaning: text(schema, "description"), pattern })),
    }
}

fn whole(schema: &Object, at: &str) -> Result<Shape, String> {
    only(schema, at, &["type", "minimum", "maximum"])?;
    let bound = |word: &str| {
        let number = schema
            .get(word)
            .and_then(|it| it.as_i64().map(i128::from).or_else(|| it.as_u64().map(i128::from)));
        number.ok_or_else(|| format!("{at}: a whole number without a {word}"))
    };
    Ok(Shape::Whole(bound("minimum")?, bound("maximum")?))
}

fn choices(schema: &Object, at: &str) -> Result<Vec<Choice>, String> {
    only(schema, at, &["type", "const", "enum"])?;
    let words = match (schema.get("const"), schema.get("enum")) {
        (Some(word), None) => std::slice::from_ref(word),
        (None, Some(words)) => list(words, at)?,
        _ => return Err(format!("{at}: alternatives that are not words")),
    };
    let choice = |word: &Value| match word.as_str() {
        Some(word) => Ok(Choice { word: word.to_owned(), meaning: text(schema, "description") }),
        None => Err(format!("{at}: the value {word}")),
    };
    words.iter().map(choice).collect()
}

fn table(schema: &Object, at: &str) -> Result<Shape, String> {
    only(schema, at, &["type", "properties", "required", "additionalProperties"])?;
    match (schema.get("properties"), schema.get("additionalProperties")) {
        (Some(keys), Some(Value::Bool(false))) => {
            let required =
                schema.get("required").map(|names| list(names, at)).transpose()?.unwrap_or_default();
            let key = |(name, schema): (&String, &Value)| {
                let at = format!("{at}.{name}");
                let schema = object(schema, &at)?;
                let required = required.iter().any(|one| one == name);
                Ok((
                    name.clone(),
                    Key { meaning: text(schema, "description"), required, shape: shape(schema, &at)? },
                ))
            };
            let keys = object(keys, at)?.iter().map(key).collect::<Result<_, String>>()?;
            Ok(Shape::Table(Table { name: at.to_owned(), meaning: text(schema, "description"), keys }))
        }
        // A table with whatever in it: JSON of others.
        (None, Some(Value::Bool(true))) => Ok(Shape::Map(Box::new(Shape::Any))),
        (None, Some(value)) => Ok(Shape::Map(Box::new(shape(object(value, at)?, at)?))),
        _ => Err(format!("{at}: a table that takes unknown keys; is deny_unknown_fields missing?")),
    }
}

/// Refuses any word beside `known` and the annotations.
fn only(schema: &Object, at: &str, known: &[&str]) -> Result<(), String> {
    match schema.keys().find(|word| !known.contains(&word.as_str()) && !ANNOTATIONS.contains(&word.as_str()))
    {
        Some(word) => Err(format!("{at}: the word {word}")),
        None => Ok(()),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Object, String> {
    value.as_object().ok_or_else(|| format!("{at}: not an object: {value}"))
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{at}: not a list: {value}"))
}

fn text(schema: &Object, word: &str) -> String {
    schema.get(word).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_understood_is_named() {
        let table = [
            (json!({"type": "string", "format": "uri"}), "Document.a: the word format"),
            (json!({"type": "integer", "minimum": 0}), "Document.a: a whole number without a maximum"),
            (
                json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
                "Document.a: the word minItems",
            ),
            (json!({"allOf": []}), "Document.a: the type None"),
            (
                json!({"type": "object"}),
                "Document.a: a table that takes unknown keys; is deny_unknown_fields missing?",
            ),
            (json!({"$ref": "#/$defs/B"}), "a: there is no type B"),
            (
                json!({"type": "string", "pattern": "^a$"}),
                "Document.a: a pattern needs a title that says what it is the pattern of",
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "string"}]}),
                "a: two alternatives are written as text",
            ),
        ];
        for (schema, expected) in table {
            let whole = json!({"type": "object", "properties": {"a": schema}, "additionalProperties": false});
            assert_eq!(Model::read(&whole).err().as_deref(), Some(expected));
        }
    }
}
