//! Laws of values of documents, and of paths that they are put into.

use proptest::prelude::*;
use serde_json::{Map, json};
use tollgate::expression::{Beyond, Encode, Expression, Facts, Fault, Kind, Known, Template};
use tollgate::json::{Limits, Node, parse};

use super::meant::meant;
use super::with_facts;

/// Documents as text, with numbers of all kinds.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null", "true", "false", "0", "-0", "1.0", "1E2", "-1.10", "1e400", "1e-400"
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,40})",
        "-?(0|[1-9][0-9]{0,5})\\.[0-9]{1,12}([eE][-+]?[0-9]{1,20})?",
        any::<String>().prop_map(|text| json!(text).to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map("[abx]", inner, 0..3).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().rev().map(|(name, it)| format!("\"{name}\":{it}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Documents as deep as any may be, compared and passed on.
#[test]
fn the_deepest_documents_need_little_stack() {
    let deep = format!("{}1.50{}", "[{\"a\":".repeat(64), "}]".repeat(64));
    let work = move || {
        let limits = Limits { depth: 128, ..Limits::of(10_000) };
        let (one, other) =
            (parse(deep.as_bytes(), &limits).unwrap(), parse(deep.as_bytes(), &limits).unwrap());
        let known = Known { content: true, item: true, ..Known::default() };
        let compiled = |source| Expression::compile_with(source, Kind::Any, &known).unwrap();
        with_facts(&Map::new(), |facts| {
            let beyond = Beyond { content: Some(&one), item: Some((0, &other)), ..Beyond::default() };
            let facts = Facts { beyond, ..*facts };
            assert_eq!(compiled("request.body == item").holds(&facts), Ok(true));
            assert_eq!(compiled("request.body").node(&facts, 1_000).as_ref(), Ok(&one));
        });
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// What stands in a document is passed on as it stands there.
    #[test]
    fn documents_pass_unchanged(text in document()) {
        let limits = Limits::of(1 << 20);
        let node = parse(text.as_bytes(), &limits).unwrap();
        let known = Known { content: true, item: true, items: true, ..Known::default() };
        let compiled = |source| Expression::compile_with(source, Kind::Any, &known).unwrap();
        with_facts(&Map::new(), |facts| {
            let items = [&node, &node];
            let beyond =
                Beyond { content: Some(&node), item: Some((0, &node)), items: Some(&items), ..Beyond::default() };
            let facts = Facts { beyond, ..*facts };
            let most = 3 * node.values() + 2;
            assert_eq!(compiled("request.body").node(&facts, most).as_ref(), Ok(&node));
            let written = node.to_text();
            for (source, expected) in [
                ("{'a': item, 'b': [item]}", format!("{{\"a\":{written},\"b\":[{written}]}}")),
                ("items.map(it, it)", format!("[{written},{written}]")),
                ("[item].filter(it, true).flatten(0).reverse()[0]", written.clone()),
                ("items.slice(1, 2)", format!("[{written}]")),
                ("{?'a': optional.of(item)}.?a.orValue(1)", written.clone()),
            ] {
                let expression = compiled(source);
                let made = expression.node(&facts, most).unwrap();
                assert_eq!(made.to_text(), expected, "{source}");
            }
            assert_eq!(compiled("request.body").node(&facts, node.values() - 1), Err(Fault::TooLarge));
            assert_eq!(compiled("item == request.body").holds(&facts), Ok(true));
        });
    }

    /// Sources over documents end as those over claims do.
    #[test]
    fn nothing_about_documents_panics(source in meant(), text in document()) {
        let source = source.replace("claims.a", "request.body").replace("claims.b", "item");
        let known = Known { content: true, item: true, ..Known::default() };
        let Ok(expression) = Expression::compile_with(&source, Kind::Any, &known) else { return Ok(()) };
        let node = parse(text.as_bytes(), &Limits::of(1 << 20)).unwrap();
        with_facts(&Map::new(), |facts| {
            let beyond = Beyond { content: Some(&node), item: Some((1, &node)), ..Beyond::default() };
            let facts = Facts { beyond, ..*facts };
            let (cost, bound) = (expression.cost(&facts), expression.bound());
            assert!(cost <= bound, "{source} costs {cost}, more than {bound}");
            if let Ok(made) = expression.node(&facts, 100) {
                assert!(made.values() <= 100 && made.depth() <= 128);
                assert!(parse(made.to_text().as_bytes(), &Limits::of(1 << 20)).is_ok(), "{source}");
            }
            let _ = expression.text(&facts);
        });
    }

    /// Whatever fills the holes of a path stays within its segments, and makes none that leads elsewhere.
    #[test]
    fn paths_stay_where_they_are(start in "/[a-z.%/ ?#]{0,6}", value in any::<String>(), dots in "[./%2eE]{0,4}") {
        let known = Known { content: true, item: true, ..Known::default() };
        let Ok(template) = Template::read(&format!("{start}{{item}}/x{{request.body}}"), None, &known) else {
            return Ok(());
        };
        let (one, other) = (Node::Text(value.as_str().into()), Node::Text(dots.as_str().into()));
        with_facts(&Map::new(), |facts| {
            let beyond = Beyond { content: Some(&other), item: Some((0, &one)), ..Beyond::default() };
            let facts = Facts { beyond, ..*facts };
            if let Ok(path) = template.fill(&facts, Encode::Path) {
                assert_eq!(path.matches('/').count(), start.matches('/').count() + 1, "{path}");
                assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>{}|^`".contains(&byte)));
                for segment in path.split('/') {
                    let decoded = percent_encoding::percent_decode_str(segment).collect::<Vec<_>>();
                    assert!(decoded != b"." && decoded != b"..", "{path}");
                }
                path.parse::<http::Uri>().unwrap();
            } else {
                let segment = start.rsplit('/').next().unwrap_or_default();
                let empty = value.is_empty() || dots.is_empty();
                let led = [&format!("{segment}{value}"), &format!("x{dots}")].map(|it| it.replace("%2e", "."));
                assert!(empty || start.contains('.') || start.contains('%') || led[0].starts_with('.'), "{start} {value}");
            }
            if let Ok(text) = template.fill(&facts, Encode::Query) {
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{text}");
            }
        });
    }
}
