//! What is known beyond a request's head: contents, answers, steps and items.

use http::StatusCode;

use super::*;
use crate::json::{Limits, parse};

/// Everything that can be known.
const ALL: Known<'_> = Known {
    content: true,
    answer: true,
    answer_content: true,
    steps: &["user", "orders", "failed"],
    item: true,
    items: true,
};

const CONTENT: &str = r#"{"id":7,"price":1.10,"big":12345678901234567890123,"e":1E2,"zero":-0,"one":1.0,"n":null,
    "tags":["a","b"],"lines":[{"sku":"x","qty":2},{"sku":"y","qty":3}],"huge":18446744073709551615,"far":1e400}"#;

/// Evaluates where everything is known.
pub(super) fn with_all<T>(see: impl FnOnce(&Facts<'_>) -> T) -> T {
    let content = parse(CONTENT.as_bytes(), &Limits::of(10_000)).unwrap();
    let user = parse(br#"{"id":"u1","name":"Ada"}"#, &Limits::of(1_000)).unwrap();
    let orders = parse(br#"[{"id":1},{"id":2}]"#, &Limits::of(1_000)).unwrap();
    let item = parse(br#"{"product_id":"p1"}"#, &Limits::of(1_000)).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-total", HeaderValue::from_static("2"));
    let ok = |content| AnswerFacts { status: StatusCode::OK, headers: &headers, content };
    let steps = [
        StepFacts { name: "user", answer: Some(ok(Some(&user))) },
        StepFacts { name: "orders", answer: Some(ok(Some(&orders))) },
        StepFacts { name: "failed", answer: None },
    ];
    let items = [&item, &user];
    on_request(|facts| {
        let beyond = Beyond {
            content: Some(&content),
            answer: Some(AnswerFacts {
                status: StatusCode::NOT_FOUND,
                headers: &headers,
                content: Some(&user),
            }),
            steps: &steps,
            item: Some((3, &item)),
            items: Some(&items),
        };
        see(&Facts { beyond, ..*facts })
    })
}

fn compiled(source: &str) -> Expression {
    Expression::compile_with(source, Kind::Any, &ALL)
        .unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"))
}

/// The value as JSON.
#[track_caller]
pub(super) fn json(source: &str) -> String {
    let expression = compiled(source);
    with_all(|facts| {
        let (cost, bound) = (expression.cost(facts), expression.bound());
        assert!(cost <= bound, "{source} costs {cost}, more than its bound {bound}");
        match expression.node(facts, 1_000) {
            Ok(node) => node.to_text(),
            Err(fault) => format!("fault: {fault}"),
        }
    })
}

#[track_caller]
pub(super) fn jsons(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        assert_eq!(json(source), *expected, "{source}");
    }
}

#[test]
fn contents_answers_steps_and_items() {
    jsons(&[
        ("request.body.id", "7"),
        ("request.body.lines.map(l, l.sku)", r#"["x","y"]"#),
        ("request.body.lines.filter(l, l.qty > 2)", r#"[{"sku":"y","qty":3}]"#),
        ("has(request.body) && has(request.body.id) && !has(request.body.none)", "true"),
        ("request.body.none", "fault: there is no \"none\""),
        ("request.body.tags == ['a', 'b'] && 'a' in request.body.tags && 'id' in request.body", "true"),
        ("response.status", "404"),
        ("response.headers['x-total'] + response.body.name", r#""2Ada""#),
        ("steps.user.status == 200 && steps['user'].body.id == 'u1'", "true"),
        ("steps.orders.headers['x-total']", r#""2""#),
        ("steps.orders.body[1].id + size(steps.orders.body)", "4"),
        ("has(steps.user) && !has(steps.failed) && has(steps.user.body.id)", "true"),
        ("steps.failed.body", "fault: there is no \"failed\""),
        ("has(steps.failed) ? steps.failed.body : []", "[]"),
        ("item.product_id + string(index)", r#""p13""#),
        ("items", r#"[{"product_id":"p1"},{"id":"u1","name":"Ada"}]"#),
        ("size(items) + index", "5"),
        ("steps.user", r#"{"status":200,"headers":{"x-total":"2"},"body":{"id":"u1","name":"Ada"}}"#),
        ("{'id': steps.user.body.id, 'n': size(steps.orders.body)}", r#"{"id":"u1","n":2}"#),
        ("request.body.lines.map(item, item.qty)", "[2,3]"),
        ("{'b': 1, 'a': {'z': [null, true], 'y': 1u}}", r#"{"b":1,"a":{"z":[null,true],"y":1}}"#),
        ("{1: 'a', true: 'b'}", r#"{"1":"a","true":"b"}"#),
        ("{1: 'a', '1': 'b'}", "fault: a key of a map stands twice or is not a key"),
        ("[now, duration('90m')]", r#"["2026-11-21T12:30:00Z","5400s"]"#),
        ("string(now) + string(duration('1500ms'))", r#""2026-11-21T12:30:00Z1.5s""#),
        ("claims.address", r#"{"country":"GB","tags":[1,2]}"#),
        ("request.query", "fault: the query parameter \"twice\" stands several times"),
        ("double(claims.level) / 0.0", "fault: a number or a time is out of range"),
    ]);
}

#[test]
fn numbers_stay_as_they_were_written() {
    jsons(&[
        ("request.body.price", "1.10"),
        ("request.body.big", "12345678901234567890123"),
        ("[request.body.e, request.body.zero, request.body.one, request.body.far]", "[1E2,-0,1.0,1e400]"),
        ("[request.body].map(b, {'p': b.price})", r#"[{"p":1.10}]"#),
        ("true ? request.body.one : 1.0", "1.0"),
        ("string(request.body.price) + string(request.body.big)", r#""1.1012345678901234567890123""#),
        ("request.body.one == 1 && request.body.e == 100u && request.body.zero == 0", "true"),
        ("request.body.price == 1.1 && request.body.price < 1.2 && 1 < request.body.price", "true"),
        ("request.body.big > request.body.huge && request.body.far > request.body.big", "true"),
        ("request.body.huge", "18446744073709551615"),
        ("request.body.price * 2.0 == 2.2", "true"),
        ("-request.body.price", "-1.1"),
        ("request.body.price + request.body.one", "2.1"),
        ("request.body.price + request.body.id", "fault: + cannot have double and int"),
        ("request.body.price * double(request.body.id)", "7.700000000000001"),
        ("request.body.big + 1.0", "fault: a number or a time is out of range"),
        ("request.body.far + 1.0", "fault: a number or a time is out of range"),
        ("double(request.body.big)", "1.2345678901234568e22"),
        ("int(request.body.price) + int(request.body.e)", "101"),
        ("int(request.body.big)", "fault: a number or a time is out of range"),
        ("uint(request.body.e)", "100"),
        ("6.0", "6"),
    ]);
}

#[test]
fn what_is_made_is_bounded() {
    let many = format!("[{}]", vec!["1"; 2_000].join(","));
    let many = parse(many.as_bytes(), &Limits::of(10_000)).unwrap();
    let beyond = Beyond { content: Some(&many), ..Beyond::default() };
    on_request(|facts| {
        let facts = Facts { beyond, ..*facts };
        let whole = compiled("request.body");
        assert_eq!(whole.node(&facts, 2_001), Ok(many.borrow()));
        assert_eq!(whole.node(&facts, 2_000), Err(Fault::TooLarge));
        let squared = compiled("request.body.map(x, request.body)");
        assert_eq!(squared.node(&facts, usize::MAX), Err(Fault::TooCostly));
        let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
        let deep = parse(deep.as_bytes(), &Limits { depth: 128, ..Limits::of(10_000) }).unwrap();
        let facts = Facts { beyond: Beyond { content: Some(&deep), ..Beyond::default() }, ..facts };
        assert_eq!(
            compiled("[[[[[[[[request.body]]]]]]]]").node(&facts, 1_000).map(|it| it.depth()),
            Ok(128)
        );
        assert_eq!(compiled("[[[[[[[[[request.body]]]]]]]]]").node(&facts, 1_000), Err(Fault::TooLarge));
    });
    assert!(size_of::<Value<'_>>() <= 8 * evaluate::MADE);
}

#[test]
fn steps_are_known_by_their_names() {
    let expression = compiled("has(steps.user) ? steps['orders'].body : [steps.user.status]");
    assert_eq!(expression.steps(), ["orders".into(), "user".into()]);
    assert_eq!(expression.reads(), [Variable::Steps]);
    assert_eq!(compiled("steps.user.status").kind(), Kind::Int);
}

/// Sources, whether everything is known, and what is wrong.
const NOT_KNOWN: &[(&str, bool, &str)] = &[
    (
        "steps.user.body",
        false,
        "`steps` is not known here (it is known in `compose`: each step knows those that are asked before it)",
    ),
    ("item.a", false, "`item` is not known here (it is known in a step with `each`, and in shapes)"),
    ("items", false, "`items` is not known here (it is known in a step with `each.batch`)"),
    ("response.status", false, "`response.status` is not known here (it is known in `transform.response`)"),
    (
        "has(request.body.a)",
        false,
        "`request.body` is not known here (it is known in `compose`, `transform` and `graphql`: before them, no content has been read)",
    ),
    ("respons.status", true, "there is no variable `respons` (did you mean `response`?)"),
    ("steps.usr.body", true, "there is no step `usr` here (did you mean `steps.user`?)"),
    (
        "has(steps.zzzzzz)",
        true,
        "there is no step `zzzzzz` here (the steps known here are user, orders, failed)",
    ),
    ("steps.user.bdy", true, "a step has status, headers and body, and no `bdy` (did you mean `body`?)"),
    (
        "steps.user.tenants",
        true,
        "a step has status, headers and body, and no `tenants` (what it answered is in its body: `.body.tenants`)",
    ),
    (
        "steps.map(s, s)",
        true,
        "`steps` is asked for by the name of a step (such as steps.user.body.id, or has(steps.user))",
    ),
    (
        "steps[claims.sub].body",
        true,
        "`steps` is asked for by the name of a step (such as steps.user.body.id, or has(steps.user))",
    ),
    (
        "steps.user.headers['X-Total']",
        true,
        "there is no header `X-Total`: names of headers are in lower case here (write headers[\"x-total\"])",
    ),
    ("steps.user.status == 'ok'", true, "int and string are never equal ()"),
    (
        "zzzzzz",
        false,
        "there is no variable `zzzzzz` (the variables are request, caller, claims, consumer, client and now)",
    ),
];

#[test]
fn what_is_not_known_is_a_mistake() {
    for (source, all, expected) in NOT_KNOWN {
        let known = if *all { ALL } else { Known::default() };
        let mistakes = Expression::compile_with(source, Kind::Any, &known).map(drop).unwrap_err();
        let one = |it: &Mistake| format!("{} ({})", it.message, it.help.as_deref().unwrap_or_default());
        assert_eq!(mistakes.iter().map(one).collect::<Vec<_>>().join("; "), *expected, "{source}");
    }
}
