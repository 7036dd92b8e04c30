//! Arbitrary documents, places in them, and steps of mappings.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::json::{Limits, MOST_DEPTH, Node, Path, Segment, parse};
use tollgate::mapping::{Otherwise, Step, Table};

pub const NAMES: [&str; 4] = ["a", "b", "items", "ü.\""];
pub const NUMBERS: [&str; 6] = ["0", "1.10", "12345678901234567890", "1e400", "-0.00", "7"];

/// A document, as it might be written.
pub fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        select(&NUMBERS).prop_map(str::to_owned),
        select(&["\"x\"", "\"y\"", "\"\\u00fc\\n\"", "\"😀\""][..]).prop_map(str::to_owned),
    ];
    scalar.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|elements| format!("[ {}]", elements.join(" ,"))),
            proptest::sample::subsequence(&NAMES[..], 0..=4).prop_flat_map(move |names| {
                vec(inner.clone(), names.len()).prop_map(move |values| {
                    let member = |(name, value): (&&str, &String)| format!("{} :{value}", quoted(name));
                    let members: Vec<_> = names.iter().zip(&values).map(member).collect();
                    format!("{{{}}}", members.join(", "))
                })
            }),
        ]
    })
}

fn quoted(name: &str) -> String {
    serde_json::to_string(name).unwrap()
}

pub fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        5 => select(&NAMES).prop_map(|name| Segment::Member(name.into())),
        2 => Just(Segment::Each),
        1 => (0..3usize).prop_map(Segment::Element),
    ]
}

pub fn member() -> impl Strategy<Value = (Vec<Segment>, Box<str>)> {
    (vec(segment(), 0..3), select(&NAMES).prop_map(Box::from))
}

/// Any step, and what becomes of it may be anything.
pub fn any_step() -> impl Strategy<Value = Step> {
    let value = || document().prop_map(|text| parse(text.as_bytes(), &limits()).unwrap().into_owned());
    prop_oneof![
        (member(), select(&NAMES)).prop_map(|((object, from), to)| Step::Rename {
            object: object.into(),
            from,
            to: to.into()
        }),
        (vec(segment(), 0..3), vec(segment(), 1..4), member()).prop_map(|(scope, from, (mut to, last))| {
            to.retain(|segment| *segment != Segment::Each);
            to.push(Segment::Member(last));
            let from: Vec<_> = from.into_iter().filter(|segment| *segment != Segment::Each).collect();
            let from = if from.is_empty() { vec![Segment::Member("a".into())] } else { from };
            Step::Move { scope: scope.into(), from: from.into(), to: to.into() }
        }),
        (member(), value()).prop_map(|((object, name), value)| Step::Default {
            object: object.into(),
            name,
            value
        }),
        vec(segment(), 1..4).prop_map(|at| Step::Drop(Path::new(at).unwrap())),
        (vec(segment(), 1..4), value(), any::<bool>()).prop_map(|(at, value, drops)| {
            let otherwise = if drops { Otherwise::Drop } else { Otherwise::Value(value.clone()) };
            let table = Table::new(vec![(Node::Null, value)]).unwrap();
            Step::Values { at: Path::new(at).unwrap(), table: Box::new(table), otherwise }
        }),
    ]
}

pub fn limits() -> Limits {
    Limits { depth: MOST_DEPTH, ..Limits::of(100_000) }
}
