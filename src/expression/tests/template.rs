//! Text with holes.

use super::beyond::with_all;
use super::*;

const KNOWN: Known<'_> =
    Known { content: true, answer: false, answer_content: false, steps: &["user"], item: true, items: false };

fn filled(text: &str, encode: Encode) -> Result<String, Fault> {
    let pattern = Pattern::path("/users/{id}").unwrap();
    let template = Template::read(text, Some(&pattern), &KNOWN)
        .unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    with_all(|facts| template.fill(facts, encode))
}

#[test]
fn holes_are_filled() {
    use Encode::{Path, Plain, Query};
    for (text, encode, expected) in [
        ("/v2/users/{id}", Path, "/v2/users/caf%C3%A9"),
        ("{id}", Query, "caf%C3%A9"),
        ("{id}", Plain, "café"),
        ("{ id }/{request.params.id}", Plain, "café/café"),
        ("/u/{steps.user.body.id}/{item.product_id}/{index}", Path, "/u/u1/p1/3"),
        ("{request.query.name}", Query, "a%20b%21"),
        ("a b&{request.query.name}", Query, "a%20b%26a%20b%21"),
        ("/{request.query.name}", Path, "/a%20b%21"),
        ("/{'a/b?c#d%2e;\\u0000é'}", Path, "/a%2Fb%3Fc%23d%252e%3B%00%C3%A9"),
        ("/a b?{index}", Path, "/a%20b%3F3"),
        ("{{{index}}}", Plain, "{3}"),
        (
            "{request.body.price} {request.body.big} {1.0} {true}",
            Plain,
            "1.10 12345678901234567890123 1 true",
        ),
        ("{now} {duration('1h')}", Plain, "2026-11-21T12:30:00Z 3600s"),
        ("Bearer {request.body.tags[0]}", Plain, "Bearer a"),
        ("{ {'gold': 'g'}['gold'] }", Plain, "g"),
        ("", Plain, ""),
        ("/x.{'.'}.y", Path, "/x...y"),
        ("/...", Path, "/..."),
    ] {
        assert_eq!(filled(text, encode).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn some_values_fill_no_hole() {
    use Encode::{Path, Plain};
    for (text, encode, expected) in [
        ("/{''}", Path, Fault::Segment),
        ("/a{''}", Path, Fault::Segment),
        ("/{'.'}/b", Path, Fault::Segment),
        ("/{'..'}", Path, Fault::Segment),
        ("/{'.'}{'.'}", Path, Fault::Segment),
        ("/.{'.'}", Path, Fault::Segment),
        ("/%2E{'.'}/x", Path, Fault::Segment),
        ("/%2e%2E", Path, Fault::Segment),
        ("/{request.body.n}", Path, Fault::Mismatch("a text", Kind::Null, Kind::Null)),
        ("{request.body.tags}", Plain, Fault::Mismatch("a text", Kind::List, Kind::Null)),
        ("{request.body.none}", Plain, Fault::Absent("none".into())),
        ("{double(index) / 0.0}", Plain, Fault::Overflow),
    ] {
        assert_eq!(filled(text, encode), Err(expected), "{text}");
    }
    let long = "x".repeat(17_000);
    assert_eq!(filled(&long, Path), Err(Fault::TooLarge));
    assert_eq!(filled(&long, Plain).map(|it| it.len()), Ok(17_000));
}

#[test]
fn the_rest_of_a_path_keeps_its_slashes() {
    let pattern = Pattern::path("/static/{*rest}").unwrap();
    let template = Template::read("/v2/{*rest}", Some(&pattern), &Known::default()).unwrap();
    on_request(|facts| {
        let facts = Facts { path: "/static/a/b%2Fc.txt", pattern: Some(&pattern), ..*facts };
        assert_eq!(template.fill(&facts, Encode::Path).as_deref(), Ok("/v2/a/b%2Fc.txt"));
        assert_eq!(template.fill(&facts, Encode::Query).as_deref(), Ok("%2Fv2%2Fa%2Fb%2Fc.txt"));
        let nothing = Facts { pattern: None, ..facts };
        assert_eq!(template.fill(&nothing, Encode::Path), Err(Fault::Absent("rest".into())));
    });
}

#[test]
fn what_a_template_is_made_of_is_known() {
    let pattern = Pattern::path("/users/{id}").unwrap();
    let read = |text: &str| Template::read(text, Some(&pattern), &KNOWN).unwrap();
    let template = read("/a{{/{id}/{steps.user.body.id}/{claims.sub}");
    assert_eq!(template.fixed(), None);
    assert_eq!(template.start(), "/a{/");
    assert_eq!(template.reads().collect::<Vec<_>>(), [Variable::Params, Variable::Steps, Variable::Claims]);
    assert_eq!(template.steps().collect::<Vec<_>>(), ["user"]);
    assert_eq!(read("a}}b").fixed(), Some("a}b"));
    assert_eq!(read("").fixed(), Some(""));
    assert_eq!(read("{claims.sub}").reads().collect::<Vec<_>>(), [Variable::Claims]);
}

#[test]
fn mistakes_name_their_hole() {
    let pattern = Pattern::path("/users/{id}/{item}").unwrap();
    let told = |text: &str, pattern: Option<&Pattern>| {
        let mistakes = Template::read(text, pattern, &KNOWN).map(drop).unwrap_err();
        let one = |it: &Mistake| format!("{} ({})", it.message, it.help.as_deref().unwrap_or_default());
        mistakes.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    for (text, expected) in [
        ("/{name}", "in {name}: there is no variable `name` (the route's path captures {id}, {item})"),
        (
            "/{request.params.name}",
            "in {request.params.name}: the route's path does not capture `name` (the route's path captures {id}, {item})",
        ),
        (
            "/{steps.usr.status}",
            "in {steps.usr.status}: there is no step `usr` here (did you mean `steps.user`?)",
        ),
        (
            "/{steps.user.headers}",
            "in {steps.user.headers}: it is map (what fills a hole is text, a number, or true or false)",
        ),
        (
            "/{item}",
            "in {item}: `item` is both a capture of the route's path and a variable (write {request.params.item} for what was captured, {(item)} for the variable)",
        ),
        ("/{id", "a brace is opened and not closed (a plain one is \"{{\")"),
        ("/id}", "a brace is closed that was not opened (a plain one is \"}}\")"),
        ("/{}", "there is nothing between the braces (plain ones are \"{{}}\")"),
        (
            "/{a}{b}",
            "in {a}: there is no variable `a` (the route's path captures {id}, {item}); in {b}: there is no variable `b` (the route's path captures {id}, {item})",
        ),
    ] {
        assert_eq!(told(text, Some(&pattern)), expected, "{text}");
    }
    assert_eq!(
        told("{nam}", None),
        "in {nam}: there is no variable `nam` (the variables are request, caller, claims, consumer, client, now, steps, item and index)"
    );
}
