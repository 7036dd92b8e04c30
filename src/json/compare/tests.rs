//! Differences and where they are told.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::json::{Limits, parse};

fn paths(texts: &[&str]) -> Vec<Path> {
    texts.iter().map(|text| Path::read(text).unwrap()).collect()
}

fn differences(one: &str, other: &str, rules: &Rules) -> Vec<String> {
    let limits = Limits::of(100_000);
    let (one, other) = (parse(one.as_bytes(), &limits).unwrap(), parse(other.as_bytes(), &limits).unwrap());
    let found = compare(&one, &other, rules, 100);
    assert!(!found.more);
    found.list.into_iter().map(|it| format!("{} {}", it.kind.as_str(), it.path)).collect()
}

#[test]
fn differences_are_told_with_their_places() {
    let rules = Rules::default();
    let one = r#"{"a":1,"b":[1,2,{"c":true}],"d":"x","e":null,"f.g":1}"#;
    let other = r#"{"d":"y","b":[1,"2",{"c":false,"z":1},4],"e":{},"f.g":2}"#;
    let found = [
        "missing a",
        "type b[1]",
        "value b[2].c",
        "added b[2].z",
        "added b[3]",
        "value d",
        "type e",
        "value [\"f.g\"]",
    ];
    assert_eq!(differences(one, other, &rules), found);
    assert_eq!(differences(one, one, &rules), [""; 0]);
    assert_eq!(differences("1", "\"1\"", &rules), ["type "]);
}

#[test]
fn the_order_of_members_is_no_difference() {
    assert_eq!(differences(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &Rules::default()), [""; 0]);
}

#[test]
fn numbers_are_compared_by_value_or_as_written() {
    let (one, other) =
        ("[1, 1.10, 1e400, 12345678901234567890]", "[1.0, 11e-1, 10e399, 12345678901234567891]");
    assert_eq!(differences(one, other, &Rules::default()), ["value [3]"]);
    let written = Rules { numbers: Numbers::Written, ..Rules::default() };
    assert_eq!(differences(one, other, &written), ["value [0]", "value [1]", "value [2]", "value [3]"]);
}

#[test]
fn ignored_places_are_not_looked_at() {
    let rules = Rules { ignored: paths(&["at", "items[*].id", "/x/0"]), ..Rules::default() };
    let one = r#"{"at":1,"items":[{"id":1,"n":1},{"n":2}],"x":[1,2]}"#;
    let other = r#"{"items":[{"id":2,"n":1},{"id":5,"n":3}],"x":["1",2]}"#;
    assert_eq!(differences(one, other, &rules), ["value items[1].n"]);
}

#[test]
fn sets_have_no_order() {
    let sets = paths(&["tags", "items", "items[*].tags"]);
    let rules = Rules { sets, ignored: paths(&["items[*].at"]), numbers: Numbers::Value };
    let one = r#"{"tags":["a","b","b"],"items":[{"n":1,"tags":[1,2],"at":1},{"n":2}]}"#;
    let same = r#"{"tags":["b","a","b"],"items":[{"n":2.0,"at":7},{"tags":[2,1],"n":1}]}"#;
    assert_eq!(differences(one, same, &rules), [""; 0]);
    let other = r#"{"tags":["b","a","a"],"items":[{"n":3},{"tags":[2,1],"n":1}]}"#;
    assert_eq!(
        differences(one, other, &rules),
        ["missing items[1]", "added items[0]", "added tags[2]", "missing tags[2]"]
    );
}

#[test]
fn what_is_told_is_bounded() {
    let limits = Limits::of(100_000);
    let (one, other) = (format!("[{}0]", "1,".repeat(1_000)), format!("[{}0]", "2,".repeat(1_000)));
    let (one, other) = (parse(one.as_bytes(), &limits).unwrap(), parse(other.as_bytes(), &limits).unwrap());
    let found = compare(&one, &other, &Rules::default(), 3);
    assert_eq!((found.list.len(), found.more), (3, true));
    let name = "ü".repeat(1_000);
    let one = format!("{{\"{name}\":1}}");
    let one = parse(one.as_bytes(), &limits).unwrap();
    let found = compare(&one, &parse(b"{}", &limits).unwrap(), &Rules::default(), 3);
    assert!(found.list[0].path.len() <= MOST_PATH + 3);
}
