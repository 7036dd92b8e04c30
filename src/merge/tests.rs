//! Parts that meet, by each rule.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::json::parse;

fn rules(objects: Objects, collision: Collision, arrays: Arrays) -> Merge {
    Merge { objects, collision, arrays }
}

fn by(member: &str) -> Arrays {
    Arrays::By(member.into())
}

/// Parts, each with its place and its text; their names are their numbers.
fn merged(rules: &Merge, parts: &[(&str, &str)]) -> Result<String, Fault> {
    merged_within(rules, parts, &Limits::of(10_000))
}

fn merged_within(rules: &Merge, parts: &[(&str, &str)], limits: &Limits) -> Result<String, Fault> {
    let places: Vec<_> = parts.iter().map(|(place, _)| Place::read(place).unwrap()).collect();
    let names = ["0", "1", "2", "3", "4"];
    let parts = parts.iter().zip(&places).zip(names).map(|(((_, text), into), name)| Part {
        name,
        into,
        node: parse(text.as_bytes(), &Limits::of(100_000)).unwrap(),
    });
    rules.of(parts.collect::<Vec<_>>(), limits).map(|node| node.to_text())
}

fn collision(part: &str, at: &str) -> Result<String, Fault> {
    Err(Fault::Collision { part: part.into(), at: at.to_owned() })
}

#[test]
fn parts_stand_where_they_go_in_the_order_of_the_configuration() {
    let rules = Merge::default();
    let parts =
        [("user", r#"{"id":12345678901234567890}"#), ("shop.orders", "[1.10]"), ("shop.total", "1e400")];
    let whole = r#"{"user":{"id":12345678901234567890},"shop":{"orders":[1.10],"total":1e400}}"#;
    assert_eq!(merged(&rules, &parts).unwrap(), whole);
    assert_eq!(merged(&rules, &[]).unwrap(), "{}");
    for alone in ["[1]", "7", "null", r#"{"a":{"b":[]}}"#] {
        assert_eq!(merged(&rules, &[(".", alone)]).unwrap(), alone);
    }
}

#[test]
fn shallow_puts_members_beside_each_other() {
    let parts = [(".", r#"{"a":1,"b":{"x":1}}"#), (".", r#"{"c":3,"b":{"y":2},"a":4}"#)];
    let shallow = |collision| rules(Objects::Shallow, collision, Arrays::Replace);
    assert_eq!(merged(&shallow(Collision::Error), &parts), collision("1", "/b"));
    assert_eq!(merged(&shallow(Collision::First), &parts).unwrap(), r#"{"a":1,"b":{"x":1},"c":3}"#);
    assert_eq!(merged(&shallow(Collision::Last), &parts).unwrap(), r#"{"a":4,"b":{"y":2},"c":3}"#);
    // Also at a place that is not the top.
    let parts = [("u", r#"{"a":1}"#), ("u", r#"{"b":2}"#), ("u", r#"{"a":{}}"#)];
    assert_eq!(merged(&shallow(Collision::Error), &parts[..2]).unwrap(), r#"{"u":{"a":1,"b":2}}"#);
    assert_eq!(merged(&shallow(Collision::Error), &parts), collision("2", "/u/a"));
    // The same value twice is a collision, too: another day it is another one.
    assert_eq!(
        merged(&shallow(Collision::Error), &[(".", r#"{"a":1}"#), (".", r#"{"a":1}"#)]),
        collision("1", "/a")
    );
}

#[test]
fn deep_puts_objects_together_at_every_depth() {
    let parts = [
        (".", r#"{"a":{"b":{"x":1,"z":[1]}},"k":0}"#),
        (".", r#"{"a":{"b":{"y":2},"c":3}}"#),
        (".", r#"{"a":{"b":{"x":9,"z":[2]}},"k":[]}"#),
    ];
    let deep = |collision, arrays| rules(Objects::Deep, collision, arrays);
    assert_eq!(
        merged(&deep(Collision::Error, Arrays::Replace), &parts[..2]).unwrap(),
        r#"{"a":{"b":{"x":1,"z":[1],"y":2},"c":3},"k":0}"#
    );
    assert_eq!(merged(&deep(Collision::Error, Arrays::Replace), &parts), collision("2", "/a/b/x"));
    let first = r#"{"a":{"b":{"x":1,"z":[1],"y":2},"c":3},"k":0}"#;
    assert_eq!(merged(&deep(Collision::First, Arrays::Replace), &parts).unwrap(), first);
    let last = r#"{"a":{"b":{"x":9,"z":[2],"y":2},"c":3},"k":[]}"#;
    assert_eq!(merged(&deep(Collision::Last, Arrays::Replace), &parts).unwrap(), last);
    let joined = r#"{"a":{"b":{"x":9,"z":[1,2],"y":2},"c":3},"k":[]}"#;
    assert_eq!(merged(&deep(Collision::Last, Arrays::Concat), &parts).unwrap(), joined);
}

#[test]
fn arrays_are_joined_where_the_rule_says_so() {
    let lists = [(".", "[1,2]"), (".", "[2,3]"), (".", "[]")];
    let shallow = |collision, arrays| rules(Objects::Shallow, collision, arrays);
    assert_eq!(merged(&shallow(Collision::Error, Arrays::Concat), &lists).unwrap(), "[1,2,2,3]");
    assert_eq!(merged(&shallow(Collision::Error, Arrays::Replace), &lists), collision("1", ""));
    assert_eq!(merged(&shallow(Collision::First, Arrays::Replace), &lists).unwrap(), "[1,2]");
    assert_eq!(merged(&shallow(Collision::Last, Arrays::Replace), &lists[..2]).unwrap(), "[2,3]");
    // Members, too, in shallow objects.
    let members = [(".", r#"{"l":[1]}"#), (".", r#"{"l":[2]}"#), ("l", "[3]")];
    assert_eq!(merged(&shallow(Collision::Error, Arrays::Concat), &members).unwrap(), r#"{"l":[1,2,3]}"#);
}

#[test]
fn what_is_of_another_kind_is_a_collision() {
    for (one, other) in [("[]", "{}"), ("{}", "null"), ("1", "1"), ("\"a\"", "[]")] {
        let parts = [(".", one), (".", other)];
        let deep = |collision| rules(Objects::Deep, collision, Arrays::Concat);
        assert_eq!(merged(&deep(Collision::Error), &parts), collision("1", ""), "{one} {other}");
        assert_eq!(merged(&deep(Collision::First), &parts).unwrap(), one);
        assert_eq!(merged(&deep(Collision::Last), &parts).unwrap(), other);
    }
    // What is in the way to a place.
    let parts = [(".", r#"{"a":[1]}"#), ("a.b", "2")];
    let shallow = |collision| rules(Objects::Shallow, collision, Arrays::Concat);
    assert_eq!(merged(&shallow(Collision::Error), &parts), collision("1", "/a"));
    assert_eq!(merged(&shallow(Collision::First), &parts).unwrap(), r#"{"a":[1]}"#);
    assert_eq!(merged(&shallow(Collision::Last), &parts).unwrap(), r#"{"a":{"b":2}}"#);
}

#[test]
fn elements_are_joined_by_key() {
    let shallow = |collision| rules(Objects::Shallow, collision, by("id"));
    let parts = [
        (".", r#"[{"id":1,"a":"x"},{"id":"1"},{"no":0},7,{"id":2.0,"a":"y"}]"#),
        (".", r#"[{"id":2,"b":1.10},{"id":3},8,{"no":1},{"b":2,"id":1.00}]"#),
    ];
    let whole =
        r#"[{"id":1,"a":"x","b":2},{"id":"1"},{"no":0},7,{"id":2.0,"a":"y","b":1.10},{"id":3},8,{"no":1}]"#;
    assert_eq!(merged(&shallow(Collision::Error), &parts).unwrap(), whole);
    // What both have beside the key collides.
    let parts = [(".", r#"{"l":[{"id":1,"a":{"x":1}}]}"#), (".", r#"{"l":[{"id":1,"a":{"y":2}}]}"#)];
    assert_eq!(merged(&shallow(Collision::Error), &parts), collision("1", "/l/0/a"));
    assert_eq!(merged(&shallow(Collision::Last), &parts).unwrap(), r#"{"l":[{"id":1,"a":{"y":2}}]}"#);
    let deep = rules(Objects::Deep, Collision::Error, by("id"));
    assert_eq!(merged(&deep, &parts).unwrap(), r#"{"l":[{"id":1,"a":{"x":1,"y":2}}]}"#);
    // The key of an element's own member is a member like others.
    let parts = [(".", r#"[{"id":1,"a":{"id":1}}]"#), (".", r#"[{"id":1,"a":{"id":1}}]"#)];
    assert_eq!(merged(&deep, &parts), collision("1", "/0/a/id"));
    // What is no scalar is no key.
    let parts = [(".", r#"[{"id":null},{"id":[1]}]"#), (".", r#"[{"id":null},{"id":[1]}]"#)];
    assert_eq!(merged(&deep, &parts).unwrap(), r#"[{"id":null},{"id":[1]},{"id":null},{"id":[1]}]"#);
}

#[test]
fn of_several_with_one_key_the_first_meets_the_first() {
    let rules = rules(Objects::Shallow, Collision::Error, by("id"));
    let parts = [
        (".", r#"[{"id":1,"a":1},{"id":1,"a":2},{"id":2}]"#),
        (".", r#"[{"id":1,"b":1},{"id":2,"b":2},{"id":1,"b":3},{"id":1,"b":4}]"#),
    ];
    let whole = r#"[{"id":1,"a":1,"b":1},{"id":1,"a":2,"b":3},{"id":2,"b":2},{"id":1,"b":4}]"#;
    assert_eq!(merged(&rules, &parts).unwrap(), whole);
    // Nothing is joined within one array.
    assert_eq!(merged(&rules, &[parts[0]]).unwrap(), parts[0].1);
}

#[test]
fn the_whole_is_bounded() {
    let rules = rules(Objects::Deep, Collision::Last, Arrays::Concat);
    let limits = |depth, values, bytes| Limits { depth, values, bytes, text: bytes };
    let parts = [("a.b", "[1,2]"), (".", "{\"c\":\"text\"}")];
    assert!(merged_within(&rules, &parts, &limits(3, 5, 7)).is_ok());
    let deep = Err(Fault::Limit(json::Fault::Deep));
    assert_eq!(merged_within(&rules, &parts, &limits(2, 5, 7)), deep);
    assert_eq!(merged_within(&rules, &parts, &limits(3, 4, 7)), Err(Fault::Limit(json::Fault::Values)));
    assert_eq!(merged_within(&rules, &parts, &limits(3, 5, 6)), Err(Fault::Limit(json::Fault::Bytes)));
}

#[test]
fn a_place_of_a_collision_is_told_but_not_at_any_length() {
    let long = format!(r#"{{"{}/~":1}}"#, "ü".repeat(1_000));
    let Err(Fault::Collision { at, .. }) = merged(&Merge::default(), &[("a", &long), ("a", &long)]) else {
        unreachable!()
    };
    assert!(at.starts_with("/a/üüü") && at.len() <= MOST_POINTER + '…'.len_utf8(), "{at}");
    let odd = r#"{"a/b~":1}"#;
    assert_eq!(merged(&Merge::default(), &[(".", odd), (".", odd)]), collision("1", "/a~1b~0"));
}

#[test]
fn what_can_meet_is_known_before() {
    let places: Vec<_> =
        ["user", "orders", "user.orders", ".", "user", "."].map(|text| Place::read(text).unwrap()).into();
    let known = known_collisions(&places);
    let found: Vec<_> = known.iter().map(|it| (it.first, it.second, it.meeting)).collect();
    let expected = [
        (0, 2, Meeting::Within),
        (0, 3, Meeting::Top),
        (1, 3, Meeting::Top),
        (2, 3, Meeting::Top),
        (0, 4, Meeting::Same),
        (2, 4, Meeting::Within),
        (3, 4, Meeting::Top),
        (0, 5, Meeting::Top),
        (1, 5, Meeting::Top),
        (2, 5, Meeting::Top),
        (3, 5, Meeting::Tops),
        (4, 5, Meeting::Top),
    ];
    assert_eq!(found, expected);
    let apart: Vec<_> = ["a", "ab", "b.a"].map(|text| Place::read(text).unwrap()).into();
    assert_eq!(known_collisions(&apart), []);
    for text in ["", "a[0]", "[*]", "/a/0", "a..b"] {
        assert!(Place::read(text).is_err(), "{text}");
    }
}
