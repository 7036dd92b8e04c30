//! The examples of RFC 6902, and what it leaves to readers.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::json::{Limits, parse};

fn patch(text: &str) -> Result<Patch, Mistake> {
    Patch::read(&parse(text.as_bytes(), &Limits::of(10_000)).unwrap())
}

fn patched_within(document: &str, operations: &str, limits: &Limits) -> Result<String, Failure> {
    let patch = patch(operations).unwrap();
    let node = parse(document.as_bytes(), &Limits::of(10_000)).unwrap();
    patch.apply(node, &mut Room::of(limits)).map(|node| node.to_text())
}

fn patched(document: &str, operations: &str) -> Result<String, Reason> {
    patched_within(document, operations, &Limits::of(10_000)).map_err(|failure| failure.reason)
}

#[test]
fn rfc_6902_appendix_a() {
    for (section, document, operations, result) in [
        (
            1,
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            r#"{"foo":"bar","baz":"qux"}"#,
        ),
        (
            2,
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            r#"{"foo":["bar","qux","baz"]}"#,
        ),
        (3, r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
        (
            4,
            r#"{"foo":["bar","qux","baz"]}"#,
            r#"[{"op":"remove","path":"/foo/1"}]"#,
            r#"{"foo":["bar","baz"]}"#,
        ),
        (
            5,
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            r#"{"baz":"boo","foo":"bar"}"#,
        ),
    ] {
        assert_eq!(patched(document, operations).as_deref(), Ok(result), "A.{section}");
    }
}

#[test]
fn rfc_6902_appendix_a_from_6() {
    for (section, document, operations, result) in [
        (
            6,
            r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
        ),
        (
            7,
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            r#"{"foo":["all","cows","eat","grass"]}"#,
        ),
        (
            8,
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
        ),
        (
            10,
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            r#"{"foo":"bar","child":{"grandchild":{}}}"#,
        ),
        (
            11,
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            r#"{"foo":"bar","baz":"qux"}"#,
        ),
        (14, r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
        (
            16,
            r#"{"foo":["bar"]}"#,
            r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            r#"{"foo":["bar",["abc","def"]]}"#,
        ),
    ] {
        assert_eq!(patched(document, operations).as_deref(), Ok(result), "A.{section}");
    }
}

#[test]
fn rfc_6902_appendix_a_failures() {
    for (section, document, operations, reason) in [
        (9, r#"{"baz":"qux"}"#, r#"[{"op":"test","path":"/baz","value":"bar"}]"#, Reason::Differs),
        (12, r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, Reason::Missing),
        (15, r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":"10"}]"#, Reason::Differs),
    ] {
        assert_eq!(patched(document, operations), Err(reason), "A.{section}");
    }
    // A.13: a member twice, which no document has.
    let twice = r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#;
    assert_eq!(parse(twice.as_bytes(), &Limits::of(1_000)).unwrap_err().fault, Fault::Twice);
}

#[test]
fn places_that_are_not_there_fail() {
    let document = r#"{"a":[1,{"b":2}],"c":"text"}"#;
    for operation in [
        r#"{"op":"add","path":"/a/3","value":0}"#,
        r#"{"op":"add","path":"/a/01","value":0}"#,
        r#"{"op":"add","path":"/a/x","value":0}"#,
        r#"{"op":"add","path":"/c/x","value":0}"#,
        r#"{"op":"remove","path":"/a/-"}"#,
        r#"{"op":"remove","path":"/x"}"#,
        r#"{"op":"replace","path":"/x","value":0}"#,
        r#"{"op":"replace","path":"/a/2","value":0}"#,
        r#"{"op":"move","from":"/x","path":"/x"}"#,
        r#"{"op":"move","from":"/a/0","path":"/a/2"}"#,
        r#"{"op":"copy","from":"/x","path":"/y"}"#,
        r#"{"op":"test","path":"/x","value":null}"#,
    ] {
        assert_eq!(patched(document, &format!("[{operation}]")), Err(Reason::Missing), "{operation}");
    }
    let second = r#"[{"op":"remove","path":"/c"},{"op":"remove","path":"/c"}]"#;
    let failure = patched_within(document, second, &Limits::of(100)).unwrap_err();
    assert_eq!(failure.to_string(), "operation 1 of the patch: there is no such place");
}

#[test]
fn what_the_rfc_says_in_passing() {
    for (document, operations, result) in [
        // Section 4.1: a member gives way, in its place; the end of an array has a number, too; "-" is a name in objects.
        (r#"{"a":1,"b":2}"#, r#"[{"op":"add","path":"/a","value":null}]"#, r#"{"a":null,"b":2}"#),
        ("[1]", r#"[{"op":"add","path":"/1","value":2}]"#, "[1,2]"),
        (
            "{}",
            r#"[{"op":"add","path":"/-","value":1},{"op":"add","path":"/0","value":2}]"#,
            r#"{"-":1,"0":2}"#,
        ),
        ("{}", r#"[{"op":"add","path":"","value":[1.10]}]"#, "[1.10]"),
        ("{}", r#"[{"op":"replace","path":"","value":7}]"#, "7"),
        ("[[]]", r#"[{"op":"copy","from":"","path":"/0/-"}]"#, "[[[[]]]]"),
        (r#"{"a":{"b":1}}"#, r#"[{"op":"move","from":"/a/b","path":""}]"#, "1"),
        (r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#, r#"{"a":1}"#),
        // Section 4.6: order does not matter in objects, and numbers are what they are worth.
        (
            r#"{"a":{"x":1.0,"y":[1e2]}}"#,
            r#"[{"op":"test","path":"/a","value":{"y":[100.00],"x":1}}]"#,
            r#"{"a":{"x":1.0,"y":[1e2]}}"#,
        ),
        (
            "[12345678901234567890]",
            r#"[{"op":"copy","from":"/0","path":"/-"}]"#,
            "[12345678901234567890,12345678901234567890]",
        ),
    ] {
        assert_eq!(patched(document, operations).as_deref(), Ok(result), "{operations}");
    }
    for (document, value) in
        [("[12345678901234567890]", "[12345678901234567891]"), ("[1,2]", "[2,1]"), ("[null]", "[0]")]
    {
        let test = format!(r#"[{{"op":"test","path":"","value":{value}}}]"#);
        assert_eq!(patched(document, &test), Err(Reason::Differs), "{value}");
    }
}

#[test]
fn what_is_no_patch_says_why() {
    for (text, message) in [
        ("{}", "a patch is a list of operations"),
        ("[1]", "operation 0: an operation is an object"),
        (r#"[{"op":"add","value":1}]"#, "operation 0: \"path\" is missing"),
        (r#"[{"op":"add","path":1,"value":1}]"#, "operation 0: \"path\" is not text"),
        (r#"[{"op":"add","path":"/a"}]"#, "operation 0: \"value\" is missing"),
        (r#"[{"path":"/a"}]"#, "operation 0: \"op\" is missing"),
        (r#"[{"op":"put","path":"/a"}]"#, "operation 0: there is no operation \"put\""),
        (r#"[{"op":"remove","path":""}]"#, "operation 0: the whole document cannot be removed"),
        (r#"[{"op":"move","path":"/a"}]"#, "operation 0: \"from\" is missing"),
        (r#"[{"op":"move","from":"/a","path":"/a/b"}]"#, "operation 0: a value cannot be moved into itself"),
        (r#"[{"op":"move","from":"","path":"/a"}]"#, "operation 0: a value cannot be moved into itself"),
        (
            r#"[{"op":"test","path":"a.b","value":1}]"#,
            "operation 0: \"path\" is not a JSON Pointer: it begins with /, or is empty",
        ),
        (
            r#"[{"op":"remove","path":"/a"},{"op":"remove","path":"/~2"}]"#,
            "operation 1: \"path\" is not a JSON Pointer: in a JSON Pointer, ~ is written ~0, and / is written ~1",
        ),
    ] {
        assert_eq!(patch(text).unwrap_err().to_string(), message, "{text}");
    }
    // A neighbour whose name begins alike is not within.
    assert!(patch(r#"[{"op":"move","from":"/a","path":"/ab"}]"#).is_ok());
    let many = format!("[{}]", vec![r#"{"op":"remove","path":"/a"}"#; 257].join(","));
    assert_eq!(
        Patch::read(&parse(many.as_bytes(), &Limits::of(100_000)).unwrap()).unwrap_err().operation,
        None
    );
}

#[test]
fn what_is_copied_is_bounded() {
    let doubles = vec![r#"{"op":"copy","from":"","path":"/-"}"#; 30].join(",");
    let doubles = format!("[{doubles}]");
    let deep = patched_within("[1]", &doubles, &Limits::of(10_000)).unwrap_err();
    assert!(matches!(deep.reason, Reason::Limit(Fault::Deep | Fault::Values)), "{deep}");
    let wide = vec![r#"{"op":"copy","from":"/0","path":"/-"}"#; 30].join(",");
    let wide = format!("[{wide}]");
    let document = format!("[\"{}\"]", "x".repeat(1_000));
    let failed = patched_within(&document, &wide, &Limits::of(10_000)).unwrap_err();
    assert_eq!((failed.operation, failed.reason), (10, Reason::Limit(Fault::Bytes)));
    let nested = r#"[{"op":"add","path":"/0/0/0","value":[[]]}]"#;
    let limits = |depth| Limits { depth, ..Limits::of(10_000) };
    assert!(patched_within("[[[]]]", nested, &limits(5)).is_ok());
    let failed = patched_within("[[[]]]", nested, &limits(4)).unwrap_err();
    assert_eq!(failed.reason, Reason::Limit(Fault::Deep));
    let moved = r#"[{"op":"move","from":"/1","path":"/0/0/0"}]"#;
    assert!(patched_within("[[[]],[[]]]", moved, &limits(5)).is_ok());
    assert_eq!(
        patched_within("[[[]],[[]]]", moved, &limits(4)).unwrap_err().reason,
        Reason::Limit(Fault::Deep)
    );
}
