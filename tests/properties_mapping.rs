//! Laws of JSON and of mappings: nothing is lost but what a step says, what is done to answers is undone in requests, and
//! whatever comes of it is JSON of the size that it may have.

#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::config;
use tollgate::json::{Limits, Node, Numbers, Path, Rules, Segment, compare, parse};
use tollgate::mapping::{Extent, Otherwise, Step, Steps, Table};
use tollgate::plan::{Abilities, Plan};

#[path = "json/arbitrary.rs"]
mod arbitrary;

use arbitrary::{NAMES, NUMBERS, any_step, document, limits, member, segment};

// === what is generated ===

/// A step that can be undone, which makes nothing but names and values that no document has: `number` is in them.
fn invertible(number: usize) -> impl Strategy<Value = Step> {
    let fresh: Box<str> = format!("n{number}").into();
    let (renamed, moved, valued) = (fresh.clone(), fresh.clone(), fresh);
    let names = || vec(select(&NAMES).prop_map(|name| Segment::Member(name.into())), 1..3);
    prop_oneof![
        member().prop_map(move |(object, from)| Step::Rename {
            object: object.into(),
            from,
            to: renamed.clone()
        }),
        (vec(segment(), 0..2), names(), any::<bool>()).prop_map(move |(before, from, deep)| {
            let mut to = vec![Segment::Member(moved.clone())];
            if deep {
                to.push(Segment::Member("in".into()));
            }
            let scope: Vec<_> = before.into_iter().chain([Segment::Each]).collect();
            Step::Move { scope: scope.into(), from: from.into(), to: to.into() }
        }),
        (vec(segment(), 1..4), select(&["x", "y"][..])).prop_map(move |(at, from)| {
            let text = |text: &str| Node::Text(text.to_owned().into());
            let pairs = vec![
                (text(from), text(&valued)),
                (Node::Null, text(&format!("{valued} null"))),
                (Node::Bool(true), text(&format!("{valued} true"))),
            ];
            let (at, table) = (Path::new(at).unwrap(), Box::new(Table::new(pairs).unwrap()));
            Step::Values { at, table, otherwise: Otherwise::Keep }
        }),
    ]
}

// === laws ===

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Reading and writing loses nothing: what is written is read as the same, and `serde_json`, where it can hold the
    /// numbers at all, reads the same of both.
    #[test]
    fn what_is_read_is_written(text in document()) {
        let node = parse(text.as_bytes(), &limits()).unwrap();
        let written = node.to_text();
        prop_assert_eq!(&parse(written.as_bytes(), &limits()).unwrap(), &node);
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        } else {
            prop_assert!(text.contains("1e400"));
        }
        // Every number is there, digit for digit. Single digits are in escapes too.
        for number in NUMBERS.iter().filter(|number| number.len() > 1) {
            prop_assert_eq!(text.matches(*number).count(), written.matches(*number).count());
        }
        prop_assert_eq!(&node.borrow(), &node);
    }

    /// A document differs from none but others, whichever comes first.
    #[test]
    fn differences_are_mutual(one in document(), other in document()) {
        let (one, other) = (parse(one.as_bytes(), &limits()).unwrap(), parse(other.as_bytes(), &limits()).unwrap());
        for numbers in [Numbers::Value, Numbers::Written] {
            let rules = Rules { numbers, ..Rules::default() };
            prop_assert!(compare(&one, &one, &rules, 9).is_empty());
            let (there, back) = (compare(&one, &other, &rules, 1_000), compare(&other, &one, &rules, 1_000));
            prop_assert_eq!(there.list.len(), back.list.len());
            prop_assert_eq!(there.is_empty(), back.is_empty());
        }
        let whole = Rules { ignored: vec![Path::new(Vec::new()).unwrap()], ..Rules::default() };
        prop_assert!(compare(&one, &other, &whole, 9).is_empty());
    }

    /// What is done to an answer is undone in a request: the upstream gets back what it gave, but for the order of members.
    #[test]
    fn what_is_done_both_ways_is_undone(
        text in document(),
        steps in (invertible(0), invertible(1), invertible(2), invertible(3)),
    ) {
        let steps = Steps([steps.0, steps.1, steps.2, steps.3].into());
        let inverse = steps.inverse().unwrap();
        let there = steps.map(text.as_bytes(), Extent::Whole, 100_000).unwrap();
        let back = inverse.map(&there, Extent::Whole, 100_000).unwrap();
        let (before, after) = (parse(text.as_bytes(), &limits()).unwrap(), parse(&back, &limits()).unwrap());
        let exact = Rules { numbers: Numbers::Written, ..Rules::default() };
        let found = compare(&before, &after, &exact, 9);
        prop_assert!(found.is_empty(), "{:?} {}", found, String::from_utf8_lossy(&there));
        // The inverse of the inverse does the same again.
        let again = inverse.inverse().unwrap().map(text.as_bytes(), Extent::Whole, 100_000).unwrap();
        prop_assert_eq!(again, there);
    }

    /// Whatever the steps, JSON comes of it, of the size that it may have, no name twice.
    #[test]
    fn what_comes_of_it_is_json(text in document(), steps in vec(any_step(), 0..8), most in 1..3_000usize) {
        let steps = Steps(steps.into());
        match steps.map(text.as_bytes(), Extent::Whole, most) {
            Ok(mapped) => {
                prop_assert!(mapped.len() <= most);
                let read = parse(&mapped, &Limits { values: usize::MAX, ..limits() }).unwrap();
                prop_assert!(read.values() <= 2 * (most / 4 + 64));
            }
            Err(error) => prop_assert!(error.fault.is_limit(), "{error}"),
        }
    }
}

/// What is frozen into a component is read as what the author wrote: a step's key order is no part of it.
#[test]
fn a_mapping_is_the_same_however_it_came() {
    let text = r#"{"upstreams":{"a":{"url":"http://a.test"}},"routes":[{"id":"a","auth":"public","upstream":"a","mapping":
        {"response":[{"values":{"at":"s","map":{"x":1,"y":"z"},"json":"[[1.10,null]]"}}]}}]}"#;
    let document: config::Document = serde_json::from_str(text).unwrap();
    let again: config::Document = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
    let mark = |document: config::Document| {
        let (plan, _) = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap();
        plan.routes[0].mapping.clone().unwrap().mark
    };
    assert_eq!(mark(document), mark(again));
}
