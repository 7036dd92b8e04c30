//! Laws of shapes, patches and merges: nothing is made but what is said, nothing is lost but what is said, and whatever comes
//! of it is JSON of the size that it may have.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use http::HeaderMap;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::expression::{Expression, Facts, Kind, Known};
use tollgate::json::patch::Patch;
use tollgate::json::{Limits, Node, Object, Path, Room, Rules, Segment, compare, merge_patch, parse};
use tollgate::merge::{Arrays, Collision, Merge, Objects, Part, Place};
use tollgate::shape::{Operation, Pick, Set, Shape, What};

#[path = "json/arbitrary.rs"]
mod arbitrary;

#[path = "json/patches.rs"]
mod patches;

use arbitrary::{NAMES, NUMBERS, any_step, document, limits, segment};
use patches::patch;

// === what is generated ===

fn read(text: &str) -> Node<'static> {
    parse(text.as_bytes(), &limits()).unwrap().into_owned()
}

/// Names, and each element.
fn places() -> impl Strategy<Value = Path> {
    let segment = prop_oneof![
        3 => select(&NAMES).prop_map(|name| Segment::Member(name.into())),
        1 => Just(Segment::Each),
    ];
    vec(segment, 1..4).prop_map(|segments| Path::new(segments).unwrap())
}

fn any_place() -> impl Strategy<Value = Path> {
    vec(segment(), 0..4).prop_map(|segments| Path::new(segments).unwrap())
}

fn names() -> impl Strategy<Value = Box<[Segment]>> {
    vec(select(&NAMES).prop_map(|name| Segment::Member(name.into())), 0..3).prop_map(Into::into)
}

/// Operations that put what is there somewhere else, or take it away, and make nothing but objects and arrays around it.
fn structural() -> impl Strategy<Value = Operation> {
    prop_oneof![
        vec(places(), 1..4).prop_map(|paths| Operation::Pick(Pick::new(&paths).unwrap())),
        (any_place(), select(&["", "p_"][..]))
            .prop_map(|(at, prefix)| Operation::Flatten { at, prefix: prefix.into() }),
        (any_place(), proptest::sample::subsequence(&NAMES[..], 1..=3), select(&NAMES)).prop_map(
            |(object, names, into)| {
                let mut members: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
                members.sort();
                Operation::Group {
                    object: object.segments().into(),
                    members: members.into(),
                    into: into.into(),
                }
            }
        ),
        (any_place(), select(&NAMES)).prop_map(|(at, into)| Operation::Wrap { at, into: into.into() }),
        (any_place(), vec(segment(), 1..3))
            .prop_map(|(scope, at)| Operation::Unwrap { scope: scope.segments().into(), at: at.into() }),
        (vec(any_place(), 1..4), names(), any::<bool>()).prop_map(|(from, to, values)| Operation::Gather {
            from: from.into(),
            to,
            what: if values { What::Values } else { What::Elements }
        }),
    ]
}

fn any_operation() -> impl Strategy<Value = Operation> {
    const VALUES: [&str; 7] =
        ["item", "index", "[item, item]", "'x'", "item.a", "{'b': item, 'c': [[index]]}", "size(item) + 1"];
    prop_oneof![
        4 => structural(),
        2 => any_step().prop_map(Operation::Step),
        2 => (any_place(), vec(segment(), 0..3), select(&VALUES[..])).prop_map(|(scope, at, value)| {
            let known = Known { item: true, ..Known::default() };
            let value = Arc::new(Expression::compile_with(value, Kind::Any, &known).unwrap());
            Operation::Set(Set { scope: scope.segments().into(), at: at.into(), value })
        }),
        1 => patch().prop_map(|text| Operation::Patch(Patch::read(&read(&text)).unwrap())),
        1 => document().prop_map(|text| Operation::Merge(read(&text))),
    ]
}

/// Documents in which a member of one name is always of one kind: deep merges of them never put a value in place of another
/// kind.
fn of_one_kind() -> impl Strategy<Value = String> {
    let scalar = || proptest::option::of(0..4u8);
    let list = || proptest::option::of(vec(0..3u8, 0..3));
    let keyed = || proptest::option::of(vec((proptest::option::of(0..3u8), scalar()), 0..4));
    let leaf = (scalar(), list(), keyed()).prop_map(|(n, l, k)| {
        let mut members = Vec::new();
        members.extend(n.map(|n| format!("\"n\":{n}.10")));
        members.extend(l.map(|l| format!("\"l\":{l:?}")));
        members.extend(k.map(|k| {
            let one = |(id, v): &(Option<u8>, Option<u8>)| {
                let both = [id.map(|id| format!("\"id\":{id}")), v.map(|v| format!("\"v\":{v}"))];
                format!("{{{}}}", both.into_iter().flatten().collect::<Vec<_>>().join(","))
            };
            format!("\"k\":[{}]", k.iter().map(one).collect::<Vec<_>>().join(","))
        }));
        members
    });
    let nested = (leaf.clone(), proptest::option::of(leaf.clone())).prop_map(|(mut members, inner)| {
        members.extend(inner.map(|inner| format!("\"o\":{{{}}}", inner.join(","))));
        members
    });
    (leaf, proptest::option::of(nested), any::<bool>()).prop_map(|(mut members, inner, reversed)| {
        members.extend(inner.map(|inner| format!("\"o\":{{{}}}", inner.join(","))));
        if reversed {
            members.reverse();
        }
        format!("{{{}}}", members.join(","))
    })
}

fn object() -> impl Strategy<Value = String> {
    document().prop_filter("an object", |text| text.starts_with('{'))
}

fn any_merge() -> impl Strategy<Value = Merge> {
    let objects = select(&[Objects::Shallow, Objects::Deep][..]);
    let collision = select(&[Collision::Error, Collision::First, Collision::Last][..]);
    (objects, collision, arrays()).prop_map(|(objects, collision, arrays)| Merge {
        objects,
        collision,
        arrays,
    })
}

fn arrays() -> impl Strategy<Value = Arrays> {
    prop_oneof![
        Just(Arrays::Replace),
        Just(Arrays::Concat),
        select(&["id", "a"][..]).prop_map(|it| Arrays::By(it.into()))
    ]
}

// === what is asked ===

fn shaped(shape: &Shape, node: &Node<'static>, limits: &Limits) -> Option<Node<'static>> {
    let headers = HeaderMap::new();
    shape.apply(node.clone(), &Facts::example(&headers), limits).ok().map(Node::into_owned)
}

fn picked(pick: &Pick, node: &Node<'static>) -> Node<'static> {
    let mut node = node.clone();
    pick.apply(&mut node);
    node
}

/// All at the top.
fn merged(rules: &Merge, parts: &[&Node<'static>]) -> Option<Node<'static>> {
    let parts = parts.iter().map(|node| Part { name: "part", into: &Place::Top, node: (*node).clone() });
    rules.of(parts, &limits()).ok().map(Node::into_owned)
}

/// The scalars of a document as they are written, sorted.
fn scalars(node: &Node<'_>) -> Vec<String> {
    fn collect(node: &Node<'_>, found: &mut Vec<String>) {
        match node {
            Node::Array(elements) => elements.iter().for_each(|it| collect(it, found)),
            Node::Object(object) => object.iter().for_each(|(_, it)| collect(it, found)),
            scalar => found.push(scalar.to_text()),
        }
    }
    let mut found = Vec::new();
    collect(node, &mut found);
    found.sort();
    found
}

fn is_part_of(part: &[String], whole: &[String]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|it| whole.any(|other| other == it))
}

/// RFC 7396 section 2, as it stands there.
fn merge_patch_of_the_rfc(target: serde_json::Value, patch: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut target = if let Value::Object(target) = target { target } else { serde_json::Map::new() };
    for (name, value) in changes {
        if value.is_null() {
            target.remove(name);
        } else {
            let there = target.remove(name).unwrap_or(Value::Null);
            target.insert(name.clone(), merge_patch_of_the_rfc(there, value));
        }
    }
    Value::Object(target)
}

// === laws ===

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever the operations: what comes of it is read as the same, so that no name stands twice, and there is no more of
    /// it than there may be.
    #[test]
    fn what_comes_of_a_shape_is_json_of_its_size(
        text in document(),
        operations in vec(any_operation(), 0..8),
        most in 8..2_000usize,
        depth in 6..20usize,
    ) {
        let node = read(&text);
        let shape = Shape(operations.into());
        let within = Limits { depth, ..Limits::of(most) };
        if let Some(shaped) = shaped(&shape, &node, &within) {
            let written = shaped.to_text();
            let again = parse(written.as_bytes(), &Limits { values: usize::MAX, bytes: usize::MAX, ..limits() });
            prop_assert_eq!(&again.unwrap(), &shaped);
            prop_assert!(shaped.values() <= node.values() + within.values);
            prop_assert!(shaped.depth() <= depth.max(node.depth()), "{}", written);
        }
        let headers = HeaderMap::new();
        if let Ok(bytes) = shape.text(text.as_bytes(), &Facts::example(&headers), &within) {
            prop_assert!(bytes.len() <= most);
        }
    }

    /// What only changes the form makes no scalar, and no number another one: each is there as often as before, or less.
    #[test]
    fn what_changes_the_form_makes_nothing(text in document(), operations in vec(structural(), 1..5)) {
        let node = read(&text);
        if let Some(shaped) = shaped(&Shape(operations.into()), &node, &limits()) {
            let (before, after) = (scalars(&node), scalars(&shaped));
            // A document of which nothing is picked is null.
            prop_assert!(is_part_of(&after, &before) || after == ["null"], "{:?} {:?}", before, after);
        }
    }

    /// Wrapping, grouping and unwrapping lose nothing, and are undone.
    #[test]
    fn what_is_wrapped_is_unwrapped(text in document(), name in select(&NAMES)) {
        let node = read(&text);
        let at = Box::from([Segment::Member(name.into())]);
        let whole = Path::new(Vec::new()).unwrap();
        let there = Operation::Wrap { at: whole, into: name.into() };
        let back = Operation::Unwrap { scope: Box::default(), at };
        prop_assert_eq!(shaped(&Shape([there, back].into()), &node, &limits()), Some(node));
    }

    /// Picking twice is picking once, and in which order two picks come does not matter.
    #[test]
    fn picks_are_idempotent_and_commute(
        text in document(),
        one in vec(places(), 1..4),
        other in vec(places(), 1..4),
    ) {
        let node = read(&text);
        let (one, other) = (Pick::new(&one).unwrap(), Pick::new(&other).unwrap());
        let once = picked(&one, &node);
        prop_assert_eq!(&picked(&one, &once), &once);
        prop_assert_eq!(picked(&other, &once), picked(&one, &picked(&other, &node)));
    }

    /// A list has as many elements as those that it is made of.
    #[test]
    fn joined_lists_keep_their_lengths(one in vec(document(), 0..4), other in vec(document(), 0..4)) {
        let list = |texts: &[String]| format!("[{}]", texts.join(","));
        let node = read(&format!(r#"{{"b":{},"a":{}}}"#, list(&one), list(&other)));
        let from = ["a", "b"].map(|name| Path::read(name).unwrap()).into();
        let gather = Operation::Gather { from, to: Box::default(), what: What::Elements };
        let expected = read(&list(&[other.clone(), one.clone()].concat()));
        prop_assert_eq!(shaped(&Shape([gather].into()), &node, &limits()), Some(expected));
        let rules = Merge { arrays: Arrays::Concat, ..Merge::default() };
        let joined = merged(&rules, &[&read(&list(&one)), &read(&list(&other))]);
        prop_assert_eq!(joined, Some(read(&list(&[one, other].concat()))));
    }

    /// A patch makes what it may, or nothing; and what it puts somewhere is there.
    #[test]
    fn patches_are_bounded(text in document(), operations in patch(), most in 8..2_000usize) {
        let node = read(&text);
        let (patch, within) = (Patch::read(&read(&operations)).unwrap(), Limits { depth: 12, ..Limits::of(most) });
        if let Ok(patched) = patch.apply(node.clone(), &mut Room::of(&within)) {
            prop_assert!(patched.values() <= node.values() + within.values);
            prop_assert!(patched.depth() <= node.depth().max(12));
            let written = patched.to_text();
            prop_assert_eq!(&parse(written.as_bytes(), &Limits { bytes: usize::MAX, values: usize::MAX, ..limits() }).unwrap(), &patched);
        }
    }

    /// What stands at a place can be tested for, replaced by itself, and copied, digit for digit.
    #[test]
    fn patches_find_what_is_there(text in object(), name in select(&NAMES)) {
        let node = read(&text);
        let Some(value) = node.object().unwrap().get(name).map(Node::to_text) else { return Ok(()) };
        let name = serde_json::to_string(&format!("/{name}")).unwrap();
        let patch = format!(
            r#"[{{"op":"test","path":{name},"value":{value}}},{{"op":"replace","path":{name},"value":{value}}},
                {{"op":"copy","from":{name},"path":"/new"}},{{"op":"test","path":"/new","value":{value}}},
                {{"op":"remove","path":"/new"}}]"#
        );
        let patch = Patch::read(&read(&patch)).unwrap();
        prop_assert_eq!(patch.apply(node.clone(), &mut Room::of(&limits())), Ok(node));
    }

    /// A merge patch does what RFC 7396 says in its own words; a second time, it does nothing.
    #[test]
    fn merge_patches_are_those_of_the_rfc(target in document(), patch in document()) {
        let (node, changes) = (read(&target), read(&patch));
        let once = merge_patch::apply(node, &changes, &mut Room::of(&limits())).unwrap().into_owned();
        let twice = merge_patch::apply(once.clone(), &changes, &mut Room::of(&limits())).unwrap();
        prop_assert_eq!(&twice, &once);
        let (target, patch) = (serde_json::from_str(&target), serde_json::from_str(&patch));
        // It cannot hold each of the numbers.
        if let (Ok(target), Ok(patch)) = (target, patch) {
            let expected = merge_patch_of_the_rfc(target, &patch);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&once.to_text()).unwrap(), expected);
        }
    }

    /// Parts in places of their own are what they were, digit for digit; in another order, there is the same in another one.
    #[test]
    fn parts_in_their_own_places_are_what_they_were(parts in vec(document(), 1..5), rules in any_merge()) {
        let places: Vec<_> = (0..parts.len()).map(|at| Place::read(&format!("n{}.p{at}", at % 2)).unwrap()).collect();
        let nodes: Vec<_> = parts.iter().map(|text| read(text)).collect();
        let of = |order: &mut dyn Iterator<Item = usize>| {
            let parts: Vec<_> =
                order.map(|at| Part { name: "part", into: &places[at], node: nodes[at].clone() }).collect();
            rules.of(parts, &limits()).unwrap().into_owned()
        };
        let (whole, reversed) = (of(&mut (0..parts.len())), of(&mut (0..parts.len()).rev()));
        for (at, node) in nodes.iter().enumerate() {
            let there = Path::read(&format!("n{}.p{at}", at % 2)).unwrap();
            prop_assert_eq!(whole.at(&there), Some(node));
        }
        prop_assert!(compare(&whole, &reversed, &Rules::default(), 1).is_empty());
        let names: Vec<_> = whole.object().unwrap().iter().map(|(name, _)| name.to_owned()).collect();
        prop_assert_eq!(&names, &["n0", "n1"][..parts.len().min(2)]);
    }

    /// A part with nothing in it changes nothing, wherever it comes.
    #[test]
    fn an_empty_part_changes_nothing(one in object(), other in object(), rules in any_merge()) {
        let (one, other) = (read(&one), read(&other));
        let empty = Node::Object(Object::default());
        let whole = merged(&rules, &[&one, &other]);
        for parts in [[&empty, &one, &other], [&one, &empty, &other], [&one, &other, &empty]] {
            prop_assert_eq!(&merged(&rules, &parts), &whole);
        }
        prop_assert_eq!(merged(&rules, &[&one]), Some(one));
    }

    /// Shallow is what a loop over all members in order says.
    #[test]
    fn shallow_is_a_loop_over_members(parts in vec(object(), 0..4), last in any::<bool>()) {
        let nodes: Vec<_> = parts.iter().map(|text| read(text)).collect();
        let collision = if last { Collision::Last } else { Collision::First };
        let rules = Merge { objects: Objects::Shallow, collision, arrays: Arrays::Replace };
        let mut whole = Object::default();
        for (name, value) in nodes.iter().flat_map(|node| node.object().unwrap().iter()) {
            if last || whole.get(name).is_none() {
                whole.set(name.to_owned(), value.clone());
            }
        }
        prop_assert_eq!(merged(&rules, &nodes.iter().collect::<Vec<_>>()), Some(Node::Object(whole)));
    }

    /// Deep merges may be put together in any grouping, where members of one name are of one kind and a rule says which
    /// stays. (Where kinds differ they may not: of `{}`, 1 and `{}`, the first two collide, or the last two.)
    #[test]
    fn deep_is_associative(
        parts in (of_one_kind(), of_one_kind(), of_one_kind()),
        last in any::<bool>(),
        arrays in arrays(),
    ) {
        let (a, b, c) = (read(&parts.0), read(&parts.1), read(&parts.2));
        let collision = if last { Collision::Last } else { Collision::First };
        let rules = Merge { objects: Objects::Deep, collision, arrays };
        let all = merged(&rules, &[&a, &b, &c]).unwrap();
        let left = merged(&rules, &[&merged(&rules, &[&a, &b]).unwrap(), &c]).unwrap();
        let right = merged(&rules, &[&a, &merged(&rules, &[&b, &c]).unwrap()]).unwrap();
        prop_assert_eq!(&left, &all);
        prop_assert_eq!(&right, &all);
    }

    /// Nothing is made by a merge, and nothing is in it that is not in a part.
    #[test]
    fn a_merge_makes_nothing(parts in vec(document(), 1..4), rules in any_merge()) {
        let nodes: Vec<_> = parts.iter().map(|text| read(text)).collect();
        if let Some(whole) = merged(&rules, &nodes.iter().collect::<Vec<_>>()) {
            let mut all: Vec<_> = nodes.iter().flat_map(scalars).collect();
            all.sort();
            prop_assert!(is_part_of(&scalars(&whole), &all));
            prop_assert!(whole.depth() <= nodes.iter().map(Node::depth).max().unwrap());
            let written = whole.to_text();
            prop_assert_eq!(&parse(written.as_bytes(), &limits()).unwrap(), &whole);
        }
    }
}

/// The numbers that documents have are some that a reader who calculates would change.
#[test]
fn some_numbers_are_exact_only_as_text() {
    let (object, name) = (Box::<[Segment]>::default(), "a");
    let steps = Shape([Operation::Group { object, members: [name.into()].into(), into: "b".into() }].into());
    for number in NUMBERS {
        let shaped = shaped(&steps, &read(&format!("{{\"a\":{number}}}")), &limits()).unwrap();
        assert_eq!(shaped.to_text(), format!("{{\"b\":{{\"a\":{number}}}}}"));
    }
}
