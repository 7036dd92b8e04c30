//! Laws of picking parts out of documents: what is kept is what the paths say, however the document is cut into pieces,
//! and whatever is no JSON is refused just as when all of it is read.

#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tollgate::json::{Fault, Limits, MOST_DEPTH, Node, Object, Path, Picker, Picks, Segment, parse};

const NAMES: [&str; 5] = ["a", "b", "items", "ü.\"", ""];

fn document() -> impl Strategy<Value = String> {
    let scalar = select(
        &[
            "null",
            "true",
            "false",
            "0",
            "-1.10",
            "12345678901234567890",
            "1e400",
            "\"x\"",
            "\"\"",
            "\"\\u00fc\\n\\ud83d\\ude00\"",
            "\"😀 and a text of some length\"",
        ][..],
    )
    .prop_map(str::to_owned);
    scalar.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|elements| format!("[ {}]", elements.join(" ,"))),
            proptest::sample::subsequence(&NAMES[..], 0..=5).prop_flat_map(move |names| {
                vec(inner.clone(), names.len()).prop_map(move |values| {
                    let member = |(name, value): (&&str, &String)| {
                        format!("{} :{value}", serde_json::to_string(name).unwrap())
                    };
                    let members: Vec<_> = names.iter().zip(&values).map(member).collect();
                    format!("{{{}}}", members.join(", "))
                })
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = Path> {
    let segment = prop_oneof![
        5 => select(&NAMES).prop_map(|name| Segment::Member(name.into())),
        3 => Just(Segment::Each),
        1 => (0..3usize).prop_map(Segment::Element),
        1 => (0..3usize).prop_map(|at| Segment::MemberOrElement(at.to_string().into(), at)),
    ];
    vec(segment, 0..5).prop_map(|segments| Path::new(segments).unwrap())
}

fn limits() -> Limits {
    Limits { depth: MOST_DEPTH, ..Limits::of(100_000) }
}

/// What paths lead to, as one would say it.
fn naive(node: &Node<'_>, paths: &[&[Segment]]) -> Option<Node<'static>> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(node.clone().into_owned());
    }
    let step = |fits: &dyn Fn(&Segment) -> bool| -> Option<Vec<&[Segment]>> {
        let rest: Vec<_> = paths.iter().filter(|path| fits(&path[0])).map(|path| &path[1..]).collect();
        (!rest.is_empty()).then_some(rest)
    };
    match node {
        Node::Object(object) => {
            let members = object.iter().filter_map(|(name, value)| {
                let is = |segment: &Segment| {
                    matches!(segment, Segment::Member(it) | Segment::MemberOrElement(it, _) if **it == *name)
                };
                Some((name.to_owned().into(), naive(value, &step(&is)?)?))
            });
            Some(Node::Object(Object::new(members.collect()).unwrap()))
        }
        Node::Array(elements) => {
            let elements = elements.iter().enumerate().filter_map(|(at, value)| {
                let is = |segment: &Segment| match segment {
                    Segment::Each => true,
                    Segment::Element(it) | Segment::MemberOrElement(_, it) => *it == at,
                    Segment::Member(_) => false,
                };
                naive(value, &step(&is)?)
            });
            Some(Node::Array(elements.collect()))
        }
        _ => None,
    }
}

/// The text, cut at these places.
fn pieces<'t>(text: &'t [u8], cuts: &[Index]) -> Vec<&'t [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.sort_unstable();
    let (mut rest, mut done, mut pieces) = (text, 0, Vec::new());
    for place in places {
        let (piece, more) = rest.split_at(place - done);
        pieces.push(piece);
        (rest, done) = (more, place);
    }
    pieces.push(rest);
    pieces
}

fn fed(picks: &Picks, text: &[u8], cuts: &[Index]) -> Result<Node<'static>, tollgate::json::Error> {
    let mut picker = Picker::new(picks, limits());
    pieces(text, cuts).into_iter().try_for_each(|piece| picker.feed(piece))?;
    picker.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_the_paths_say(
        text in document(), paths in vec(path(), 0..4), cuts in vec(any::<Index>(), 0..8),
    ) {
        let node = parse(text.as_bytes(), &limits()).unwrap();
        let all: Vec<_> = paths.iter().map(Path::segments).collect();
        let expected = naive(&node, &all).unwrap_or(Node::Null);
        let picks = Picks::new(&paths).unwrap();
        prop_assert_eq!(&picks.of(node), &expected);
        prop_assert_eq!(fed(&picks, text.as_bytes(), &cuts).unwrap(), expected);
    }

    #[test]
    fn what_is_no_json_is_refused_where_reading_all_of_it_does(
        text in document(), changes in vec((any::<Index>(), any::<u8>(), any::<bool>()), 0..4),
        paths in vec(path(), 0..3), cuts in vec(any::<Index>(), 0..8),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte, cut) in changes {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at + 1) } else { bytes[at] = byte }
        }
        let whole = Picks::new(&[Path::new(Vec::new()).unwrap()]).unwrap();
        let picks = Picks::new(&paths).unwrap();
        let picked = fed(&picks, &bytes, &cuts);
        match parse(&bytes, &limits()) {
            Ok(node) => {
                prop_assert_eq!(fed(&whole, &bytes, &cuts), Ok(node.clone().into_owned()));
                prop_assert_eq!(picked, Ok(picks.of(node).into_owned()));
            }
            // Where the bytes are not UTF-8, that is found first when all of them are there.
            Err(error) if error.fault == Fault::Encoding => {
                prop_assert!(picked.is_err());
                prop_assert!(fed(&whole, &bytes, &cuts).is_err());
            }
            Err(error) => {
                prop_assert_eq!(fed(&whole, &bytes, &cuts), Err(error));
                if error.fault != Fault::Twice {
                    prop_assert_eq!(picked, Err(error));
                }
            }
        }
    }
}
