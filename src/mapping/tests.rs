//! Each step, on documents that it is for and on others.

#![allow(clippy::unwrap_used)]

use super::*;

fn path(text: &str) -> Path {
    Path::read(text).unwrap()
}

fn member(text: &str) -> (Box<[Segment]>, Box<str>) {
    let path = path(text);
    let Some((Segment::Member(name), object)) = path.segments().split_last() else { unreachable!() };
    (object.into(), name.clone())
}

fn rename(from: &str, to: &str) -> Step {
    let (object, from) = member(from);
    Step::Rename { object, from, to: to.into() }
}

fn moves(from: &str, to: &str) -> Step {
    let (from, to) = (path(from), path(to));
    let scope = from.scope();
    Step::Move {
        scope: from.segments()[..scope].into(),
        from: from.segments()[scope..].into(),
        to: to.segments()[scope..].into(),
    }
}

fn default(at: &str, value: &str) -> Step {
    let (object, name) = member(at);
    Step::Default { object, name, value: parse(value.as_bytes(), &Limits::of(1_000)).unwrap().into_owned() }
}

fn values(at: &str, pairs: &str, otherwise: Otherwise) -> Step {
    let Node::Array(pairs) = parse(pairs.as_bytes(), &Limits::of(1_000)).unwrap().into_owned() else {
        unreachable!()
    };
    let pairs = pairs.into_iter().map(|pair| match pair {
        Node::Array(pair) => (pair[0].clone(), pair[1].clone()),
        _ => unreachable!(),
    });
    Step::Values { at: path(at), table: Box::new(Table::new(pairs.collect()).unwrap()), otherwise }
}

fn map(steps: Vec<Step>, document: &str) -> String {
    let steps = Steps(steps.into());
    String::from_utf8(steps.map(document.as_bytes(), Extent::Whole, 10_000).unwrap()).unwrap()
}

#[test]
fn renames_keep_the_place_and_take_the_name() {
    let it = || vec![rename("a.b", "c")];
    assert_eq!(map(it(), r#"{"a":{"x":1,"b":1.10,"y":2}}"#), r#"{"a":{"x":1,"c":1.10,"y":2}}"#);
    assert_eq!(map(it(), r#"{"a":{"c":0,"b":1}}"#), r#"{"a":{"c":1}}"#);
    for same in [r#"{"a":{"c":0}}"#, r#"{"a":[{"b":1}]}"#, r#"{"b":1}"#, "[]", "1"] {
        assert_eq!(map(it(), same), same);
    }
    let each = vec![rename("[*].b", "c")];
    assert_eq!(
        map(each, r#"[{"b":1},{},2,{"b":12345678901234567890}]"#),
        r#"[{"c":1},{},2,{"c":12345678901234567890}]"#
    );
}

#[test]
fn moves_make_what_is_missing_and_clear_what_is_empty() {
    let it = || vec![moves("a.b", "c.d")];
    assert_eq!(map(it(), r#"{"a":{"b":1e400}}"#), r#"{"c":{"d":1e400}}"#);
    assert_eq!(map(it(), r#"{"a":{"b":1,"x":2},"c":{"y":3,"d":0}}"#), r#"{"a":{"x":2},"c":{"y":3,"d":1}}"#);
    // Barred: nothing moves, and nothing is lost.
    for same in [r#"{"a":{"x":0,"b":1,"y":2},"c":"text"}"#, r#"{"a":{"b":1},"c":[]}"#, r#"{"a":{}}"#] {
        assert_eq!(map(it(), same), same);
    }
    let each = vec![moves("items[*].price.amount", "items[*].amount")];
    assert_eq!(
        map(each, r#"{"items":[{"price":{"amount":1.10}},{"price":{"amount":2,"tax":1}},{}]}"#),
        r#"{"items":[{"amount":1.10},{"price":{"tax":1},"amount":2},{}]}"#
    );
}

#[test]
fn values_are_wrapped_and_unwrapped() {
    assert_eq!(map(vec![moves("a", "a.b")], r#"{"a":1}"#), r#"{"a":{"b":1}}"#);
    assert_eq!(map(vec![moves("a.b", "a")], r#"{"a":{"b":1}}"#), r#"{"a":1}"#);
    assert_eq!(map(vec![moves("a.b", "a")], r#"{"a":{"b":{}}}"#), r#"{"a":{}}"#);
    assert_eq!(map(vec![moves("a.b.c", "a")], r#"{"a":{"b":{"c":{"b":{}}}}}"#), r#"{"a":{"b":{}}}"#);
    assert_eq!(map(vec![moves("a[0]", "first")], r#"{"a":[1,2]}"#), r#"{"a":[2],"first":1}"#);
    assert_eq!(map(vec![moves("a", "b[0].c")], r#"{"a":1}"#), r#"{"a":1}"#);
    assert_eq!(map(vec![moves("a", "b[0].c")], r#"{"a":1,"b":[{}]}"#), r#"{"b":[{"c":1}]}"#);
}

#[test]
fn defaults_stand_where_nothing_is() {
    let it = || vec![default("a.b", r#"{"n":1.10}"#)];
    assert_eq!(map(it(), r#"{"a":{}}"#), r#"{"a":{"b":{"n":1.10}}}"#);
    for same in [r#"{"a":{"b":null}}"#, r#"{"a":null}"#, "{}"] {
        assert_eq!(map(it(), same), same);
    }
    let steps = Steps(it().into());
    assert_eq!(steps.map(b"{\"a\":{}}", Extent::Changes, 100).unwrap(), b"{\"a\":{}}");
}

#[test]
fn values_are_dropped() {
    let it = |text| vec![Step::Drop(path(text))];
    assert_eq!(map(it("a.b"), r#"{"a":{"b":1}}"#), r#"{"a":{}}"#);
    assert_eq!(map(it("[*].b"), r#"[{"b":1},{"c":1}]"#), r#"[{},{"c":1}]"#);
    assert_eq!(map(it("a[1]"), r#"{"a":[1,2,3]}"#), r#"{"a":[1,3]}"#);
    assert_eq!(map(it("a[*]"), r#"{"a":[1,2,3]}"#), r#"{"a":[]}"#);
    assert_eq!(map(it("/a/0"), r#"{"a":{"0":1}}"#), r#"{"a":{}}"#);
}

#[test]
fn values_give_way_to_others() {
    let pairs = r#"[["new","open"],[1,"one"],[null,"none"],[true,{"y":1}]]"#;
    let document = r#"{"s":["new","x",1.0,10e-1,2,null,true,false,[1]]}"#;
    assert_eq!(
        map(vec![values("s[*]", pairs, Otherwise::Keep)], document),
        r#"{"s":["open","x","one","one",2,"none",{"y":1},false,[1]]}"#
    );
    assert_eq!(
        map(vec![values("s[*]", pairs, Otherwise::Drop)], document),
        r#"{"s":["open","one","one","none",{"y":1}]}"#
    );
    let zero = Otherwise::Value(Node::Null);
    assert_eq!(map(vec![values("s", pairs, zero)], r#"{"s":"x"}"#), r#"{"s":null}"#);
    assert_eq!(map(vec![values("s", pairs, Otherwise::Drop)], r#"{"s":"x"}"#), "{}");
    assert_eq!(map(vec![values("s", pairs, Otherwise::Drop)], r#"{"t":"x"}"#), r#"{"t":"x"}"#);
}

#[test]
fn what_comes_of_it_is_bounded() {
    let steps = Steps(vec![default("[*].a", r#"{"b":[1,2,3,4,5,6,7,8,9,10,11,12]}"#)].into());
    let many = format!("[{}{{}}]", "{},".repeat(99));
    let failed = steps.map(many.as_bytes(), Extent::Whole, 1_000).unwrap_err();
    assert_eq!(failed.fault, Fault::Values);
    let few = format!("[{}{{}}]", "{},".repeat(19));
    let failed = steps.map(few.as_bytes(), Extent::Whole, 300).unwrap_err();
    assert!(failed.fault.is_limit());
    let steps = Steps(vec![rename("a", "abcd")].into());
    assert_eq!(steps.map(b"{\"a\":1}", Extent::Whole, 9).unwrap_err().fault, Fault::Bytes);
    assert_eq!(steps.map(b"{\"a\":1}", Extent::Whole, 10).unwrap(), b"{\"abcd\":1}");
}

#[test]
fn what_cannot_be_undone_says_so() {
    for step in [
        default("a", "1"),
        Step::Drop(path("a")),
        values("a", "[[1,2]]", Otherwise::Drop),
        values("a", "[[1,3],[2,3.0]]", Otherwise::Keep),
        values("a", "[[1,[]]]", Otherwise::Keep),
        moves("a[0]", "b"),
    ] {
        assert!(step.inverse().is_err(), "{step:?}");
    }
}
