//! Laws of validation, on random documents and schemas: nothing panics, everything ends, and what is found is told as it may
//! be told.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_family = "wasm"))]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tollgate::json::{Bounds, weigh};
use tollgate::problem::MOST_VIOLATIONS;
use tollgate::validation::{Draft, Schema, Sources, Wrong, judge, read};

const BOUNDS: Bounds = Bounds { depth: 32, members: 100, elements: 100, text: 1 << 10 };

/// Any JSON, of few names so that schemas and documents meet.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Small schemas of all kinds of keywords, with references to their whole and to a part.
fn schemas() -> impl Strategy<Value = Value> {
    let kinds =
        prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        kinds.prop_map(|kind| json!({"type": kind})),
        documents().prop_map(|value| json!({"const": value})),
        prop::collection::vec(documents(), 1..4).prop_map(|values| json!({"enum": values})),
        (0_u8..4).prop_map(|count| json!({"minItems": count, "maxProperties": count, "maxLength": count})),
        any::<i32>().prop_map(|bound| json!({"minimum": bound, "exclusiveMaximum": i64::from(bound) + 9})),
        prop::sample::select(vec![0.01, 1.5, 3.0]).prop_map(|number| json!({"multipleOf": number})),
        Just(json!({"uniqueItems": true, "pattern": "^[ab]*$"})),
        Just(json!({"$ref": "#"})),
        Just(json!({"$ref": "#/$defs/part"})),
        Just(json!({"required": ["a"], "additionalProperties": false})),
        Just(json!({"unevaluatedProperties": false})),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several.clone().prop_map(|all| json!({"allOf": all, "unevaluatedItems": false})),
            several.clone().prop_map(|all| json!({"anyOf": all})),
            several.prop_map(|all| json!({"oneOf": all})),
            inner.clone().prop_map(|one| json!({"not": one})),
            inner.clone().prop_map(|one| json!({"items": one.clone(), "contains": one})),
            (inner.clone(), inner.clone())
                .prop_map(|(one, other)| json!({"properties": {"a": one}, "additionalProperties": other})),
            (inner.clone(), inner)
                .prop_map(|(one, other)| json!({"if": one.clone(), "then": other, "else": one})),
        ]
    })
}

fn compiled(schema: &Value, part: &Value) -> Option<Schema> {
    let mut whole = json!({"allOf": [schema]});
    whole["$defs"] = json!({ "part": part });
    let sources = Sources::new(Vec::new()).unwrap();
    sources.schema(&whole, "tollgate:///here", Draft::Draft202012, None).ok()
}

/// Whether the library itself, over its own values, finds the same.
fn expected(schema: &Value, part: &Value, document: &Value) -> Option<bool> {
    let mut whole = json!({"allOf": [schema]});
    whole["$defs"] = json!({ "part": part });
    Some(jsonschema::draft202012::new(&whole).ok()?.is_valid(document))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_schema_judges_any_document(schema in schemas(), part in schemas(), document in documents()) {
        let Some(compiled) = compiled(&schema, &part) else { return Ok(()) };
        let text = document.to_string();
        match judge(text.as_bytes(), &BOUNDS, &compiled) {
            Ok(()) => prop_assert_ne!(expected(&schema, &part, &document), Some(false)),
            Err(Wrong::Violations(found)) => {
                prop_assert!(!found.errors.is_empty() && found.errors.len() <= MOST_VIOLATIONS);
                prop_assert_ne!(expected(&schema, &part, &document), Some(true));
                for violation in &found.errors {
                    let pointer = violation.pointer.as_deref().unwrap_or_default();
                    prop_assert!(pointer.starts_with('#') && pointer.len() < 300, "{}", pointer);
                    prop_assert!(violation.detail.len() < 1000, "{}", violation.detail);
                }
            }
            Err(Wrong::Heavy(_)) => {}
            Err(Wrong::Unreadable(error)) => prop_assert!(false, "{} {}", error, text),
        }
    }

    /// What weighs too much is never read, and what is read was weighed as it is.
    #[test]
    fn weighing_agrees_with_reading(document in documents(), depth in 0_usize..6, members in 1_usize..4, elements in 1_usize..6) {
        let bounds = Bounds { depth, members, elements, text: 1 << 20 };
        let text = serde_json::to_string_pretty(&document).unwrap();
        prop_assert_eq!(weigh(text.as_bytes(), &bounds).is_ok(), fits(&document, &bounds, depth));
        prop_assert_eq!(read(text.as_bytes(), &bounds).is_ok(), fits(&document, &bounds, depth));
    }

    #[test]
    fn any_bytes_are_weighed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = weigh(&bytes, &BOUNDS);
        let _ = read(&bytes, &BOUNDS);
    }
}

fn fits(value: &Value, bounds: &Bounds, depth: usize) -> bool {
    match value {
        Value::Array(elements) => {
            depth > 0
                && elements.len() <= bounds.elements
                && elements.iter().all(|element| fits(element, bounds, depth - 1))
        }
        Value::Object(members) => {
            depth > 0
                && members.len() <= bounds.members
                && members.values().all(|member| fits(member, bounds, depth - 1))
        }
        _ => true,
    }
}
