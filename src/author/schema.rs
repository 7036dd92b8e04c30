//! The JSON Schema of a configuration file, for editors and for the check.
//!
//! `schemars` makes it from the types, in step with serde. What it says beyond what an author may write is taken out
//! here: a key is left out rather than `null`, and a number has the bounds of its type.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::config::Document;

/// JSON Schema (2020-12) of one configuration file.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(tidy));
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), json!("urn:tollgate:schema:configuration"));
    schema.insert("title".to_owned(), json!("Tollgate configuration"));
    schema.to_value()
}

fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    drop_null(object);
    bound_number(object);
    if object.get("default").is_some_and(says_nothing) {
        object.remove("default");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = unwrap_lines(description);
    }
}

/// An `Option` takes `null`; an author leaves the key out.
fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// `format: uint32` is no JSON Schema; a maximum is.
fn bound_number(object: &mut Map<String, Value>) {
    let bounds = match object.get("format").and_then(Value::as_str) {
        Some("uint8") => (json!(u8::MIN), json!(u8::MAX)),
        Some("uint16") => (json!(u16::MIN), json!(u16::MAX)),
        Some("uint32") => (json!(u32::MIN), json!(u32::MAX)),
        Some("uint64" | "uint") => (json!(u64::MIN), json!(u64::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int64" | "int") => (json!(i64::MIN), json!(i64::MAX)),
        Some("double" | "float") => {
            object.remove("format");
            return;
        }
        _ => return,
    };
    object.remove("format");
    object.entry("minimum").or_insert(bounds.0);
    object.entry("maximum").or_insert(bounds.1);
}

fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(pairs) => pairs.is_empty(),
        _ => false,
    }
}

/// A doc comment's line breaks are the source's, its empty lines are paragraphs.
fn unwrap_lines(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_nothing_an_author_writes() {
        // As a type or a value; in a description, it would have its quotes escaped.
        let text = schema().to_string().replace("\\\"", "'");
        assert!(!text.contains("\"null\"") && !text.contains(":null"), "{text}");
    }

    #[test]
    fn numbers_have_bounds() {
        let schema = schema();
        let count = &schema["$defs"]["ServerLimits"]["properties"]["header_count"];
        assert_eq!((&count["minimum"], &count["maximum"]), (&json!(0), &json!(u32::MAX)));
        let status = &schema["$defs"]["Respond"]["properties"]["status"];
        assert_eq!((&status["minimum"], &status["maximum"]), (&json!(0), &json!(u16::MAX)));
    }
}
