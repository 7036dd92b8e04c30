//! Parameters in every place and style.

#![allow(clippy::unwrap_used)]

use http::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::validation::schema::{Draft, Sources};

fn parameter(place: Place, name: &str, style: Style, schema: &Value) -> Parameter {
    let sources = Sources::new(Vec::new()).unwrap();
    let base = "tollgate:///";
    Parameter {
        required: false,
        kinds: Kinds::of(&sources, base, schema),
        schema: Arc::new(sources.schema(schema, base, Draft::Draft202012, None).unwrap()),
        name: name.into(),
        place,
        style,
    }
}

/// What is wrong, in words.
fn judged(parameter: &Parameter, given: &Given<'_>) -> Vec<String> {
    let mut found = Violations::default();
    parameter.judge(given, &mut found);
    let words =
        found.errors.iter().map(|it| format!("{}{}", it.pointer.as_deref().unwrap_or_default(), it.detail));
    words.collect()
}

#[test]
fn queries_are_read_by_their_style() {
    let headers = HeaderMap::new();
    let integer = json!({"type": "integer"});
    let integers = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 3});
    let point = json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
        "additionalProperties": false, "required": ["x"]});
    use Style::{Commas, Deep, Json, Pipes, Repeated, Spaces};
    for (style, schema, query, expected) in [
        (Repeated, &integer, "", &[][..]),
        (Repeated, &integer, "p=5", &[]),
        (Repeated, &integer, "p=%35", &[]),
        (Repeated, &integer, "p=five", &["is not a whole number"]),
        (Repeated, &integer, "p=", &["is not a whole number"]),
        (Repeated, &integer, "p=1.5", &["is not a whole number"]),
        (Repeated, &integer, "p=1.0", &[]),
        (Repeated, &integer, "p=1&p=2", &["stands several times"]),
        (Repeated, &integers, "p=1&q=x&p=2", &[]),
        (Repeated, &integers, "p=1&p=b", &["#/1is not a whole number"]),
        (Repeated, &integers, "p=1&p=2&p=3&p=4", &["has more than 3 elements"]),
        (Repeated, &point, "x=1&y=2", &[]),
        (Repeated, &point, "y=2", &["has no member \"x\""]),
        (Commas, &integers, "p=1,2", &[]),
        (Commas, &integers, "p=1%2C2", &["#/0is not a whole number"]),
        (Commas, &integers, "p=", &[]),
        (Commas, &point, "p=x,1,y,2", &[]),
        (Commas, &point, "p=x,1,z,2", &["has members that should not be there: \"z\""]),
        (Spaces, &integers, "p=1%202+3", &[]),
        (Pipes, &integers, "p=1%7C2|3", &[]),
        (Pipes, &integers, "p=1|b", &["#/1is not a whole number"]),
        (Deep, &point, "p[x]=1&p%5By%5D=b", &[]),
        (Deep, &point, "p[x]=a", &["#/xis not a whole number"]),
        (Deep, &point, "p[x]=1&p[x]=2", &["has a member several times"]),
        (Deep, &point, "q[x]=a", &[]),
        (Json, &point, "p=%7B%22x%22:1%7D", &[]),
        (Json, &point, "p=%7B%22x%22:1,%22x%22:1%7D", &["is not JSON"]),
        (Json, &point, "p=1", &["is not an object"]),
    ] {
        let parameter = parameter(Place::Query, "p", style, schema);
        let given = Given { captures: &[], query: Some(query), headers: &headers };
        assert_eq!(judged(&parameter, &given), expected, "{style:?} {query}");
    }
}

#[test]
fn what_may_be_several_kinds_of_values_is_read_as_each() {
    let headers = HeaderMap::new();
    let schema = json!({"anyOf": [{"type": "integer", "maximum": 9}, {"enum": ["10", "all"]}]});
    let parameter = parameter(Place::Query, "p", Style::Repeated, &schema);
    for (query, valid) in [("p=9", true), ("p=10", true), ("p=all", true), ("p=11", false), ("p=none", false)]
    {
        let given = Given { captures: &[], query: Some(query), headers: &headers };
        assert_eq!(judged(&parameter, &given).is_empty(), valid, "{query}");
    }
}

#[test]
fn paths_fields_and_cookies_are_read() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-one", "5"),
        ("x-list", "1, 2"),
        ("x-list", "3"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("x-bytes", "\u{fc}"),
        ("cookie", "a=1; n=7; b=x"),
        ("cookie", "m=1; m=2"),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let header = |name| Place::Header(HeaderName::from_static(name));
    let integer = json!({"type": "integer"});
    let integers = json!({"type": "array", "items": {"type": "integer"}});
    for (place, name, schema, expected) in [
        (Place::Path(1), "id", &integer, &[][..]),
        (Place::Path(0), "name", &integer, &["is not a whole number"]),
        (header("x-one"), "x-one", &integer, &[]),
        (header("x-list"), "x-list", &integers, &[]),
        (header("x-list"), "x-list", &integer, &["stands several times"]),
        (header("x-twice"), "x-twice", &integer, &["stands several times"]),
        (header("x-bytes"), "x-bytes", &integer, &["has characters that are not ASCII"]),
        (header("x-none"), "x-none", &integer, &["is missing"]),
        (Place::Cookie, "n", &integer, &[]),
        (Place::Cookie, "b", &integer, &["is not a whole number"]),
        (Place::Cookie, "m", &integer, &["stands several times"]),
        (Place::Cookie, "c", &integer, &["is missing"]),
    ] {
        let parameter = Parameter { required: true, ..parameter(place, name, Style::Commas, schema) };
        let given = Given { captures: &["ada", "7"], query: None, headers: &headers };
        assert_eq!(judged(&parameter, &given), expected, "{name}");
    }
}

#[test]
fn lists_have_an_end() {
    let headers = HeaderMap::new();
    let list = json!({"type": "array", "items": {"type": "integer"}});
    for (style, query) in [
        (Style::Repeated, "p=1&".repeat(300)),
        (Style::Commas, format!("p={}", "1,".repeat(300))),
        (Style::Pipes, format!("p={}", "1|".repeat(300))),
    ] {
        let parameter = parameter(Place::Query, "p", style, &list);
        let given = Given { captures: &[], query: Some(&query), headers: &headers };
        assert_eq!(judged(&parameter, &given), ["has too many values"], "{style:?}");
    }
}
