//! What is said about parts that can meet.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::plan::Abilities;

/// The rules, and what is said about them: pointer and message.
fn said(written: Option<&str>, parts: &[(&str, &str)]) -> (Merge, Vec<String>) {
    let mut context = Context::new(&[], &Abilities::NATIVE);
    let at = Pointer::root("a.toml");
    let written: Option<config::Merge> = written.map(|text| serde_json::from_str(text).unwrap());
    let steps = at.key("steps");
    let places = parts.iter().zip(steps.indices());
    let parts: Vec<_> = places
        .filter_map(|((name, into), at)| {
            Some((at.clone(), *name, context.merge_place(&at.key("into"), into)?))
        })
        .collect();
    let merge = context.merge(&at.key("merge"), written.as_ref(), &parts);
    let said = context.diagnostics.iter().map(|it| format!("{} {}", it.place.pointer, it.message)).collect();
    (merge, said)
}

#[test]
fn parts_that_can_meet_need_a_rule() {
    let parts = [("a", "x"), ("b", "x.y"), ("c", "."), ("d", "z"), ("e", "x"), ("f", ".")];
    let (_, found) = said(None, &parts);
    let expected = [
        "/steps/1 \"b\" and \"a\" meet: one goes to a place within the other's",
        "/steps/2 \"c\" and \"a\" meet where the one at the top has such a member, too",
        "/steps/3 \"d\" and \"c\" meet where the one at the top has such a member, too",
        "/steps/4 \"e\" goes to the same place as \"a\"",
        "/steps/5 \"f\" and \"a\" meet where the one at the top has such a member, too",
    ];
    assert_eq!(found, expected);
    let (_, found) = said(Some(r#"{"objects":"deep"}"#), &[("a", "."), ("b", ".")]);
    assert_eq!(found, ["/steps/1 \"b\" and \"a\" both go to the top, and may have a member in common"]);
    for rule in ["error", "first", "last"] {
        assert_eq!(said(Some(&format!(r#"{{"collision":"{rule}"}}"#)), &parts).1, [""; 0]);
    }
    assert_eq!(said(None, &[("a", "x"), ("b", "y"), ("c", "z.x")]).1, [""; 0]);
}

#[test]
fn rules_are_read() {
    let read = |text| said(Some(text), &[]).0;
    assert_eq!(read("{}"), Merge::default());
    let all = Merge { objects: Objects::Deep, collision: Collision::Last, arrays: Arrays::By("id".into()) };
    assert_eq!(read(r#"{"objects":"deep","collision":"last","arrays":{"by":"id"}}"#), all);
    let some = Merge { collision: Collision::First, arrays: Arrays::Concat, ..Merge::default() };
    assert_eq!(read(r#"{"objects":"shallow","collision":"first","arrays":"concat"}"#), some);
    let (_, found) = said(Some(r#"{"arrays":{"by":""}}"#), &[("a", "b[0]"), ("b", "")]);
    let expected = [
        "/steps/0/into \"b[0]\" is not a place: only names lead to it, no elements of arrays",
        "/steps/1/into \"\" is not a place: a name is missing",
        "/merge/arrays/by a member has a name",
    ];
    assert_eq!(found, expected);
}
