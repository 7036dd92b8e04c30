//! The language, by tables: what values expressions have, what faults, what mistakes.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use http::{HeaderMap, HeaderValue};

use super::*;
use crate::route::pattern::Pattern;

mod beyond;
mod functions;
mod template;

static CLAIMS: LazyLock<serde_json::Value> = LazyLock::new(|| {
    serde_json::json!({
        "sub": "ada", "admin": true, "level": 3, "big": u64::MAX, "ratio": 0.5, "nothing": null,
        "groups": ["dev", "ops"], "exp": 1_800_000_000, "https://example.com/roles": ["a"],
        "address": { "country": "GB", "tags": [1, 2] }, "since": "2026-01-01T00:00:00Z",
    })
});

fn texts(texts: &[&str]) -> Vec<Box<str>> {
    texts.iter().map(|text| (*text).into()).collect()
}

/// Evaluates for one rich request.
fn on_request<T>(see: impl FnOnce(&Facts<'_>) -> T) -> T {
    let mut headers = HeaderMap::new();
    headers.append("x-team", HeaderValue::from_static("blue"));
    headers.append("accept", HeaderValue::from_static("text/html"));
    headers.append("accept", HeaderValue::from_static("text/plain"));
    headers.append("cookie", HeaderValue::from_static("a=1"));
    headers.append("cookie", HeaderValue::from_static("b=2"));
    headers.append("x-latin", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    let (groups, scopes) = (texts(&["dev", "ops"]), texts(&["read", "write"]));
    let metadata = [("region".into(), "eu".into())];
    let pattern = Pattern::path("/users/{id}").unwrap();
    see(&Facts {
        method: "GET",
        path: "/users/caf%C3%A9",
        query: Some("page=2&name=a+b%21&twice=1&twice=2"),
        headers: &headers,
        host: "api.example.com",
        secure: true,
        pattern: Some(&pattern),
        caller: CallerFacts {
            subject: Some("ada"),
            authenticator: Some("jwt"),
            groups: &groups,
            roles: &[],
            scopes: &scopes,
        },
        claims: CLAIMS.as_object(),
        consumer: Some(ConsumerFacts { id: "acme", plan: None, metadata: &metadata }),
        client: Some("10.1.2.3".parse().unwrap()),
        now: Timestamp::parse("2026-11-21T12:30:00Z").unwrap(),
        beyond: Beyond::default(),
    })
}

/// The value as text: as `Debug` has it where it is not text.
#[track_caller]
fn shown(source: &str) -> String {
    let expression =
        Expression::compile(source, Kind::Any).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"));
    on_request(|facts| {
        assert!(expression.cost(facts) <= expression.bound(), "{source} costs more than its bound");
        match expression.evaluate(facts) {
            Ok(Value::Bool(value)) => value.to_string(),
            Ok(Value::Int(value)) => value.to_string(),
            Ok(Value::Uint(value)) => format!("{value}u"),
            Ok(Value::Double(value)) => format!("{value:?}"),
            Ok(Value::Number(number)) => number.as_str().to_owned(),
            Ok(Value::Text(text)) => format!("{text:?}"),
            Ok(Value::Null) => "null".to_owned(),
            Ok(Value::Duration(span)) => format!("{}ns", span.0),
            Ok(Value::Timestamp(moment)) => format!("@{}", moment.seconds),
            Ok(Value::List(list)) => format!("list of {}", list.len()),
            Ok(Value::Map(map)) => format!("map of {}", map.len()),
            Err(fault) => format!("fault: {fault}"),
        }
    })
}

#[track_caller]
fn table(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        assert_eq!(shown(source), *expected, "{source}");
    }
}

#[test]
fn variables() {
    table(&[
        ("request.method == \"GET\" && request.scheme == 'https'", "true"),
        ("request.path", "\"/users/caf%C3%A9\""),
        ("request.params.id", "\"café\""),
        ("request.host.endsWith(\".example.com\")", "true"),
        ("request.query.page", "\"2\""),
        ("request.query[\"name\"]", "\"a b!\""),
        ("request.query.absent", "fault: there is no \"absent\""),
        ("request.query.twice == \"1\"", "fault: the query parameter \"twice\" stands several times"),
        ("\"twice\" in request.query", "true"),
        ("request.headers[\"x-team\"]", "\"blue\""),
        ("request.headers.accept", "\"text/html, text/plain\""),
        ("request.headers.cookie", "\"a=1; b=2\""),
        ("request.headers[\"x-latin\"]", "fault: \"x-latin\" is not UTF-8"),
        ("\"x-none\" in request.headers", "false"),
        ("caller.subject + \"@\" + caller.consumer", "\"ada@acme\""),
        ("caller.anonymous", "false"),
        ("\"ops\" in caller.groups", "true"),
        ("caller.scopes.all(s, s in [\"read\", \"write\"])", "true"),
        ("size(caller.roles)", "0"),
        ("consumer.metadata.region", "\"eu\""),
        ("has(consumer.plan)", "false"),
        ("has(consumer.id)", "true"),
        ("consumer.plan", "fault: there is no \"consumer.plan\""),
        ("client.address", "\"10.1.2.3\""),
        ("in_network(client.address, \"10.0.0.0/8\")", "true"),
        ("in_network(client.address, [\"192.0.2.0/24\", \"2001:db8::/32\"])", "false"),
        ("in_network(\"::ffff:10.0.0.1\", \"10.0.0.0/8\")", "true"),
        ("in_network(claims.sub, \"10.0.0.0/8\")", "fault: a text is no IP address"),
    ]);
}

#[test]
fn claims() {
    table(&[
        ("claims.sub", "\"ada\""),
        ("claims.level >= 3", "true"),
        ("claims.level == 3.0 && claims.level == 3u", "true"),
        ("claims.level + 1", "4"),
        ("claims.level + 1.5", "fault: + cannot have int and double"),
        ("claims.big", "18446744073709551615u"),
        ("claims.nothing == null", "true"),
        ("claims.address.country", "\"GB\""),
        ("claims.address.tags[1]", "2"),
        ("claims.address.tags[2]", "fault: there is no such place in the list"),
        ("claims[\"https://example.com/roles\"][0]", "\"a\""),
        ("has(claims.address.city) || has(claims.address.country)", "true"),
        ("claims.missing.deeper", "fault: there is no \"missing\""),
        ("has(claims.sub.x)", "fault: has() cannot have string"),
        ("claims.groups == [\"dev\", \"ops\"]", "true"),
        ("claims.address == {\"tags\": [1, 2], \"country\": \"GB\"}", "true"),
        ("claims.address == {\"tags\": [1, 3], \"country\": \"GB\"}", "false"),
        ("claims.groups == caller.groups", "true"),
        ("claims.groups == claims.address", "false"),
        ("claims[claims.sub]", "fault: there is no \"ada\""),
        ("claims == claims", "true"),
    ]);
}

#[test]
fn one_operand_can_decide_alone() {
    table(&[
        ("claims.missing || request.method == \"GET\"", "true"),
        ("request.method == \"GET\" || claims.missing", "true"),
        ("claims.missing && request.method == \"PUT\"", "false"),
        ("claims.missing || request.method == \"PUT\"", "fault: there is no \"missing\""),
        ("claims.missing && claims.admin", "fault: there is no \"missing\""),
        ("!claims.missing", "fault: there is no \"missing\""),
        ("claims.sub || claims.admin", "true"),
        ("claims.sub && claims.admin", "fault: && cannot have string"),
        ("claims.groups.exists(g, g == \"ops\" || claims.missing)", "true"),
        ("claims.groups.all(g, g == \"dev\" && claims.missing)", "false"),
        ("claims.groups.all(g, claims.missing)", "fault: there is no \"missing\""),
        ("claims.admin ? 1 : claims.missing", "1"),
    ]);
}

#[test]
fn macros() {
    table(&[
        ("[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6]", "true"),
        ("[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]", "true"),
        ("[1, 2, 2].exists_one(x, x == 2)", "false"),
        ("[1, 2, 2].exists_one(x, x == 1)", "true"),
        ("claims.address.all(k, k in [\"country\", \"tags\"])", "true"),
        ("request.query.exists(name, name == \"page\")", "true"),
        ("claims.groups.exists(g, caller.groups.exists(h, g == h))", "true"),
        // The inner name hides the outer one, and a variable too.
        ("[1].map(x, [2].map(x, x)) == [[2]]", "true"),
        ("[{\"sub\": 7}].map(claims, claims.sub) == [7]", "true"),
        ("{\"free\": 10, \"gold\": 100}[\"gold\"]", "100"),
        ("{1: \"a\"}[1]", "\"a\""),
        ("{\"a\": claims.sub}.a", "\"ada\""),
        ("{claims.sub: 1, \"ada\": 2}", "fault: a key of a map stands twice or is not a key"),
        ("claims.sub.exists(x, true)", "fault: a macro cannot have string"),
    ]);
}

#[test]
fn functions() {
    table(&[
        ("size(\"café\") + \"ab\".size() + size([1]) + size({})", "7"),
        ("request.method.lowerAscii() + \"x\".upperAscii()", "\"getX\""),
        ("request.path.matches(\"^/users/[^/]+$\")", "true"),
        ("matches(claims.sub, \"^[0-9]+$\")", "false"),
        ("int(request.query.page) + 1", "3"),
        ("int(claims.sub)", "fault: a text is no whole number"),
        ("int(claims.big)", "fault: a number or a time is out of range"),
        ("uint(claims.level)", "3u"),
        ("double(claims.level) / 2.0", "1.5"),
        ("string(claims.level) + string(claims.admin)", "\"3true\""),
        ("claims.level / (claims.level - 3)", "fault: division by zero"),
        ("-claims.level % 2", "-1"),
        ("claims.big * claims.big", "fault: a number or a time is out of range"),
        ("\"a\".contains(claims.level)", "fault: contains cannot have int"),
    ]);
}

#[test]
fn time_of_day() {
    table(&[
        ("now", "@1795264200"),
        ("now.getHours() >= 9 && now.getHours() < 17", "true"),
        ("now.getHours(\"+09:00\")", "21"),
        ("now.getDayOfWeek()", "6"),
        ("now < timestamp(\"2027-01-01T00:00:00Z\")", "true"),
        ("timestamp(claims.exp) - now > duration(\"1h\")", "true"),
        ("now - timestamp(claims.since) > duration(\"24h\")", "true"),
        ("(now + duration(\"30m\")).getHours()", "13"),
        ("duration(\"90m\").getHours()", "1"),
        ("timestamp(claims.sub)", "fault: a text is no time, such as 2026-11-21T12:00:00Z"),
    ]);
}

#[track_caller]
fn mistakes(source: &str, wanted: Kind) -> String {
    let mistakes = Expression::compile(source, wanted).map(drop).unwrap_err();
    let one = |mistake: Mistake| match mistake.help {
        Some(help) => format!("{} ({help})", mistake.message),
        None => mistake.message,
    };
    mistakes.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Sources of conditions, and what is wrong with them.
const MISTAKES: &[(&str, &str)] = &[
    ("request.metod == \"GET\"", "`request` has no member `metod` (did you mean `request.method`?)"),
    ("cliams.sub == \"a\"", "there is no variable `cliams` (did you mean `claims`?)"),
    (
        "zzzzzz",
        "there is no variable `zzzzzz` (the variables are request, caller, claims, consumer, client and now)",
    ),
    (
        "caller",
        "`caller` is no value of its own (its members are subject, consumer, groups, roles, scopes, authenticator, anonymous)",
    ),
    (
        "caller.groups == \"dev\"",
        "list and string are never equal (whether an item is in a list is said with `in`: \"admin\" in caller.groups)",
    ),
    ("request.method", "the expression must be bool, and it is string"),
    ("request.method && true", "a condition must be bool, and this is string"),
    ("1 + \"a\" == 2", "`+` cannot have int and string"),
    ("1 / 0 == 1", "this fails whatever the request is: division by zero"),
    ("9223372036854775807 + 1 > 0", "this fails whatever the request is: a number or a time is out of range"),
    (
        "timestamp(\"soon\") < now",
        "this fails whatever the request is: a text is no time, such as 2026-11-21T12:00:00Z",
    ),
    ("request.path.startwith(\"/\")", "there is no function `startwith` (did you mean `startsWith`?)"),
    ("startsWith(request.path, \"/\")", "startsWith() is called as text.startsWith(\"part\")"),
    (
        "request.path.matches(claims.sub)",
        "the pattern of matches() must be a text written in the expression (a pattern that a request could choose could not be bounded in cost)",
    ),
    (
        "in_network(client.address, claims.net)",
        "the networks of in_network() must be texts written in the expression (such as in_network(client.address, [\"10.0.0.0/8\", \"2001:db8::/32\"]))",
    ),
    (
        "in_network(client.address, \"10.1.0.0/8\")",
        "\"10.1.0.0/8\" has bits beyond its prefix (did you mean \"10.0.0.0/8\"?)",
    ),
    (
        "request.headers[\"X-Team\"] == \"a\"",
        "there is no header `X-Team`: names of headers are in lower case here (write request.headers[\"x-team\"])",
    ),
    (
        "now.getHours(\"Europe/Berlin\") > 1",
        "getHours() takes no zone, \"UTC\" or an offset such as \"+02:00\"",
    ),
    (
        "b\"a\" == b\"a\"",
        "there are no bytes in expressions; use text; there are no bytes in expressions; use text",
    ),
    (
        "request.nope || client.nope",
        "`request` has no member `nope` (its members are method, path, query, headers, host, scheme, params); `client` has no member `nope` (its members are address)",
    ),
    ("has(claims)", "the expression cannot be read: invalid argument to has() macro (column 5)"),
    ("a ==", "the expression cannot be read: mismatched input '<EOF>' expecting expression (column 5)"),
    ("", "the expression cannot be read: mismatched input '<EOF>' expecting expression (column 1)"),
];

#[test]
fn what_can_be_known_before_a_request_is() {
    for (source, expected) in MISTAKES {
        assert_eq!(mistakes(source, Kind::Bool), *expected, "{source}");
    }
}

#[test]
fn cost_is_bounded_before_and_while() {
    let nested = "claims.a.all(x, claims.b.all(y, claims.c.all(z, x == z)))";
    assert_eq!(mistakes(nested, Kind::Bool), "more than 2 macros are inside one another");
    let dear = "claims.a.all(x, claims.b.all(y, x.matches(\"[a-z]{50}\")))";
    assert!(mistakes(dear, Kind::Bool).contains("units, and at most 1000000 are allowed"));
    assert!(mistakes(&"x".repeat(MOST_BYTES + 1), Kind::Any).contains("4097 bytes"));
    assert!(mistakes(&"!-".repeat(300), Kind::Any).contains("more than 256 operators"));
    let deep = format!("claims{}", ".a".repeat(100));
    assert!(Expression::compile(&deep, Kind::Any).is_ok(), "a name is not deep to read");
    assert!(mistakes(&format!("1{}", " + now".repeat(100)), Kind::Any).contains("24 deep"));
    // A request larger than what was reckoned with: evaluation ends, with a fault that nothing overlooks.
    let many = serde_json::json!({ "a": vec!["x".repeat(40); 3000] });
    let expression =
        Expression::compile("claims.a.all(x, claims.a.all(y, x == y)) || true", Kind::Bool).unwrap();
    on_request(|facts| {
        let facts = Facts { claims: many.as_object(), ..*facts };
        assert_eq!(expression.holds(&facts), Err(Fault::TooCostly));
    });
}

#[test]
fn an_anonymous_caller_has_nothing() {
    for (source, expected) in [
        ("caller.anonymous", Ok(true)),
        ("has(caller.subject) || has(consumer.id) || has(claims.sub) || has(consumer.plan)", Ok(false)),
        // Not the same as being somebody else.
        ("caller.subject != \"bob\"", Err(Fault::Absent("caller.subject".into()))),
        ("claims.sub != \"bob\"", Err(Fault::Absent("sub".into()))),
        ("in_network(client.address, \"0.0.0.0/0\")", Err(Fault::Absent("client.address".into()))),
        ("!in_network(client.address, \"0.0.0.0/0\")", Err(Fault::Absent("client.address".into()))),
        ("request.params.id == \"1\"", Err(Fault::Absent("id".into()))),
    ] {
        let headers = HeaderMap::new();
        let expression = Expression::compile(source, Kind::Bool).unwrap();
        assert_eq!(expression.holds(&Facts::none(&headers)), expected, "{source}");
    }
}

#[test]
fn what_an_expression_asks_for_is_known() {
    let source = "request.params.id == claims.sub && request.params.id != request.method";
    let expression = Expression::compile(source, Kind::Bool).unwrap();
    assert_eq!(expression.reads(), [Variable::Method, Variable::Params, Variable::Claims]);
    assert_eq!(expression.params(), ["id".into()]);
    assert_eq!(expression.kind(), Kind::Bool);
    assert!(Variable::Claims.is_about_the_caller() && !Variable::Method.is_about_the_caller());
}

#[test]
fn expressions_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
}
