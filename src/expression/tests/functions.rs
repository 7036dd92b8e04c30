//! Functions of CEL's standard extensions, and optional values.

use super::beyond::jsons;
use super::*;

#[test]
fn of_text() {
    jsons(&[
        ("'a,b,,c'.split(',')", r#"["a","b","","c"]"#),
        ("'a,b,c'.split(',', 2)", r#"["a","b,c"]"#),
        ("['a,b,c'.split(',', 0), 'a,b'.split(',', 1), 'ab,c'.split(',', -1)]", r#"[[],["a,b"],["ab","c"]]"#),
        ("'é→x'.split('')", r#"["é","→","x"]"#),
        ("[''.split(','), ''.split('')]", r#"[[""],[]]"#),
        ("'ab'.split('', 1) + 'abc'.split('', 2)", r#"["ab","a","bc"]"#),
        ("request.query.name.split(' ')", r#"["a","b!"]"#),
        ("['a', 'b'].join('-') + ['c', 'd'].join() + [].join(',')", r#""a-bcd""#),
        ("request.body.lines.map(l, l.sku).join(', ')", r#""x, y""#),
        ("claims.address.tags.join(',')", "fault: join cannot have int"),
        (
            "['banana'.replace('a', 'o'), 'banana'.replace('a', 'o', 2), 'x'.replace('', '-')]",
            r#"["bonono","bonona","-x-"]"#,
        ),
        ("' \t é \n'.trim()", r#""é""#),
        ("'tacocat'.substring(4) + 'éa→'.substring(1, 3)", r#""cata→""#),
        ("'abc'.substring(size(claims.sub))", r#""""#),
        ("claims.sub.substring(4)", "fault: substring() is asked for more than there is"),
        ("claims.sub.substring(2, 1)", "fault: substring() is asked for more than there is"),
        ("claims.sub.substring(-1 * claims.level)", "fault: substring() is asked for more than there is"),
        ("['é→'.charAt(1), 'a'.charAt(1)]", r#"["→",""]"#),
        (
            "[claims.sub.indexOf('a'), claims.sub.indexOf('x'), 'éaéa'.indexOf('a', 2), 'aé'.indexOf('')]",
            "[0,-1,3,0]",
        ),
        (
            "['éaéa'.lastIndexOf('a'), 'éaéa'.lastIndexOf('a', 2), 'a'.lastIndexOf('ab'), 'ab'.lastIndexOf('')]",
            "[3,1,-1,2]",
        ),
        ("claims.sub.indexOf('a', 3)", "fault: indexOf() is asked for more than there is"),
        ("claims.sub.reverse()", r#""ada""#),
        ("'é→x'.reverse()", r#""x→é""#),
        ("base64.encode('é?')", r#""w6k/""#),
        ("base64.decode('w6k/') + base64.decode('YQ==') + base64.decode('YQ')", r#""é?aa""#),
        ("base64.decode(claims.sub + '!')", "fault: a text is no base64 of text"),
        ("base64.decode('/w' + claims.sub.substring(3))", "fault: a text is no base64 of text"),
    ]);
}

#[test]
fn of_lists() {
    jsons(&[
        ("[1, 2, 3, 4].slice(1, 3)", "[2,3]"),
        ("request.body.lines.slice(1, 2)", r#"[{"sku":"y","qty":3}]"#),
        ("request.body.tags.slice(0, 3)", "fault: there is no such place in the list"),
        ("request.body.tags.slice(1, 0)", "fault: there is no such place in the list"),
        ("[1, [2, [3, {'a': [4]}]], []].flatten()", r#"[1,2,[3,{"a":[4]}]]"#),
        ("[[1, [2, [3]]], request.body.tags].flatten(2)", r#"[1,2,[3],"a","b"]"#),
        ("[[1]].flatten(9)", "[1]"),
        (
            "[1, 1u, 1.0, 2, 'a', 'a', request.body.one, [1], [1.0], null, null]",
            r#"[1,1,1,2,"a","a",1.0,[1],[1],null,null]"#,
        ),
        (
            "[1, 1u, 1.0, 2, 'a', 'a', request.body.one, [1], [1.0], null, null].distinct()",
            r#"[1,2,"a",[1],null]"#,
        ),
        ("[request.body.one, 1, 'b', 2, 'b'].distinct()", r#"[1.0,"b",2]"#),
        ("request.body.lines.reverse().map(l, l.sku)", r#"["y","x"]"#),
        ("[3, 1, 2].sort() + ['b', 'a'].sort().map(x, 9)", "[1,2,3,9,9]"),
        (
            "[request.body.price, 1, request.body.e, -1, 1.05, request.body.big].sort()",
            "[-1,1,1.05,1.10,1E2,12345678901234567890123]",
        ),
        ("[true, false].sort()", "[false,true]"),
        ("[1, 'a'].map(x, x).sort()", "fault: sort cannot have int and string"),
        ("[claims.address].sort()", "fault: sort cannot have map and map"),
        ("[].sort() + [7].sort()", "[7]"),
        ("request.body.lines.sortBy(l, -l.qty).map(l, l.sku)", r#"["y","x"]"#),
        ("[{'a': 1, 'n': 1}, {'a': 0, 'n': 2}, {'a': 1, 'n': 3}].sortBy(x, x.a).map(x, x.n)", "[2,1,3]"),
        ("request.body.lines.sortBy(l, l.none)", "fault: there is no \"none\""),
        ("lists.range(3).map(i, i * 2)", "[0,2,4]"),
        (
            "lists.range(size(request.body.tags)).map(i, {'n': i, 'tag': request.body.tags[i]})",
            r#"[{"n":0,"tag":"a"},{"n":1,"tag":"b"}]"#,
        ),
        ("lists.range(claims.exp)", "fault: lists.range() is asked for more than there is"),
    ]);
}

#[test]
fn of_numbers() {
    jsons(&[
        (
            "[math.round(1.5), math.round(-1.5), math.floor(-0.5), math.ceil(1.2), math.trunc(-1.9)]",
            "[2,-2,-1,2,-1]",
        ),
        ("math.round(request.body.price * 100.0) / 100.0", "1.1"),
        ("[math.abs(-3), math.abs(-1.5), math.abs(claims.level), math.abs(2u)]", "[3,1.5,3,2]"),
        ("[math.sign(-3), math.sign(0.0), math.sign(2u), math.sign(-0.5)]", "[-1,0,1,-1]"),
        ("math.greatest(1, request.body.price, 0.5)", "1.10"),
        ("math.greatest(request.body.lines.map(l, l.qty)) + math.least(4, 7)", "7"),
        ("math.greatest([1, 1.0])", "1"),
        ("math.least(request.body.big, request.body.far)", "12345678901234567890123"),
        ("math.greatest([claims.groups])", "fault: math.greatest cannot have list"),
        ("math.greatest(claims.groups)", "fault: math.greatest cannot have string"),
        (
            "math.greatest(request.body.lines.filter(l, l.qty > 9))",
            "fault: there is no such place in the list",
        ),
        ("math.round(claims.level)", "fault: math.round cannot have int"),
        ("math.round(request.body.big)", "fault: a number or a time is out of range"),
        ("[{'math': 1}].map(math, math.math)", "[1]"),
    ]);
}

#[test]
fn members_that_may_not_be_there() {
    jsons(&[
        ("claims.?tenant.orValue('none')", r#""none""#),
        ("claims.?sub.orValue('none')", r#""ada""#),
        ("claims.?address.city.orValue('?') + claims.?address.country.orValue('?')", r#""?GB""#),
        ("claims.address[?'city'].orValue(1)", "1"),
        ("claims.?none.deeper[3].?x[?claims.sub].orValue(false)", "false"),
        ("claims.?nothing.a.orValue('null has no members')", r#""null has no members""#),
        ("claims.?nothing.orValue('null is there')", "null"),
        ("claims.?sub.first.orValue('text has no members')", r#""text has no members""#),
        ("claims.groups[?1].orValue('') + claims.groups[?2].orValue('!')", r#""ops!""#),
        ("steps.?failed.body.orValue([]) + steps.?orders.body.orValue([])", r#"[{"id":1},{"id":2}]"#),
        ("steps.user.body.?name.orValue('?') + steps[?'user'].body.?nick.orValue('?')", r#""Ada?""#),
        (
            "[caller.?subject.orValue('?'), consumer.?plan.orValue('free'), response.?status.orValue(0)]",
            r#"["ada","free",404]"#,
        ),
        ("claims.?nick.or(claims.?sub).orValue('?')", r#""ada""#),
        ("claims.?a.or(claims.?b).or(optional.of(3)).value()", "3"),
        ("claims.?a.value()", "fault: there is no \"value\""),
        ("[claims.?sub.hasValue(), claims.?a.hasValue()]", "[true,false]"),
        ("{?'a': claims.?a, ?'s': claims.?sub, 'z': 1}", r#"{"s":"ada","z":1}"#),
        ("[?claims.?a, ?claims.?sub, 1]", r#"["ada",1]"#),
        ("{?'s': claims.sub == '' ? optional.none() : optional.of(claims.sub)}", r#"{"s":"ada"}"#),
        ("request.body.lines.map(l, l.?note.orValue(l.sku))", r#"["x","y"]"#),
        // What is wrong with anything but the member is wrong.
        ("claims[?claims.none].orValue(1)", "fault: there is no \"none\""),
        ("request.query.?twice.orValue('')", "fault: the query parameter \"twice\" stands several times"),
        ("claims.?sub.orValue(claims.none)", r#""ada""#),
    ]);
    let expression = Expression::compile_with(
        "steps.?user.body.a.orValue(1)",
        Kind::Any,
        &Known { steps: &["user"], ..Known::default() },
    );
    assert_eq!(expression.unwrap().steps(), ["user".into()]);
    assert_eq!(
        Expression::compile("request.headers[?'a'].orValue('')", Kind::Any).unwrap().kind(),
        Kind::Text
    );
}

#[test]
fn what_functions_make_is_paid_for() {
    let long = serde_json::json!({ "a": "x".repeat(60_000), "n": (0..30_000).collect::<Vec<_>>() });
    for source in [
        "claims.a.replace('x', claims.a)",
        "claims.n.map(x, claims.a).join(claims.a)",
        "claims.n.map(x, string(x) + claims.a).sort()",
        "claims.n.map(x, [x]).distinct()",
        "[claims.n, claims.n, claims.n, claims.n, claims.n].flatten()",
        "claims.a.split('').map(x, claims.a.split(''))",
    ] {
        let expression = Expression::compile(source, Kind::Any).unwrap();
        on_request(|facts| {
            let facts = Facts { claims: long.as_object(), ..*facts };
            assert_eq!(expression.evaluate(&facts).map(drop), Err(Fault::TooCostly), "{source}");
        });
    }
    // What a search tree has is found in it.
    let expression = Expression::compile("size(claims.n.distinct())", Kind::Any).unwrap();
    on_request(|facts| {
        let facts = Facts { claims: long.as_object(), ..*facts };
        assert!(matches!(expression.evaluate(&facts), Ok(Value::Int(30_000))));
    });
}
