//! Laws of transformations, on random documents.
#![cfg(all(feature = "author", not(target_family = "wasm")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::sync::LazyLock;

use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use tollgate::expression::Facts;
use tollgate::json::{Limits, parse};
use tollgate::plan::{Abilities, Plan};
use tollgate::transform::{Awaited, Fault, Format, NewContent, ResponseChange};

/// The most that content comes to in these transformations, in bytes.
const MOST: usize = 2_000;

/// Transformations of every kind that content can have.
const BODIES: [&str; 12] = [
    "shape = [{ pick = ['a', 'list[*].b'] }]",
    "shape = [{ wrap = 'a' }, { wrap = 'b' }, { set = { at = 'b', value = 'response.body' } }]",
    "shape = [{ set = { at = 'list[*].twice', value = 'item' } }]",
    "shape = [{ flatten = 'a' }, { flatten = 'list' }, { unwrap = 'a' }]",
    "value = \"{'all': response.body, 'again': [response.body, response.body]}\"",
    "value = 'response.body.a'",
    "template = '{% for k in response.body %}{{ k }}{% endfor %}'\nto = 'json'",
    "template = '{{ response.body }}'\nto = 'json'",
    "template = '<a>{{ response.body }}</a>'\nto = 'xml'",
    "to = 'xml'\nxml = { root = 'a', names = 'escape', nulls = 'empty' }",
    "to = 'form'\nform = { brackets = true }",
    "to = 'csv'",
];

/// Plans are made once.
static PLANS: LazyLock<Vec<(&str, Plan)>> = LazyLock::new(|| plans(&BODIES));

/// Those that change nothing.
static SAME: LazyLock<Vec<(&str, Plan)>> = LazyLock::new(|| {
    plans(&["to = 'json'", "shape = [{ drop = 'nobody[*].x' }]", "value = 'response.body'"])
});

fn plans(bodies: &[&'static str]) -> Vec<(&'static str, Plan)> {
    bodies.iter().map(|body| (*body, plan(body))).collect()
}

/// The plan of one route whose answers are transformed so.
fn plan(body: &str) -> Plan {
    let text = format!(
        "[upstreams.a]\nurl = 'http://a.test'\n[[routes]]\nid = 'a'\nauth = 'public'\nupstream = 'a'\n\
         [routes.transform.response.body]\nmost = '{MOST}B'\n{body}\n"
    );
    let document = toml::from_str(&text).unwrap();
    let compiled = Plan::compile(&[("a.toml".to_owned(), document)], &Abilities::NATIVE);
    compiled.unwrap_or_else(|found| panic!("{body}: {found:#?}")).0
}

fn change(plan: &Plan) -> &ResponseChange {
    plan.routes[0].transform.as_ref().unwrap().response.as_ref().unwrap()
}

/// What becomes of an answer with this content.
fn transform(change: &ResponseChange, content: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let none = HeaderMap::new();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let mut response = http::Response::new(());
    *response.headers_mut() = headers;
    let head = response.into_parts().0;
    let node = parse(content, &Limits::of(MOST)).map_err(tollgate::format::Error::from)?;
    let facts = Facts::example(&none);
    let awaited = Awaited { bare: false, has: tollgate::mapping::Has::Unsaid, format: 0, put: false };
    assert!(change.holds(&head, Some(&node), &facts)?);
    let new = change.calculate(&head, &mut Some((Some(Format::Json), node)), (awaited, &facts))?;
    let mut head = head;
    match new.put(change, &mut head) {
        NewContent::Made(made) => Ok(Some(made.bytes)),
        NewContent::Same | NewContent::None => Ok(None),
    }
}

/// Documents with the names that the transformations know, and others.
fn documents() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        "\"[ -!#-\\[\\]-~äß€]{0,12}\"",
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let name = prop_oneof!["[a-c]", Just("list".to_owned()), "[ -!#-\\[\\]-~]{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|all| {
                let members = all.iter().map(|(name, value)| format!("\"{name}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_or_exceeds_its_bound(document in documents()) {
        for (body, plan) in PLANS.iter() {
            if let Ok(Some(made)) = transform(change(plan), document.as_bytes()) {
                prop_assert!(made.len() <= MOST, "{} bytes of {}", made.len(), body);
            }
        }
    }

    #[test]
    fn what_changes_nothing_is_the_identity(document in documents()) {
        // Compact already: what is written has no spaces.
        for (body, plan) in SAME.iter() {
            if let Ok(made) = transform(change(plan), document.as_bytes()) {
                prop_assert_eq!(String::from_utf8(made.unwrap()).unwrap(), document.clone(), "{}", body);
            }
        }
    }

    #[test]
    fn what_a_template_prints_as_json_is_the_document(document in documents()) {
        let (_, plan) = &PLANS[7];
        if let Ok(Some(made)) = transform(change(plan), document.as_bytes()) {
            prop_assert_eq!(String::from_utf8(made).unwrap(), document);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_changed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, plan) in PLANS.iter() {
            drop(transform(change(plan), &bytes));
        }
    }
}

#[test]
fn statuses_without_content_stay_so() {
    let plan = plan("value = '1'");
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::RESET_CONTENT] {
        assert!(!change(&plan).changes(status));
    }
}
