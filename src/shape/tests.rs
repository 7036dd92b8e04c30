//! Each operation, on documents that it is for and on others.

#![allow(clippy::unwrap_used)]

use http::HeaderMap;

use super::*;
use crate::expression::{Kind, Known};

fn path(text: &str) -> Path {
    if text == "." { Path::new(Vec::new()).unwrap() } else { Path::read(text).unwrap() }
}

fn segments(text: &str) -> Box<[Segment]> {
    path(text).segments().into()
}

/// What comes of a document, or why nothing does.
fn shaped(operations: Vec<Operation>, document: &str) -> Result<String, Fault> {
    shaped_within(operations, document, &Limits::of(10_000))
}

fn shaped_within(operations: Vec<Operation>, document: &str, limits: &Limits) -> Result<String, Fault> {
    let headers = HeaderMap::new();
    let shape = Shape(operations.into());
    let node = parse(document.as_bytes(), &Limits::of(100_000)).unwrap();
    shape.apply(node, &Facts::example(&headers), limits).map(|node| node.to_text())
}

#[track_caller]
fn table(operation: impl Fn() -> Operation, pairs: &[(&str, &str)]) {
    for (document, expected) in pairs {
        assert_eq!(shaped(vec![operation()], document).as_deref(), Ok(*expected), "{document}");
    }
}

/// Nothing happens to these.
#[track_caller]
fn untouched(operation: impl Fn() -> Operation, documents: &[&str]) {
    let same: Vec<_> = documents.iter().map(|document| (*document, *document)).collect();
    table(operation, &same);
}

fn pick(paths: &[&str]) -> Operation {
    Operation::Pick(Pick::new(&paths.iter().map(|text| path(text)).collect::<Vec<_>>()).unwrap())
}

fn flatten(at: &str, prefix: &str) -> Operation {
    Operation::Flatten { at: path(at), prefix: prefix.into() }
}

fn group(object: &str, members: &[&str], into: &str) -> Operation {
    let mut members: Vec<Box<str>> = members.iter().map(|name| (*name).into()).collect();
    members.sort();
    Operation::Group { object: segments(object), members: members.into(), into: into.into() }
}

fn wrap(at: &str, into: &str) -> Operation {
    Operation::Wrap { at: path(at), into: into.into() }
}

fn unwrap(at: &str) -> Operation {
    let at = path(at);
    let (scope, at) = at.segments().split_at(at.scope());
    Operation::Unwrap { scope: scope.into(), at: at.into() }
}

fn gather(from: &[&str], to: &str, what: What) -> Operation {
    Operation::Gather { from: from.iter().map(|text| path(text)).collect(), to: segments(to), what }
}

fn set(at: &str, value: &str) -> Operation {
    let at = path(at);
    let known = Known { item: true, ..Known::default() };
    let value = Arc::new(Expression::compile_with(value, Kind::Any, &known).unwrap());
    let (scope, at) = at.segments().split_at(at.scope());
    Operation::Set(Set { scope: scope.into(), at: at.into(), value })
}

fn patch(text: &str) -> Operation {
    Operation::Patch(patch::Patch::read(&parse(text.as_bytes(), &Limits::of(10_000)).unwrap()).unwrap())
}

fn merge(text: &str) -> Operation {
    Operation::Merge(parse(text.as_bytes(), &Limits::of(10_000)).unwrap().into_owned())
}

#[test]
fn only_what_is_picked_stays() {
    let it = || pick(&["items[*].id", "total", "user.name"]);
    table(
        it,
        &[
            (
                r#"{"total":1.10,"x":1,"items":[{"y":2,"id":12345678901234567890},{"z":3}],"user":{"name":"A","b":0}}"#,
                r#"{"total":1.10,"items":[{"id":12345678901234567890},{}],"user":{"name":"A"}}"#,
            ),
            // What should be an object or an array, and is none, goes.
            (r#"{"items":[1,{"id":2},null,[]],"user":"Ada"}"#, r#"{"items":[{"id":2}]}"#),
            (r#"{"items":{"id":1},"user":[{"name":1}]}"#, "{}"),
            ("[1,2]", "[]"),
            ("\"secret\"", "null"),
        ],
    );
    table(
        || pick(&["[*].a", "[*].b.c"]),
        &[(r#"[{"a":1,"b":{"c":2,"d":3}},{"d":4},5]"#, r#"[{"a":1,"b":{"c":2}},{}]"#)],
    );
    // A place holds all that is within it.
    table(|| pick(&["a.b", "a"]), &[(r#"{"a":{"b":1,"c":2},"d":3}"#, r#"{"a":{"b":1,"c":2}}"#)]);
    assert_eq!(Pick::new(&[path("a"), path("b[0]")]), Err(&path("b[0]")));
    assert_eq!(Pick::new(&[path("/a/0")]), Err(&path("/a/0")));
}

#[test]
fn what_is_within_a_value_comes_in_its_place() {
    table(
        || flatten("address", ""),
        &[
            (
                r#"{"id":1,"address":{"street":"S","city":"C"},"x":2}"#,
                r#"{"id":1,"street":"S","city":"C","x":2}"#,
            ),
            (r#"{"city":0,"address":{"city":"C"}}"#, r#"{"city":"C"}"#),
            (r#"{"address":[[1],2,[[3]]]}"#, r#"{"address":[1,2,[3]]}"#),
        ],
    );
    table(
        || flatten("address", "address_"),
        &[(r#"{"address":{"city":"C"},"city":0}"#, r#"{"address_city":"C","city":0}"#)],
    );
    table(
        || flatten("items[*].a", ""),
        &[(r#"{"items":[{"a":{"b":1}},{"a":2},{"c":{}}]}"#, r#"{"items":[{"b":1},{"a":2},{"c":{}}]}"#)],
    );
    table(
        || flatten(".", ""),
        &[("[[1,2],[],3,{\"a\":[]}]", "[1,2,3,{\"a\":[]}]"), ("{\"a\":{}}", "{\"a\":{}}")],
    );
    table(|| flatten("[*]", ""), &[("[[[1],2],[3]]", "[[1,2],[3]]"), (r#"[{"a":1}]"#, r#"[{"a":1}]"#)]);
    untouched(|| flatten("address", ""), &[r#"{"address":"text"}"#, r#"{"a":{"address":{}}}"#, "[1]", "1"]);
}

#[test]
fn members_are_grouped() {
    let it = || group(".", &["street", "city"], "address");
    table(
        it,
        &[
            (
                r#"{"id":1,"city":"C","x":2,"street":"S"}"#,
                r#"{"id":1,"address":{"city":"C","street":"S"},"x":2}"#,
            ),
            (r#"{"address":{"zip":1,"city":0},"city":"C"}"#, r#"{"address":{"zip":1,"city":"C"}}"#),
        ],
    );
    untouched(it, &["{}", r#"{"id":1}"#, r#"{"address":"text","city":"C"}"#, "[]", "\"city\""]);
    table(|| group(".", &["a", "b"], "a"), &[(r#"{"b":1,"a":2}"#, r#"{"a":{"b":1,"a":2}}"#)]);
    table(
        || group("items[*]", &["a"], "g"),
        &[(r#"{"items":[{"a":1},{"b":2},3]}"#, r#"{"items":[{"g":{"a":1}},{"b":2},3]}"#)],
    );
}

#[test]
fn values_are_wrapped_and_unwrapped() {
    table(|| wrap(".", "data"), &[("[1]", r#"{"data":[1]}"#), ("null", r#"{"data":null}"#)]);
    table(
        || wrap("a[*]", "v"),
        &[(r#"{"a":[1,[]]}"#, r#"{"a":[{"v":1},{"v":[]}]}"#), (r#"{"b":1}"#, r#"{"b":1}"#)],
    );
    table(|| unwrap("data.items"), &[(r#"{"data":{"items":[1.10]},"x":1}"#, "[1.10]")]);
    table(
        || unwrap("edges[*].node"),
        &[(r#"{"edges":[{"node":{"a":1}},{"x":2},3]}"#, r#"{"edges":[{"a":1},{"x":2},3]}"#)],
    );
    table(|| unwrap("a[0]"), &[(r#"{"a":[1,2]}"#, "1"), (r#"{"a":[]}"#, r#"{"a":[]}"#)]);
    untouched(|| unwrap("data"), &["{}", "[1]", "7"]);
}

#[test]
fn lists_are_joined_into_one() {
    let it = || gather(&["b", "groups[*].items", "a"], "all", What::Elements);
    table(
        it,
        &[
            (
                r#"{"a":[1],"x":0,"b":[2,[3]],"groups":[{"items":[4]},{},{"items":5}]}"#,
                r#"{"x":0,"groups":[{},{},{"items":5}],"all":[2,[3],4,1]}"#,
            ),
            (r#"{"all":"gone","a":[]}"#, r#"{"all":[]}"#),
        ],
    );
    untouched(it, &["{}", r#"{"a":1,"b":{}}"#, "[[1]]", "1"]);
    table(|| gather(&["a", "b"], ".", What::Elements), &[(r#"{"b":[2],"a":[1],"c":3}"#, "[1,2]")]);
    table(|| gather(&["[*]"], ".", What::Elements), &[("[[1],2,[3]]", "[1,3]")]);
    table(
        || gather(&["a.b", "a.c"], "a", What::Elements),
        &[(r#"{"a":{"b":[1],"c":[2],"d":3}}"#, r#"{"a":[1,2]}"#)],
    );
    // Something in the way: nothing is lost.
    untouched(|| gather(&["a"], "b.c", What::Elements), &[r#"{"a":[1],"b":"text"}"#, r#"{"a":[1],"b":[]}"#]);
    table(|| gather(&["a"], "b.c", What::Elements), &[(r#"{"a":[1]}"#, r#"{"b":{"c":[1]}}"#)]);
}

#[test]
fn values_are_collected_into_a_list() {
    let it = || gather(&["user", "owner", "more[*]"], "people", What::Values);
    table(
        it,
        &[(
            r#"{"owner":{"a":1},"more":[2,null],"user":[3]}"#,
            r#"{"more":[],"people":[[3],{"a":1},2,null]}"#,
        )],
    );
    untouched(it, &["{}", r#"{"more":[]}"#, "[1]"]);
    table(
        || gather(&["items[*].id"], ".", What::Values),
        &[(r#"{"items":[{"id":1.10},{},{"id":2}]}"#, "[1.10,2]")],
    );
    table(|| gather(&["user"], "user", What::Values), &[(r#"{"user":{"a":1}}"#, r#"{"user":[{"a":1}]}"#)]);
    // An element that is taken makes those behind it move up.
    table(|| gather(&["a[0]", "a[0]"], "b", What::Values), &[(r#"{"a":[1,2,3]}"#, r#"{"a":[3],"b":[1,2]}"#)]);
}

#[test]
fn values_are_computed() {
    table(
        || set("total", "item.items.map(it, it.price).size()"),
        &[(
            r#"{"items":[{"price":1.10},{"price":2}]}"#,
            r#"{"items":[{"price":1.10},{"price":2}],"total":2}"#,
        )],
    );
    table(
        || set("items[*].n.no", "index + 1"),
        &[(r#"{"items":[{"n":{"no":9}},{},3]}"#, r#"{"items":[{"n":{"no":1}},{"n":{"no":2}},3]}"#)],
    );
    table(
        || set("tags[*]", "{'tag': item}"),
        &[(r#"{"tags":["a",1.10]}"#, r#"{"tags":[{"tag":"a"},{"tag":1.10}]}"#)],
    );
    table(
        || set("a[*].b[*].i", "[index, item.x]"),
        &[(
            r#"{"a":[{"b":[{"x":1}]},{"b":[{"x":2},{"x":3}]}]}"#,
            r#"{"a":[{"b":[{"x":1,"i":[0,1]}]},{"b":[{"x":2,"i":[0,2]},{"x":3,"i":[1,3]}]}]}"#,
        )],
    );
    table(
        || set("copy", "item.a"),
        &[(
            r#"{"a":{"b":12345678901234567890}}"#,
            r#"{"a":{"b":12345678901234567890},"copy":{"b":12345678901234567890}}"#,
        )],
    );
    // What is in the way stays, and nothing is computed for it.
    untouched(|| set("a.b", "item.none"), &[r#"{"a":1}"#, "[1]", "null"]);
    untouched(|| set("items[*].a", "item.none"), &["{}", r#"{"items":{}}"#, r#"{"items":[1,"x",[]]}"#]);
    let fault = shaped(vec![set("b", "item.none")], "{}");
    assert_eq!(fault, Err(Fault::Value(expression::Fault::Absent("none".into()))));
}

#[test]
fn patches_are_operations_like_others() {
    let swap = r#"[{"op":"test","path":"/v","value":1},{"op":"replace","path":"/v","value":2}]"#;
    table(|| patch(swap), &[(r#"{"v":1.0}"#, r#"{"v":2}"#)]);
    let fault = shaped(vec![patch(swap)], r#"{"v":3}"#).unwrap_err();
    assert_eq!(fault.to_string(), "operation 0 of the patch: something else stands there");
    table(
        || merge(r#"{"a":{"b":null,"c":[1.10]}}"#),
        &[(r#"{"a":{"b":1},"d":2}"#, r#"{"a":{"c":[1.10]},"d":2}"#)],
    );
    table(
        || Operation::Step(Step::Rename { object: segments("."), from: "a".into(), to: "b".into() }),
        &[(r#"{"a":1}"#, r#"{"b":1}"#)],
    );
}

#[test]
fn operations_are_done_in_order() {
    let operations = vec![
        unwrap("data"),
        set("items[*].sum", "string(item.price) + ' EUR'"),
        pick(&["items[*].sum"]),
        wrap(".", "result"),
    ];
    let document = r#"{"data":{"items":[{"price":1.10},{"price":7}],"x":1}}"#;
    let shaped = shaped(operations, document).unwrap();
    assert_eq!(shaped, r#"{"result":{"items":[{"sum":"1.10 EUR"},{"sum":"7 EUR"}]}}"#);
}

#[test]
fn what_is_made_is_bounded() {
    let limits = |depth, values, bytes| Limits { depth, values, bytes, text: bytes };
    let json = |fault| Err(Fault::Json(fault));
    // Depth: nothing is looked at twice where nothing can have become too deep.
    let wraps = |count| (0..count).map(|_| wrap(".", "a")).collect::<Vec<_>>();
    assert!(shaped_within(wraps(5), "[]", &limits(6, 100, 100)).is_ok());
    assert_eq!(shaped_within(wraps(6), "[]", &limits(6, 100, 100)), json(json::Fault::Deep));
    let unwrapped: Vec<_> = (0..100).flat_map(|_| [wrap(".", "a"), unwrap("a")]).collect();
    assert_eq!(shaped_within(unwrapped, "[]", &limits(6, 1_000, 100)).unwrap(), "[]");
    let nested = || set("a.b", "[[item.x]]");
    assert!(shaped_within(vec![nested()], r#"{"x":[]}"#, &limits(5, 100, 100)).is_ok());
    assert_eq!(shaped_within(vec![nested()], r#"{"x":[]}"#, &limits(4, 100, 100)), json(json::Fault::Deep));
    let grown: Vec<_> = (0..70).map(|_| set("a", "item")).collect();
    let fault = shaped_within(grown, "{}", &limits(64, 10_000, 10_000)).unwrap_err();
    assert!(matches!(fault, Fault::Json(json::Fault::Deep | json::Fault::Values)), "{fault}");
    // Values and bytes.
    let tags = || vec![set("[*]", "'text'")];
    assert!(shaped_within(tags(), "[1,2,3]", &limits(6, 3, 12)).is_ok());
    assert_eq!(shaped_within(tags(), "[1,2,3]", &limits(6, 3, 11)), json(json::Fault::Bytes));
    let many = shaped_within(tags(), "[1,2,3]", &limits(6, 2, 12));
    assert_eq!(many, Err(Fault::Value(expression::Fault::TooLarge)));
    let prefixed = || vec![flatten("a", "ab_")];
    assert!(shaped_within(prefixed(), r#"{"a":{"c":1}}"#, &limits(6, 2, 4)).is_ok());
    assert_eq!(shaped_within(prefixed(), r#"{"a":{"c":1}}"#, &limits(6, 2, 3)), json(json::Fault::Bytes));
    // Written.
    let headers = HeaderMap::new();
    let shape = Shape(vec![wrap(".", "a")].into());
    assert_eq!(shape.text(b"1", &Facts::example(&headers), &limits(6, 9, 7)).unwrap(), b"{\"a\":1}");
    assert_eq!(
        shape.text(b"1", &Facts::example(&headers), &limits(6, 9, 6)),
        Err(Fault::Json(json::Fault::Bytes))
    );
    assert_eq!(
        shape.text(b"x", &Facts::example(&headers), &limits(6, 9, 6)),
        Err(Fault::Json(json::Fault::Unexpected))
    );
}

#[test]
fn the_values_of_many_elements_cost_what_some_expressions_may() {
    let elements = vec!["{}"; 3_000].join(",");
    let numbers = (0..30).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let costly = format!("[{numbers}].all(a, [{numbers}].all(b, a + b < 100))");
    let limits = Limits::of(100_000);
    let all = shaped_within(vec![set("[*].a", &costly)], &format!("[{elements}]"), &limits);
    assert_eq!(all.map(|text| text.len()), Err(Fault::Value(expression::Fault::TooCostly)));
    assert!(shaped(vec![set("[*].a", &costly)], "[{},{},{}]").is_ok());
}
