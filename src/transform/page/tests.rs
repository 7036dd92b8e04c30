//! Pages, read and filled.

#![allow(clippy::unwrap_used)]

use http::{HeaderMap, StatusCode};

use super::{Escape, Page, Unwritten};
use crate::expression::{AnswerFacts, Facts, Known};
use crate::json::{Limits, Node, parse};

const KNOWN: Known<'static> =
    Known { content: true, answer: true, answer_content: true, steps: &["user"], item: false, items: false };

fn facts(headers: &HeaderMap) -> Facts<'_> {
    Facts { path: "/things/7", query: Some("a=b%20c"), host: "api.test", ..Facts::example(headers) }
}

fn node(text: &str) -> Node<'_> {
    parse(text.as_bytes(), &Limits::of(1 << 20)).unwrap()
}

fn write(source: &str, escape: Escape, body: &str) -> Result<String, Unwritten> {
    let page = Page::read(source, escape, &KNOWN).unwrap();
    let (headers, body) = (HeaderMap::new(), node(body));
    let mut facts = facts(&headers);
    facts.beyond.answer =
        Some(AnswerFacts { status: StatusCode::OK, headers: &headers, content: Some(&body) });
    Ok(String::from_utf8(page.write(&facts, 10_000, 10_000)?).unwrap())
}

#[test]
fn values_print_as_they_were_written() {
    let numbers = "[1,-7,12345678901234567890123,1.10,1e400,0.1,-0,1.5,2.0]";
    let all = "{% for n in response.body %}{{ n }} {% endfor %}";
    let expected = "1 -7 12345678901234567890123 1.10 1e400 0.1 -0 1.5 2.0 ";
    assert_eq!(write(all, Escape::None, numbers).unwrap(), expected);
    assert_eq!(write("{{ response.body }}", Escape::Json, numbers).unwrap(), numbers);
    let document = r#"{"z":{"b":[null,true,"a\"b"],"a":1.10},"y":"<&>"}"#;
    assert_eq!(write("{{ response.body }}", Escape::Json, document).unwrap(), document);
    let members = "{% for name in response.body %}{{ name }} {% endfor %}";
    assert_eq!(write(members, Escape::None, document).unwrap(), "z y ");
}

#[test]
fn values_are_escaped_for_what_they_stand_in() {
    let body = r#"{"t":"<a b=\"c\">&\n"}"#;
    let print = "{{ response.body.t }}";
    assert_eq!(write(print, Escape::None, body).unwrap(), "<a b=\"c\">&\n");
    assert_eq!(write(print, Escape::Json, body).unwrap(), r#""<a b=\"c\">&\n""#);
    assert_eq!(write(print, Escape::Markup, body).unwrap(), "&lt;a b=&quot;c&quot;&gt;&amp;\n");
}

#[test]
fn pages_see_what_expressions_see() {
    let source = "{{ request.method }} {{ request.host }} {{ request.query.a }} {{ response.status }} \
                  {% if response.body.none is defined %}yes{% else %}no{% endif %}";
    assert_eq!(write(source, Escape::None, "{}").unwrap(), "GET api.test b c 200 no");
}

#[test]
fn what_is_not_there_is_a_mistake_of_the_request() {
    for source in ["{{ response.body.missing }}", "{% if response.body.missing %}{% endif %}"] {
        assert!(matches!(write(source, Escape::None, "{}"), Err(Unwritten::Mistake(_))), "{source}");
    }
}

#[test]
fn what_a_page_does_is_bounded() {
    let list = format!("[{}0]", "0,".repeat(2_000));
    let nested = "{% for a in response.body %}{% for b in response.body %}{% endfor %}{% endfor %}";
    assert_eq!(write(nested, Escape::None, &list), Err(Unwritten::TooLarge));
    let long = "{% for a in response.body %}0123456789{% endfor %}";
    assert_eq!(write(long, Escape::None, &list), Err(Unwritten::TooLarge));
}

#[test]
fn mistakes_are_found_when_a_page_is_read() {
    let known = Known { content: true, ..Known::default() };
    let mistake = |source: &str| {
        let mistakes = Page::read(source, Escape::None, &known).unwrap_err();
        mistakes.into_iter().map(|it| it.message).collect::<Vec<_>>().join("; ")
    };
    for (source, expected) in [
        ("{{ reqest.body }}", "there is no variable `reqest`"),
        ("{{ request.boddy }}", "`request` has no `boddy`"),
        ("{{ response.body }}", "`response.body` is not known here"),
        ("{{ 'a' * 3 }}", "a template does not multiply"),
        ("{% for a in claims %}{{ b }}{% endfor %}", "there is no variable `b`"),
    ] {
        assert_eq!(mistake(source), expected, "{source}");
    }
    assert!(mistake("a\n{% if %}").starts_with("the template cannot be read: line 2"));
    assert_eq!(mistake("{{ claims | indent(4) }}"), "there is no filter `indent`");
    assert_eq!(mistake("{{ claims is not iterable }}"), "there is no test `iterable`");
    assert!(mistake("{% include 'a' %}").starts_with("the template cannot be read"));
    for source in [
        "request and {claims}, not {{ '}}' ~ claims.foo['bar'].baz }}",
        "{# {{ nobody }} #}{% set x = claims.a %}{{ x }}{{ loop | default('') if false else x | length }}",
        "{% for k, v in claims | items %}{{ k }}={{ v }}{% if not loop.last %}, {% endif %}{% endfor %}",
    ] {
        assert_eq!(Page::read(source, Escape::None, &known).err(), None, "{source}");
    }
}
