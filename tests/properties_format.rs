//! Laws of other notations: what the rules can say comes back as it was, whatever is read is bounded and nothing in it is
//! ever taken for more than it is, and what is written can be read.

#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use tollgate::format::form::{self, FormRules};
use tollgate::format::soap::{self, Version};
use tollgate::format::xml::{self, Mixed, Names, Namespaces, Nulls, What, XmlRules};
use tollgate::format::{Fault, csv, ndjson};
use tollgate::json::{Limits, MOST_DEPTH, Node, Path, Segment, parse};

fn limits() -> Limits {
    Limits { depth: MOST_DEPTH, ..Limits::of(1_000_000) }
}

fn node(json: &str) -> Node<'static> {
    parse(json.as_bytes(), &limits()).unwrap().into_owned()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

// === what XML can say ===

/// What is to stand somewhere: rules are made of it, and values that these can express.
#[derive(Debug, Clone)]
enum Shape {
    Text,
    Number,
    Boolean,
    /// Attributes and a text, or elements.
    Leaf(Vec<&'static str>),
    Object(Vec<&'static str>, Vec<(&'static str, Shape)>),
    Array(Box<Shape>),
    List(Box<Shape>),
}

const NAMES: [&str; 6] = ["a", "b", "items", "ü-1", "_x0041_", "x y"];
const TEXTS: [&str; 8] =
    ["x", "", " a\r\n\tb ", "<b>&amp;]]>", "007", "'\"😀\u{7f}\u{85}", "true", "&#0;<![CDATA["];
const NUMBERS: [&str; 5] = ["0", "-1.10", "12345678901234567890", "1e400", "7"];

fn shape() -> impl Strategy<Value = Shape> {
    let attributes = || subsequence(&NAMES[..], 1..=2);
    let scalar = || prop_oneof![2 => Just(Shape::Text), 1 => Just(Shape::Number), 1 => Just(Shape::Boolean)];
    let leaf = prop_oneof![4 => scalar(), 1 => attributes().prop_map(Shape::Leaf)];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let members = subsequence(&NAMES[..], 1..=4);
        let is_array = |it: &Shape| matches!(it, Shape::Array(_) | Shape::List(_));
        let element = inner.clone().prop_filter("arrays stand in elements", move |it| !is_array(it));
        prop_oneof![
            3 => (members, vec(inner.clone(), 4), subsequence(&NAMES[..], 0..=2)).prop_map(|(names, shapes, attributes)| {
                Shape::Object(attributes, names.into_iter().zip(shapes).collect())
            }),
            1 => element.clone().prop_map(|it| Shape::Array(Box::new(it))),
            1 => element.prop_map(|it| Shape::List(Box::new(it))),
        ]
    })
}

/// Says of everything what it is.
fn say(rules: &mut XmlRules, shape: &Shape, at: &[&str]) {
    let segments = at.iter().map(|name| Segment::Member((*name).into())).collect();
    let path = Path::new(segments).unwrap();
    match shape {
        Shape::Text | Shape::Leaf(_) => {}
        Shape::Number => rules.say(&path, What::Number).unwrap(),
        Shape::Boolean => rules.say(&path, What::Boolean).unwrap(),
        Shape::Object(_, members) => {
            members.iter().for_each(|(name, shape)| say(rules, shape, &[at, &[*name]].concat()));
        }
        Shape::Array(element) => {
            rules.say(&path, What::Array).unwrap();
            say(rules, element, at);
        }
        Shape::List(element) => {
            rules.say(&path, What::List("entry".into())).unwrap();
            say(rules, element, &[at, &["entry"]].concat());
        }
    }
}

/// A document of a shape, as JSON.
fn document(shape: &Shape) -> BoxedStrategy<String> {
    let attributes = |names: &[&'static str]| {
        let names = names.to_vec();
        vec(select(&TEXTS), names.len()).prop_map(move |values| -> Vec<String> {
            let one =
                |(name, value): (&&str, &&str)| format!("{}:{}", quoted(&format!("@{name}")), quoted(value));
            names.iter().zip(&values).map(one).collect()
        })
    };
    let null = |full: BoxedStrategy<String>| prop_oneof![5 => full, 1 => Just("null".to_owned())].boxed();
    match shape {
        Shape::Text => null(select(&TEXTS).prop_map(quoted).boxed()),
        Shape::Number => null(select(&NUMBERS).prop_map(str::to_owned).boxed()),
        Shape::Boolean => null(any::<bool>().prop_map(|it| it.to_string()).boxed()),
        Shape::Leaf(names) => {
            let text = prop_oneof![Just("null".to_owned()), select(&TEXTS[2..]).prop_map(quoted)];
            let all = (attributes(names), proptest::option::of(text));
            all.prop_map(|(mut members, text)| {
                members.extend(text.map(|text| format!("\"#text\":{text}")));
                format!("{{{}}}", members.join(","))
            })
            .boxed()
        }
        Shape::Object(names, members) => {
            let values: Vec<_> = members
                .iter()
                .map(|(name, shape)| {
                    let name = quoted(name);
                    document(shape).prop_map(move |value| format!("{name}:{value}"))
                })
                .collect();
            (attributes(names), values)
                .prop_map(|(one, other)| format!("{{{}}}", [one, other].concat().join(",")))
                .boxed()
        }
        Shape::Array(element) => {
            vec(document(element), 1..4).prop_map(|all| format!("[{}]", all.join(","))).boxed()
        }
        Shape::List(element) => {
            vec(document(element), 0..4).prop_map(|all| format!("[{}]", all.join(","))).boxed()
        }
    }
}

/// Rules, and a document that they can express.
fn expressed() -> impl Strategy<Value = (XmlRules, String)> {
    let top = shape().prop_filter("nothing stands for several roots", |it| !matches!(it, Shape::Array(_)));
    (top, any::<bool>()).prop_flat_map(|(shape, rooted)| {
        let mut rules = XmlRules { names: Names::Escape, ..XmlRules::default() };
        say(&mut rules, &shape, &["root"]);
        let json = document(&shape);
        if rooted {
            rules.root = Some("root".into());
            (Just(rules), json).boxed()
        } else {
            (Just(rules), json.prop_map(|json| format!("{{\"root\":{json}}}"))).boxed()
        }
    })
}

// === anything at all ===

/// Any JSON.
fn any_json() -> impl Strategy<Value = String> {
    let text = || prop_oneof![select(&TEXTS).prop_map(quoted), any::<String>().prop_map(|it| quoted(&it))];
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        select(&NUMBERS).prop_map(str::to_owned),
        text(),
    ];
    scalar.prop_recursive(5, 48, 5, move |inner| {
        let name = prop_oneof![
            4 => select(&["a", "b", "@c", "#text", "@xmlns:p", "p:q", "@xsi:nil", "0", "item", "a b"][..]).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::btree_map(name, inner, 0..4).prop_map(|members| {
                let one = |(name, value): (&String, &String)| format!("{}:{value}", quoted(name));
                format!("{{{}}}", members.iter().map(one).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// Pieces that XML is made of, in any order.
fn any_xml() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&str; 40] = [
        "<a>",
        "</a>",
        "<a/>",
        "<b x='1'>",
        "</b>",
        "<p:c xmlns:p='urn:p'>",
        "</p:c>",
        "text",
        " ",
        "\n",
        "&amp;",
        "&#65;",
        "&#0;",
        "&lol;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "--",
        "<?",
        "?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a [",
        "<!ENTITY a 'b'>",
        "]>",
        "<",
        ">",
        "'",
        "\"",
        "=",
        " x=\"&lt;\"",
        "xmlns=",
        "é",
        "\u{feff}",
        "\u{ffff}",
        "\r",
        "<a",
        "/>",
        "<item>1</item>",
        " xsi:nil='true' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'",
    ];
    let bytes = vec(
        prop_oneof![30 => select(&PIECES).prop_map(|it| it.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|it| vec![it])],
        0..24,
    );
    (bytes, any::<bool>()).prop_map(|(pieces, whole)| {
        let inside = pieces.concat();
        if whole { [b"<r>", &*inside, b"</r>"].concat() } else { inside }
    })
}

fn any_rules() -> impl Strategy<Value = XmlRules> {
    let namespaces = select(&[Namespaces::Keep, Namespaces::Strip][..]);
    let nulls = select(&[Nulls::Nil, Nulls::Empty, Nulls::Omit][..]);
    let mixed = select(&[Mixed::Refuse, Mixed::Join][..]);
    let names = select(&[Names::Refuse, Names::Escape][..]);
    let attribute = select(&["@", "", "-"][..]);
    let root = select(&[None, Some("r"), Some("p:r")][..]);
    let said = subsequence(
        vec![("r.a", What::Array), ("r.b", What::List("item".into())), ("r.*", What::Number)],
        0..=3,
    );
    (namespaces, nulls, mixed, names, attribute, root, said, any::<bool>()).prop_map(
        |(namespaces, nulls, mixed, names, attribute, root, said, trim)| {
            let mut rules = XmlRules {
                root: root.map(Box::from),
                namespaces,
                nulls,
                mixed,
                names,
                attribute: attribute.into(),
                trim,
                prefixes: [("p".into(), "urn:p".into())].into(),
                ..XmlRules::default()
            };
            said.iter().for_each(|(path, what)| rules.say(&Path::read(path).unwrap(), what.clone()).unwrap());
            rules
        },
    )
}

/// What a reader that takes everything makes of it: rules for looking at what was written.
fn everything() -> XmlRules {
    XmlRules { mixed: Mixed::Join, ..XmlRules::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_the_rules_can_say_comes_back((rules, json) in expressed()) {
        let node = node(&json);
        let bytes = xml::write(&node, &rules, 1_000_000).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let again = xml::read(&bytes, &rules, &limits());
        prop_assert_eq!(again.as_ref().map(Node::to_text), Ok(node.to_text()), "{}", text);
        for version in [Version::V11, Version::V12] {
            let bytes = soap::wrap(&node, version, &rules, 1_000_000).unwrap();
            prop_assert_eq!(soap::unwrap(&bytes, &rules, &limits()).unwrap(), node.clone());
        }
    }

    #[test]
    fn whatever_is_written_is_xml(json in any_json(), rules in any_rules()) {
        let node = node(&json);
        match xml::write(&node, &rules, 100_000) {
            Ok(bytes) => {
                let again = xml::read(&bytes, &everything(), &limits());
                let text = String::from_utf8_lossy(&bytes).into_owned();
                // `xsi:nil` beside content is somebody's own word, and no markup.
                let fine = again.is_ok() || again.is_err_and(|error| matches!(error.fault, Fault::Nil | Fault::Boolean | Fault::Twice));
                prop_assert!(fine, "{} {:?}", text, xml::read(&bytes, &everything(), &limits()));
                prop_assert_eq!(xml::write(&node, &rules, bytes.len()).unwrap().len(), bytes.len());
                prop_assert_eq!(xml::write(&node, &rules, bytes.len() - 1), Err(Fault::Bytes));
            }
            Err(fault) => prop_assert!(!fault.is_limit(), "{:?}", fault),
        }
    }

    #[test]
    fn whatever_is_read_is_bounded(
        text in any_xml(), rules in any_rules(), depth in 0..6usize, values in 0..12usize, most_text in 0..12usize,
    ) {
        let limits = Limits { bytes: 1_000, depth, values, text: most_text };
        if let Ok(node) = xml::read(&text, &rules, &limits) {
            prop_assert!(node.depth() <= depth.max(1), "{}", node.to_text());
            // Whoever reads without a root has an object around it.
            prop_assert!(node.values() <= values + 1, "{}", node.to_text());
            let declared = text.windows(9).any(|it| it.eq_ignore_ascii_case(b"<!doctype"));
            prop_assert!(!declared || String::from_utf8_lossy(&text).contains("<!--") || String::from_utf8_lossy(&text).contains("<?") || String::from_utf8_lossy(&text).contains("<![CDATA["));
        }
        let _ = soap::unwrap(&text, &rules, &limits);
    }

    #[test]
    fn flat_forms_come_back(names in subsequence(&NAMES[..], 0..=5), values in vec(vec(any::<String>(), 1..4), 5)) {
        let member = |(name, values): (&&str, &Vec<String>)| match values.as_slice() {
            [one] => format!("{}:{}", quoted(name), quoted(one)),
            more => format!("{}:[{}]", quoted(name), more.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(",")),
        };
        let members: Vec<_> = names.iter().zip(&values).map(member).collect();
        let node = node(&format!("{{{}}}", members.join(",")));
        for brackets in [false, true] {
            let rules = FormRules { brackets, ..FormRules::default() };
            let bytes = form::write(&node, &rules, 1_000_000).unwrap();
            prop_assert_eq!(form::read(&bytes, &rules, &limits()).unwrap(), node.clone());
        }
    }

    #[test]
    fn forms_of_anything_are_refused_or_read_again(json in any_json(), brackets in any::<bool>()) {
        let rules = FormRules { brackets, ..FormRules::default() };
        if let Ok(bytes) = form::write(&node(&json), &rules, 100_000) {
            let read = form::read(&bytes, &rules, &limits()).unwrap();
            // Numbers have become text; written again they are the same.
            prop_assert_eq!(form::write(&read, &rules, 100_000).unwrap(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_a_form_or_refused(bytes in vec(select(&b"ab=&[]%+01\xc3\xbc"[..]), 0..40), values in 0..10usize) {
        let limits = Limits { bytes: 100, depth: 3, values, text: 20 };
        if let Ok(node) = form::read(&bytes, &FormRules { brackets: true, ..FormRules::default() }, &limits) {
            prop_assert!(node.values() <= values, "{}", node.to_text());
            prop_assert!(node.depth() <= 3, "{}", node.to_text());
        }
    }

    #[test]
    fn lines_come_back(all in vec(any_json(), 0..5), cut in any::<Index>()) {
        let array = node(&format!("[{}]", all.join(",")));
        let bytes = ndjson::write(&array, 1_000_000).unwrap();
        prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), all.len());
        prop_assert_eq!(ndjson::read(&bytes, &limits()).unwrap(), array);
        let _ = ndjson::read(&bytes[..cut.index(bytes.len() + 1)], &limits());
    }

    #[test]
    fn rows_have_as_many_columns_as_the_first(all in vec(any_json(), 0..4), escape_formulas in any::<bool>()) {
        let array = node(&format!("[{}]", all.join(",")));
        let rules = csv::CsvRules { escape_formulas, ..csv::CsvRules::default() };
        match csv::write(&array, &rules, 1_000_000) {
            Ok(bytes) => {
                let rows = rows(&bytes);
                prop_assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{}", String::from_utf8_lossy(&bytes));
                if !bytes.is_empty() {
                    prop_assert_eq!(rows.len(), all.len() + 1);
                    prop_assert_eq!(csv::write(&array, &rules, bytes.len() - 1), Err(Fault::Bytes));
                }
            }
            Err(fault) => prop_assert_eq!(fault, Fault::Place),
        }
    }
}

/// How many fields each row has, by RFC 4180.
fn rows(bytes: &[u8]) -> Vec<usize> {
    let (mut rows, mut fields, mut quoted) = (Vec::new(), 1, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => fields += 1,
            b'\n' if !quoted => {
                assert_eq!(bytes[at - 1], b'\r');
                rows.push(std::mem::replace(&mut fields, 1));
            }
            _ => {}
        }
    }
    assert!(!quoted);
    rows
}
