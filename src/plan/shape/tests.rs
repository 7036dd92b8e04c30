//! What is said about operations, and what they do once they are read.

#![allow(clippy::unwrap_used)]

use http::HeaderMap;

use super::*;
use crate::expression::Facts;
use crate::json::{Limits, parse};
use crate::merge::{Part, Place};
use crate::plan::Abilities;

/// The shape that is written, or what is said about it: pointer and message.
fn shape(steps: &str) -> Result<Shape, Vec<String>> {
    let mut context = Context::new(&[], &Abilities::NATIVE);
    let steps: Vec<ShapeStep> = serde_json::from_str(steps).unwrap();
    let shape = context.shape(&Pointer::root("a.toml"), &steps, &Known::default());
    let said: Vec<_> =
        context.diagnostics.iter().map(|it| format!("{} {}", it.place.pointer, it.message)).collect();
    assert_eq!(shape.is_some(), said.is_empty(), "{said:?}");
    shape.ok_or(said)
}

fn shaped(steps: &str, document: &str) -> String {
    let headers = HeaderMap::new();
    let facts = Facts::example(&headers);
    let shaped = shape(steps).unwrap().text(document.as_bytes(), &facts, &Limits::of(10_000));
    String::from_utf8(shaped.unwrap()).unwrap()
}

#[test]
fn operations_are_read_as_they_are_written() {
    for (steps, document, expected) in [
        (r#"[{"pick":"a"}]"#, r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
        (r#"[{"pick":["b","[\"a.b\"]"]}]"#, r#"{"a.b":1,"b":2,"c":3}"#, r#"{"a.b":1,"b":2}"#),
        (r#"[{"drop":["a","c"]}]"#, r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2}"#),
        (
            r#"[{"rename":{"from":"a","to":"b"}},{"default":{"at":"c","json":"1.10"}}]"#,
            r#"{"a":1}"#,
            r#"{"b":1,"c":1.10}"#,
        ),
        (r#"[{"move":{"from":"a","to":"b.c"}}]"#, r#"{"a":1}"#, r#"{"b":{"c":1}}"#),
        (r#"[{"values":{"at":"s","map":{"x":"y"}}}]"#, r#"{"s":"x"}"#, r#"{"s":"y"}"#),
        (
            r#"[{"set":{"at":"items[*].n","value":"index"}}]"#,
            r#"{"items":[{},{}]}"#,
            r#"{"items":[{"n":0},{"n":1}]}"#,
        ),
        (
            r#"[{"set":{"at":"n","value":"size(item.items)"}}]"#,
            r#"{"items":[{},{}]}"#,
            r#"{"items":[{},{}],"n":2}"#,
        ),
        (r#"[{"flatten":"a"}]"#, r#"{"a":{"b":1}}"#, r#"{"b":1}"#),
        (r#"[{"flatten":{"at":"a","prefix":"a_"}}]"#, r#"{"a":{"b":1}}"#, r#"{"a_b":1}"#),
        (r#"[{"flatten":"."}]"#, "[[1],[2]]", "[1,2]"),
        (
            r#"[{"group":{"members":["b","a","b"],"into":"g"}}]"#,
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"g":{"a":1,"b":2},"c":3}"#,
        ),
        (r#"[{"group":{"at":"[*]","members":["a"],"into":"g"}}]"#, r#"[{"a":1}]"#, r#"[{"g":{"a":1}}]"#),
        (r#"[{"wrap":"data"}]"#, "[1]", r#"{"data":[1]}"#),
        (r#"[{"wrap":{"at":"[*]","into":"v"}}]"#, "[1]", r#"[{"v":1}]"#),
        (r#"[{"wrap":{"at":".","into":"v"}}]"#, "[1]", r#"{"v":[1]}"#),
        (r#"[{"unwrap":"data.items"}]"#, r#"{"data":{"items":[]}}"#, "[]"),
        (r#"[{"unwrap":"edges[*].node"}]"#, r#"{"edges":[{"node":1}]}"#, r#"{"edges":[1]}"#),
        (r#"[{"concat":{"from":["a","b"]}}]"#, r#"{"a":[1],"b":[2]}"#, "[1,2]"),
        (
            r#"[{"concat":{"from":"g[*].i","to":"r.all"}}]"#,
            r#"{"g":[{"i":[1]}]}"#,
            r#"{"g":[{}],"r":{"all":[1]}}"#,
        ),
        (r#"[{"collect":{"from":"items[*].id","to":"."}}]"#, r#"{"items":[{"id":1}]}"#, "[1]"),
        (r#"[{"patch":"[{\"op\":\"add\",\"path\":\"/a\",\"value\":1.10}]"}]"#, "{}", r#"{"a":1.10}"#),
        (
            r#"[{"patch":[{"op":"test","path":"/a","value":1},{"op":"copy","from":"/a","path":"/b"},{"op":"replace","path":"/a","json":"null"},{"op":"remove","path":"/a"},{"op":"move","from":"/b","path":"/c"}]}]"#,
            r#"{"a":1.0}"#,
            r#"{"c":1.0}"#,
        ),
        (r#"[{"merge":"{\"a\":null,\"b\":1.10}"}]"#, r#"{"a":1}"#, r#"{"b":1.10}"#),
    ] {
        assert_eq!(shaped(steps, document), expected, "{steps}");
    }
}

/// The rows of a table on the page about shapes that have so many examples in them, all of a row written as code.
fn rows(columns: usize) -> Vec<Vec<&'static str>> {
    let page = include_str!("../../../docs/shapes.md");
    let rows = page.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        cells.filter_map(|cell| cell.strip_prefix('`')?.strip_suffix('`')).collect::<Vec<_>>()
    });
    rows.filter(|cells| cells.len() == columns && !cells.iter().any(|cell| cell.contains('`'))).collect()
}

#[test]
fn the_page_about_shapes_is_true() {
    #[derive(serde::Deserialize)]
    struct Written {
        shape: Vec<ShapeStep>,
    }
    let rows = rows(3);
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let written: Written = toml::from_str(&format!("shape = [{{ {} }}]", row[0])).unwrap();
        let steps = serde_json::to_string(&written.shape).unwrap();
        assert_eq!(shaped(&steps, row[1]), row[2], "{}", row[0]);
    }
}

#[test]
fn the_page_about_merges_is_true() {
    #[derive(serde::Deserialize)]
    struct Written {
        merge: crate::config::Merge,
    }
    let rows = rows(4);
    assert!(rows.len() > 6, "{rows:?}");
    for row in rows {
        let written: Written = toml::from_str(&format!("merge = {{ {} }}", row[0])).unwrap();
        let mut context = Context::new(&[], &Abilities::NATIVE);
        let rules = context.merge(&Pointer::root("a.toml"), Some(&written.merge), &[]);
        let node = |text: &'static str| parse(text.as_bytes(), &Limits::of(1_000)).unwrap();
        let parts = [row[1], row[2]].map(|text| Part { name: "part", into: &Place::Top, node: node(text) });
        assert_eq!(rules.of(parts, &Limits::of(1_000)).unwrap().to_text(), row[3], "{}", row[0]);
    }
}

#[test]
fn mistakes_are_told_where_they_are() {
    for (steps, said) in [
        (r#"[{}]"#, "/0 a step is exactly one operation"),
        (r#"[{"pick":"a","drop":"b"}]"#, "/0 a step is exactly one operation"),
        (r#"[{"wrap":"a","merge":"{}"}]"#, "/0 a step is exactly one operation"),
        (r#"[{"pick":[]}]"#, "/0/pick there are between 1 and 256 places"),
        (r#"[{"pick":["a","b[0]"]}]"#, "/0/pick \"b[0]\" is about one element of an array, or may be"),
        (r#"[{"pick":["a","b."]}]"#, "/0/pick/1 \"b.\" is not a place: a name is missing"),
        (r#"[{"rename":{"from":"a","to":"b.c"}}]"#, "/0/rename/to \"b.c\" is a place, not a name"),
        (r#"[{"set":{"at":"a","value":"item ="}}]"#, ""),
        (r#"[{"set":{"at":"a","value":"response.body"}}]"#, ""),
        (r#"[{"set":{"at":".","value":"1"}}]"#, "/0/set/at \".\" is not a place: a name is missing"),
        (r#"[{"group":{"members":[],"into":"a"}}]"#, "/0/group/members there are between 1 and 256 members"),
        (
            r#"[{"group":{"members":["a.b"],"into":"a"}}]"#,
            "/0/group/members/0 \"a.b\" is a place, not a name",
        ),
        (r#"[{"wrap":"a.b"}]"#, "/0/wrap \"a.b\" is a place, not a name"),
        (r#"[{"wrap":{"at":"a","into":"[0]"}}]"#, "/0/wrap/into \"[0]\" is a place, not a name"),
        (r#"[{"unwrap":"items[*]"}]"#, "/0/unwrap elements of an array stay in it"),
        (
            r#"[{"concat":{"from":["a"],"to":"b[0]"}}]"#,
            "/0/concat/to only names lead to where the list goes, no elements of arrays",
        ),
        (
            r#"[{"concat":{"from":["a"],"to":"a.b"}}]"#,
            "/0/concat/to this is within \"a\", which is taken away",
        ),
        (r#"[{"collect":{"from":[],"to":"a"}}]"#, "/0/collect/from there are between 1 and 256 places"),
        (r#"[{"patch":"x"}]"#, "/0/patch this is not JSON: there is an unexpected character at byte 0"),
        (r#"[{"patch":"[{}]"}]"#, "/0/patch this is no JSON Patch: operation 0: \"path\" is missing"),
        (r#"[{"patch":"[]"}]"#, "/0/patch this patch changes nothing"),
        (
            r#"[{"patch":[{"op":"add","path":"/a","value":1},{"op":"add","path":"a","value":1}]}]"#,
            "/0/patch/1 \"path\" is not a JSON Pointer: it begins with /, or is empty",
        ),
        (
            r#"[{"patch":[{"op":"add","path":"/a"}]}]"#,
            "/0/patch/0 a value is written in exactly one of value and json",
        ),
        (r#"[{"patch":[{"op":"remove","path":"/a","value":1}]}]"#, "/0/patch/0 remove has no value"),
        (
            r#"[{"patch":[{"op":"add","path":"/a","value":1,"from":"/b"}]}]"#,
            "/0/patch/0/from add has no from",
        ),
        (r#"[{"patch":[{"op":"move","path":"/a"}]}]"#, "/0/patch/0 \"from\" is missing"),
        (
            r#"[{"merge":"[]"}]"#,
            "/0/merge a merge patch that changes some of a document is an object with members",
        ),
        (r#"[{"merge":"{"}]"#, "/0/merge this is not JSON: the JSON ends too early at byte 1"),
    ] {
        let found = shape(steps).unwrap_err();
        if said.is_empty() {
            assert!(found.iter().all(|it| it.starts_with("/0/set/value ")), "{steps} {found:?}");
        } else {
            assert_eq!(found, [said], "{steps}");
        }
    }
}

#[test]
fn steps_that_find_nothing_any_more_are_questioned() {
    let said = |steps: &str| {
        let mut context = Context::new(&[], &Abilities::NATIVE);
        let steps: Vec<ShapeStep> = serde_json::from_str(steps).unwrap();
        assert!(context.shape(&Pointer::root("a.toml"), &steps, &Known::default()).is_some());
        context.diagnostics.iter().map(|it| (it.severity, it.place.pointer.clone())).collect::<Vec<_>>()
    };
    let rename = r#"{"rename":{"from":"a","to":"b"}}"#;
    let found = said(&format!(r#"[{{"drop":"a"}},{rename}]"#));
    assert_eq!(found, [(Severity::Warning, "/1".to_owned())]);
    assert_eq!(said(&format!(r#"[{{"drop":"a"}},{{"unwrap":"data"}},{rename}]"#)), []);
}

#[test]
fn what_is_too_much_is_said_once() {
    let many = |step: &str, count| format!("[{}]", vec![step; count].join(","));
    assert!(shape(&many(r#"{"flatten":"a"}"#, 64)).is_ok());
    assert_eq!(shape(&many(r#"{"flatten":"a"}"#, 65)).unwrap_err(), [" there are more than 64 operations"]);
    assert!(shape(&many(r#"{"wrap":"a"}"#, 64)).is_ok());
    let deep = r#"{"move":{"from":"a","to":"b.c.d.e.f.g"}}"#;
    assert!(shape(&many(deep, 12)).is_ok());
    assert_eq!(shape(&many(deep, 13)).unwrap_err(), [" documents could become more than 64 levels deeper"]);
    let long = format!(r#"[{{"flatten":{{"at":"a","prefix":"{}"}}}}]"#, "x".repeat(65));
    assert_eq!(shape(&long).unwrap_err(), ["/0/flatten/prefix this is longer than 64 bytes"]);
}
