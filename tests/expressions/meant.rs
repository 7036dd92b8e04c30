//! Expressions that mostly mean something.

use proptest::prelude::*;

/// An expression that mostly means something, over claims `a` to `d` and what macros name.
pub fn meant() -> impl Strategy<Value = String> {
    leaf()
        .prop_recursive(4, 24, 3, |inner| {
            let operators = prop::sample::select(vec![
                "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in", "&&", "||",
            ]);
            let macros = prop::sample::select(vec!["all", "exists", "exists_one", "filter", "map", "sortBy"]);
            let functions = prop::sample::select(vec![
                "size",
                "string",
                "int",
                "uint",
                "double",
                "math.ceil",
                "math.floor",
                "math.round",
                "math.trunc",
                "math.abs",
                "math.sign",
                "math.least",
                "math.greatest",
                "lists.range",
            ]);
            let members = prop::sample::select(vec![
                "startsWith",
                "endsWith",
                "contains",
                "indexOf",
                "lastIndexOf",
                "split",
                "join",
                "charAt",
                "substring",
                "flatten",
            ]);
            prop_oneof![
                (inner.clone(), operators, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                (inner.clone(), inner.clone(), inner.clone())
                    .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
                // What a macro names is what `%v` in its body is; outside of all, it is a claim.
                (inner.clone(), macros, inner.clone())
                    .prop_map(|(a, of, b)| format!("{a}.{of}(x, {})", b.replace("%v", "x"))),
                (functions, inner.clone()).prop_map(|(of, a)| format!("{of}({a})")),
                (inner.clone(), members, inner.clone()).prop_map(|(a, of, b)| format!("{a}.{of}({b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
                extended(&inner),
                extended(&inner),
                extended(&inner),
                inner.clone().prop_map(|a| format!("!({a})")),
                inner.clone().prop_map(|a| format!("-({a})")),
                inner.clone().prop_map(|a| format!("has({a}.a)")),
                inner.prop_map(|a| format!("[{a}, {a}]")),
            ]
        })
        .prop_map(|source| source.replace("%v", "claims.a"))
}

/// What expressions are made of, over claims `a` to `d`; `%v` is what a macro names.
fn leaf() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "claims.a",
        "claims.b",
        "claims.c",
        "claims.d",
        "1",
        "2",
        "-3",
        "1.5",
        "2u",
        "\"x\"",
        "\"xy\"",
        "true",
        "false",
        "[1, 2]",
        "[\"x\"]",
        "[]",
        "{\"a\": 1}",
        "\"x,y,x\"",
        "[[2, 1], 3]",
        "%v",
        "null",
    ])
    .prop_map(str::to_owned)
}

/// Functions of the extensions, and optional values.
fn extended(inner: &BoxedStrategy<String>) -> impl Strategy<Value = String> + use<> {
    let inner = inner.clone();
    let plain = prop::sample::select(vec![
        "size",
        "trim",
        "reverse",
        "distinct",
        "sort",
        "flatten",
        "join",
        "lowerAscii",
    ]);
    let longer =
        prop::sample::select(vec!["replace", "split", "substring", "slice", "indexOf", "lastIndexOf"]);
    let about = prop::sample::select(vec!["orValue", "or"]);
    prop_oneof![
        (inner.clone(), plain).prop_map(|(a, of)| format!("{a}.{of}()")),
        (inner.clone(), longer, inner.clone(), inner.clone())
            .prop_map(|(a, of, b, c)| format!("{a}.{of}({b}, {c})")),
        (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("math.greatest({a}, {b})")),
        (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.?a.orValue({b})")),
        (inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(a, b, c)| format!("{a}[?{b}].b.orValue({c})")),
        (inner.clone(), about, inner.clone())
            .prop_map(|(a, of, b)| format!("{a}.?b.{of}(optional.of({b})).hasValue()")),
        (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[?{a}.?a, ?{b}[?0].or(optional.none())]")),
        inner.clone().prop_map(|a| format!("{{?\"k\": {a}.?a, \"l\": 1}}")),
    ]
}
