//! Laws of expressions, on random input: no source and no request panics; evaluation ends within its bound; and where
//! the `cel` crate's own evaluator has a value, it is the same.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic)]
// The other evaluator takes no other map.
#![allow(clippy::disallowed_types)]

#[path = "expressions/documents.rs"]
mod documents;
#[path = "expressions/meant.rs"]
mod meant;

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::{Map, json};
use tollgate::expression::{Beyond, CallerFacts, Expression, Facts, Fault, Kind, List, Timestamp, Value};

use meant::meant;

/// Pieces that expressions are made of, and some that they are not.
const PIECES: &[&str] = &[
    "claims",
    "caller",
    "request",
    ".",
    ".groups",
    ".sub",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "r'",
    "b\"",
    "\"\"\"",
    "1",
    "-1",
    "0x",
    "1u",
    "9223372036854775807",
    "1e999",
    ".5",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "?",
    ":",
    "&&",
    "||",
    "==",
    "<=",
    " in ",
    " ",
    "\n",
    "//",
    "é",
    "💖",
    "\\u",
    "\\U0001",
    "`a-b`",
    "has(",
    ".all(x,",
    ".map(y,",
    ".filter(x,",
    ".matches(\"",
    "in_network(",
    ",",
    "null",
    "true",
    "x",
    "y",
    "as",
    "\u{0}",
    "\u{200b}",
    "now",
    ".getHours(",
    "timestamp(",
    "size(",
    "string(",
    ".?",
    "[?",
    "{?",
    ".orValue(",
    "optional.of(",
    ".sortBy(x,",
    ".split(",
    ".replace(",
    "math.least(",
    "lists.range(",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// The crate's evaluator, with the extensions of CEL that there are here.
static CRATE: LazyLock<Arc<cel::Env>> = LazyLock::new(|| {
    let mut env = cel::Env::stdlib();
    for extension in [cel::extensions::lists, cel::extensions::math, cel::extensions::strings] {
        env.add_extension(extension).unwrap();
    }
    Arc::new(env)
});

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|it| json!(it)),
        (-4_i64..5).prop_map(|it| json!(it)),
        any::<i64>().prop_map(|it| json!(it)),
        Just(json!(1.5)),
        prop::sample::select(vec!["", "x", "xy", "é"]).prop_map(|it| json!(it)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| json!(it)),
            prop::collection::btree_map("[abx]", inner, 0..3).prop_map(|it| json!(it)),
        ]
    })
}

fn claims() -> impl Strategy<Value = Map<String, serde_json::Value>> {
    prop::collection::btree_map("[abcd]", json(), 0..5).prop_map(|map| map.into_iter().collect())
}

fn with_facts<T>(claims: &Map<String, serde_json::Value>, see: impl FnOnce(&Facts<'_>) -> T) -> T {
    let mut headers = HeaderMap::new();
    headers.insert("x-a", HeaderValue::from_static("1"));
    let groups = ["x".into(), "staff".into()];
    see(&Facts {
        method: "GET",
        path: "/a",
        query: Some("a=1&a=2&%zz"),
        headers: &headers,
        host: "a.test",
        secure: false,
        pattern: None,
        caller: CallerFacts {
            subject: Some("x"),
            authenticator: Some("jwt"),
            groups: &groups,
            ..CallerFacts::default()
        },
        claims: Some(claims),
        consumer: None,
        client: None,
        now: Timestamp::from_unix_millis(1_795_264_200_000),
        beyond: Beyond::default(),
    })
}

fn ends_in_time(source: &str, claims: &Map<String, serde_json::Value>) {
    let Ok(expression) = Expression::compile(source, Kind::Any) else { return };
    with_facts(claims, |facts| {
        let value = expression.evaluate(facts);
        assert!(!matches!(value, Err(Fault::TooCostly)), "{source}");
        let (cost, bound) = (expression.cost(facts), expression.bound());
        assert!(cost <= bound, "{source} costs {cost}, more than {bound}");
    });
}

/// One of our values as the crate has them, to be compared.
fn theirs(value: &Value<'_>) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Int(value) => cel::Value::Int(*value),
        Value::Uint(value) => cel::Value::UInt(*value),
        Value::Double(value) => cel::Value::Float(*value),
        Value::Number(number) => cel::Value::Float(number.double()),
        Value::Text(text) => text.to_string().into(),
        Value::List(list) => of_list(list),
        Value::Map(map) => {
            let pairs = map.keys().into_iter().filter_map(|key| match &key {
                Value::Text(text) => Some((text.to_string(), theirs(&map.get(text).ok()?))),
                _ => None,
            });
            pairs.collect::<std::collections::HashMap<_, _>>().into()
        }
        other => panic!("{other:?} is made by no expression here"),
    }
}

fn of_list(list: &List<'_>) -> cel::Value {
    (0..list.len()).filter_map(|at| list.get(at)).map(|item| theirs(&item)).collect::<Vec<_>>().into()
}

/// The deepest expressions there may be, on a small stack. A component has 256 KiB; here nothing is optimised, frames are
/// several times as large, and so is the stack.
#[test]
fn the_deepest_expressions_need_little_stack() {
    let sources = [
        format!("{}1{} == 1", "(".repeat(14), ")".repeat(14)),
        format!("{}claims.a{}", "[".repeat(14), "]".repeat(14)),
        format!("claims{}", ".a".repeat(200)),
        format!("{}claims.a", "!-".repeat(15)),
        format!("claims.a{}", " + claims.a".repeat(20)),
        format!("claims.a{}", "[claims.a".repeat(14) + &"]".repeat(14)),
        format!("claims.a.all(x, claims.a.all(y, {}x == y{}))", "(x ? ".repeat(10), " : y)".repeat(10)),
        format!("claims.a{}", " || claims.a".repeat(60)),
        format!("1{}", " + 1".repeat(200)),
        "size(".repeat(200),
    ];
    let claims: Map<_, _> = [("a".to_owned(), json!([[1]]))].into_iter().collect();
    let work = move || sources.iter().for_each(|source| ends_in_time(source, &claims));
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_source_panics(source in soup(), claims in claims()) {
        ends_in_time(&source, &claims);
    }

    #[test]
    fn no_text_panics(source in any::<String>(), claims in claims()) {
        ends_in_time(&source, &claims);
    }

    #[test]
    fn evaluation_ends_within_its_bound(source in meant(), claims in claims()) {
        ends_in_time(&source, &claims);
        ends_in_time(&format!("claims.a.filter(x, {source} == x)"), &claims);
    }

    /// Where both have a value it is the same; where the crate has one, so have we, unless the plan knows better.
    #[test]
    fn values_are_those_of_the_crate(source in meant(), claims in claims()) {
        let (Ok(ours), Ok(program)) = (Expression::compile(&source, Kind::Any), CRATE.compile(&source)) else {
            return Ok(());
        };
        // The crate adds the keys of a map to a list, which CEL has no overload for.
        let written = format!("{source}{}", json!(claims.values().collect::<Vec<_>>()));
        prop_assume!(!source.contains('+') || !written.contains('{'));
        let mut context = cel::Context::with_env(Arc::clone(&CRATE));
        context.add_variable_from_value("claims", theirs(&Value::of_json(&json!(claims))));
        let expected = program.execute(&context);
        with_facts(&claims, |facts| {
            match (ours.evaluate(facts), expected) {
                (Ok(value), Ok(expected)) => assert_eq!(theirs(&value), expected, "{source}"),
                (Err(_), Err(_)) => {}
                // Numbers of all types have an order here.
                (Ok(_), Err(_)) if source.contains("sort") => {}
                // What counts without an optional value is evaluated where it does, as in cel-go; the crate does so always.
                (Ok(_), Err(_)) if source.contains(".orValue(") || source.contains(".or(") => {}
                // The longest list that is made from nothing is shorter here.
                (Err(Fault::Bounds(_)), Ok(_)) if source.contains("lists.range") => {}
                (value, expected) => panic!("{source}: {value:?}, and the crate: {expected:?}"),
            }
        });
    }
}
