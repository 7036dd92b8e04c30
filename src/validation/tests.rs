//! Schemas judge as the drafts say, in bounded work, and in words without values.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::schema::{Draft, Schema, Sources};
use super::*;

fn schema(schema: &Value) -> Schema {
    let sources = Sources::new(Vec::new()).unwrap();
    sources.schema(schema, "tollgate:///", Draft::Draft202012, None).unwrap()
}

const BOUNDS: Bounds = Bounds { depth: 64, members: 1000, elements: 10_000, text: 1 << 20 };

/// What is wrong with a text, each as `POINTER DETAIL`.
fn told(schema: &Schema, text: &str) -> Vec<String> {
    match judge(text.as_bytes(), &BOUNDS, schema) {
        Ok(()) => Vec::new(),
        Err(Wrong::Violations(violations)) => {
            let words = violations.errors.iter();
            words.map(|it| format!("{} {}", it.pointer.as_deref().unwrap_or_default(), it.detail)).collect()
        }
        Err(other) => vec![other.in_words()],
    }
}

#[test]
fn what_is_wrong_is_said_in_plain_words() {
    for (written, text, expected) in [
        (json!({"type": "integer"}), "1", &[][..]),
        (json!({"type": "integer"}), "1.0", &[]),
        (json!({"type": "integer"}), "\"1\"", &["# is not a whole number"]),
        (json!({"type": ["string", "null"]}), "1", &["# is not null or a text"]),
        (
            json!({"type": "object", "required": ["a", "b"]}),
            "{}",
            &["# has no member \"a\"", "# has no member \"b\""],
        ),
        (
            json!({"properties": {"a": {"type": "array", "items": {"type": "number", "minimum": 0}}}}),
            "{\"a\": [1, -1, \"x\"]}",
            &["#/a/1 is less than 0", "#/a/2 is not a number"],
        ),
        (json!({"properties": {"a/b~": {"const": 5}}}), "{\"a/b~\": 6}", &["#/a~1b~0 is not 5"]),
        (json!({"enum": ["a", "b", 1]}), "\"c\"", &["# is not one of \"a\", \"b\", 1"]),
        (
            json!({"additionalProperties": false, "properties": {"a": true}}),
            "{\"b\": 1, \"c\": 2}",
            &["# has members that should not be there: \"b\", \"c\""],
        ),
        (json!({"pattern": "^[a-z]+$"}), "\"A\"", &["# does not match the pattern ^[a-z]+$"]),
        (json!({"minLength": 2, "maxLength": 2}), "\"é\"", &["# is shorter than 2 characters"]),
        (json!({"maxLength": 1}), "\"ab\"", &["# is longer than 1 character"]),
        (json!({"multipleOf": 0.01}), "1.005", &["# is not a multiple of 0.01"]),
        (json!({"uniqueItems": true}), "[1, 1.0]", &["# has elements that are the same"]),
        (json!({"minItems": 2}), "[1]", &["# has less than 2 elements"]),
        (json!({"maxProperties": 0}), "{\"a\": 1}", &["# has more than 0 members"]),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            "{\"ab\": 1}",
            &["# has a member whose name is longer than 1 character"],
        ),
        (json!({"not": {"type": "null"}}), "null", &["# matches what it must not"]),
        (json!(false), "null", &["# should not be there"]),
        (
            json!({"contains": {"const": 1}}),
            "[2]",
            &["# does not contain what it should, as often as it should"],
        ),
        (json!({"exclusiveMaximum": 3}), "3", &["# is not below 3"]),
        (
            json!({"oneOf": [{"type": "number"}, {"minimum": 0}]}),
            "1",
            &["# matches more than one alternative"],
        ),
        (
            json!({"unevaluatedProperties": false, "allOf": [{"properties": {"a": true}}]}),
            "{\"a\": 1, \"b\": 1}",
            &["# has members that should not be there: \"b\""],
        ),
    ] {
        assert_eq!(told(&schema(&written), text), expected, "{written} {text}");
    }
}

#[test]
fn the_alternative_that_was_meant_is_told_about() {
    let shapes = json!({"oneOf": [
        {"type": "null"},
        {"properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}, "required": ["kind", "r"]},
        {"properties": {"kind": {"const": "square"}, "a": {"type": "number"}}, "required": ["kind", "a"]},
    ]});
    let shapes = schema(&shapes);
    assert_eq!(told(&shapes, "{\"kind\": \"square\", \"a\": \"x\"}"), ["#/a is not a number"]);
    assert_eq!(told(&shapes, "{\"kind\": \"line\"}"), ["# matches none of 3 alternatives"]);
}

#[test]
fn numbers_of_64_bits_are_exact_and_others_are_doubles() {
    let most = schema(&json!({"maximum": 9007199254740992_u64}));
    assert_eq!(told(&most, "9007199254740992"), [""; 0]);
    assert_eq!(told(&most, "9007199254740993").len(), 1);
    // Beyond 64 bits, and beyond all doubles.
    let most = schema(&json!({"maximum": 1e30, "type": "integer"}));
    for (text, valid) in [
        ("1000000000000000000000000000000", true),
        ("1000000000000000000000000000001", true),
        ("1e31", false),
        ("1e400", false),
        ("-1e400", true),
        ("1e-400", true),
    ] {
        assert_eq!(told(&most, text).is_empty(), valid, "{text}");
    }
    let one = schema(&json!({"const": 1}));
    assert!(told(&one, "1.000").is_empty() && told(&one, "10e-1").is_empty());
    // The nearest double is 1.
    assert!(told(&one, "1.0000000000000000000000001").is_empty());
    let either = schema(&json!({"enum": [[1, {"a": 2}], "x"]}));
    assert!(told(&either, "[1.0, {\"a\": 2e0}]").is_empty() && !told(&either, "[1, {\"a\": 3}]").is_empty());
}

#[test]
fn values_are_never_repeated() {
    let secret = "s3cr3t";
    for written in [
        json!({"type": "integer"}),
        json!({"const": "a"}),
        json!({"pattern": "^a$"}),
        json!({"enum": ["a"]}),
        json!({"maxLength": 1}),
        json!({"format": "uuid", "$schema": "http://json-schema.org/draft-07/schema#"}),
        json!({"anyOf": [{"type": "null"}, {"const": 1}]}),
        json!({"not": {}}),
        json!({"not": {"type": "string"}}),
    ] {
        let told = told(&schema(&written), &format!("\"{secret}\""));
        assert!(told.iter().all(|it| !it.contains(secret)), "{written} {told:?}");
    }
    let told = told(&schema(&json!({"unevaluatedItems": false})), &format!("[\"{secret}\"]"));
    assert_eq!(told, ["# has elements that should not be there"]);
}

#[test]
fn formats_are_checked_as_their_draft_has_it() {
    let sources = Sources::new(Vec::new()).unwrap();
    let written = json!({"format": "date"});
    let valid = |draft, formats| {
        let schema = sources.schema(&written, "tollgate:///", draft, formats).unwrap();
        told(&schema, "\"yesterday\"").is_empty()
    };
    assert!(valid(Draft::Draft202012, None) && !valid(Draft::Draft7, None));
    assert!(!valid(Draft::Draft202012, Some(true)) && valid(Draft::Draft7, Some(false)));
}

/// Each level of the content is looked at once for each of two alternatives, when what is wrong is listed.
#[test]
fn work_has_an_end() {
    let tree = json!({
        "$defs": {"node": {"anyOf": [
            {"properties": {"in": {"$ref": "#/$defs/node"}, "a": {"const": 1}}, "required": ["a"]},
            {"properties": {"in": {"$ref": "#/$defs/node"}, "b": {"const": 1}}, "required": ["b"]},
        ]}},
        "$ref": "#/$defs/node",
    });
    let tree = schema(&tree);
    let nested = |depth: usize, leaf: &str| {
        let begin = "{\"a\":1,\"b\":1,\"in\":".repeat(depth);
        format!("{begin}{leaf}{}", "}".repeat(depth))
    };
    assert_eq!(told(&tree, &nested(60, "{\"a\":1}")), [""; 0]);
    let told = told(&tree, &nested(60, "{}"));
    assert_eq!(told, ["# does not match its schema in too many ways to list"]);
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    for written in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"anyOf": [{"$ref": "#"}, {"not": {"$ref": "#"}}]}),
    ] {
        let _ = told(&schema(&written), "{\"a\": [1]}");
    }
}

#[test]
fn patterns_are_matched_in_linear_time() {
    let sources = Sources::new(Vec::new()).unwrap();
    let made = |pattern: &str| {
        let made = sources.schema(&json!({"pattern": pattern}), "tollgate:///", Draft::Draft202012, None);
        made.map_err(|mistakes| mistakes[0].pointer.clone())
    };
    for pattern in ["(?=a)b", "(a)\\1", "(?<!a)b", "["] {
        assert_eq!(made(pattern).err().as_deref(), Some("/pattern"), "{pattern}");
    }
    let slow = made("^(a+)+$").unwrap();
    assert_eq!(told(&slow, &format!("\"{}b\"", "a".repeat(100_000))).len(), 1);
}

#[test]
fn content_is_read_strictly_and_weighed_first() {
    let all = schema(&json!(true));
    let told = |text: &str| judge(text.as_bytes(), &BOUNDS, &all).map_err(|wrong| wrong.in_words());
    assert_eq!(
        told("{\"a\":1,\"a\":2}"),
        Err("a name stands for the second time in one object at byte 7".to_owned())
    );
    assert_eq!(told(&"[".repeat(65)), Err("arrays and objects are nested too deeply".to_owned()));
    assert_eq!(told("{"), Err("the JSON ends too early at byte 1".to_owned()));
}

#[test]
fn statuses_are_read_and_the_narrowest_counts() {
    assert_eq!(Statuses::read("200"), Some(Statuses::One(200)));
    assert_eq!(Statuses::read("2xx"), Some(Statuses::Class(2)));
    assert_eq!(Statuses::read("default"), Some(Statuses::Any));
    for text in ["", "20", "2000", "2x0", "0xx", "999", "abc", "+20"] {
        assert_eq!(Statuses::read(text), None, "{text}");
    }
    let schema = Arc::new(schema(&json!(true)));
    let json = MediaRange::read("application/json").unwrap();
    let of = |statuses| (statuses, json.clone(), Arc::clone(&schema));
    let bodies = vec![of(Statuses::One(201)), of(Statuses::Class(2)), of(Statuses::Any)];
    let answers = Answers { enforce: true, bodies, most: 1, bounds: BOUNDS };
    for (status, expected) in [(201, 0), (200, 1), (404, 2)] {
        let places: Vec<_> = answers.of_status(StatusCode::from_u16(status).unwrap()).collect();
        assert_eq!(places, [expected], "{status}");
    }
}

#[test]
fn a_schema_may_be_shared_among_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Schema>();
    shared::<Validation>();
}

#[test]
fn what_is_no_schema_is_a_mistake_in_it() {
    let sources = Sources::new(Vec::new()).unwrap();
    for (written, pointer) in [
        (json!({"type": "text"}), "/type"),
        (json!({"properties": {"a": {"minLength": "x"}}}), "/properties/a/minLength"),
        (json!({"required": "a"}), "/required"),
    ] {
        let mistakes = sources.schema(&written, "tollgate:///", Draft::Draft202012, None).unwrap_err();
        assert_eq!(mistakes[0].pointer, pointer, "{mistakes:?}");
    }
    let missing = sources.schema(&json!({"$ref": "#/$defs/a"}), "tollgate:///", Draft::Draft202012, None);
    assert!(missing.is_err());
}
