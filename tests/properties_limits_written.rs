//! Laws of what is written about limits, plans and stores: nothing makes the compiler panic, what it takes can run, and
//! what a component is given it can count.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Map, Value, json};
use tollgate::author;
use tollgate::diagnostic::Diagnostic;
use tollgate::limit::{Place, Weight};
use tollgate::plan::{Abilities, Plan};

const ALL: [Abilities; 4] = [Abilities::NATIVE, Abilities::COMPONENT, Abilities::ATOMIC, Abilities::PORTABLE];

/// Names: of limits, plans, stores and groups alike, so that they meet.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        60 => prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", "default", "memory", "a/b~", "é", "aa"]).prop_map(str::to_owned),
    ]
}

/// Numbers, among them those at which arithmetic goes wrong.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        40 => (1u64..20).prop_map(Value::from),
        1 => prop::sample::select(vec![0, 100, 128, 255, 256, 1 << 51, 1 << 53, u64::MAX >> 1, u64::MAX]).prop_map(Value::from),
    ]
}

fn text(usual: &'static [&'static str], strange: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        40 => prop::sample::select(usual).prop_map(Value::from),
        1 => prop::sample::select(strange).prop_map(Value::from),
    ]
}

fn span() -> impl Strategy<Value = Value> {
    text(&["1s", "250ms", "1m", "30d"], &["off", "0s", "18446744073709551615ms", "213503982334d", "1", "x"])
}

fn rate() -> impl Strategy<Value = Value> {
    text(
        &["5/s", "10/2s", "1/m"],
        &["0/s", "5/0s", "18446744073709551615/s", "5/18446744073709551615ms", "5/99999d", "5"],
    )
}

fn cel() -> impl Strategy<Value = Value> {
    text(
        &["request.path", "size(request.path)", "caller.subject", "request.method == 'GET'", "1"],
        &["", "1 +", "request.params.id", "[1]", "claims", "1/0", "((((", "'é'"],
    )
}

/// An object with any of these members.
fn object(members: Vec<(&'static str, f64, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(key, often, value)| weighted(often, value).prop_map(move |value| (key, value)))
        .collect();
    members
        .prop_map(|members| {
            let members = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            Value::Object(members.collect::<Map<_, _>>())
        })
        .boxed()
}

fn key_part() -> BoxedStrategy<Value> {
    let named = text(&["address", "consumer", "route", "everybody", "subject", "credential", "host"], &["x"]);
    let table = object(vec![
        ("claim", 0.3, text(&["tenant"], &[""]).boxed()),
        ("header", 0.3, text(&["x-a"], &["", "a b", "é"]).boxed()),
        ("cookie", 0.2, text(&["a"], &["", "a=b"]).boxed()),
        ("expression", 0.3, cel().boxed()),
    ]);
    prop_oneof![4 => named, 1 => table].boxed()
}

fn weight() -> BoxedStrategy<Value> {
    let table = object(vec![
        ("header", 0.4, text(&["x-cost"], &["", "é"]).boxed()),
        ("body", 0.3, text(&["1KiB"], &["off", "0B", "18446744073709551615GiB"]).boxed()),
        ("expression", 0.4, cel().boxed()),
        ("default", 0.3, number().boxed()),
        ("most", 0.3, number().boxed()),
    ]);
    prop_oneof![number(), table].boxed()
}

fn limit() -> BoxedStrategy<Value> {
    let window = object(vec![
        ("limit", 0.99, number().boxed()),
        ("per", 0.99, span().boxed()),
        ("sliding", 0.3, any::<bool>().prop_map(Value::from).boxed()),
    ]);
    let zone = text(&["UTC", "Europe/Berlin", "utc"], &["", "Mars", "é", "../../etc/passwd"]);
    let quota = object(vec![
        ("limit", 0.99, number().boxed()),
        ("per", 0.99, text(&["hour", "day", "week", "month"], &["year"]).boxed()),
        ("zone", 0.5, zone.boxed()),
    ]);
    let way = prop_oneof![
        3 => rate().prop_map(|it| ("rate", it)),
        2 => window.prop_map(|it| ("window", it)),
        2 => quota.prop_map(|it| ("quota", it)),
        1 => number().prop_map(|it| ("concurrency", it)),
    ];
    let rest = object(vec![
        ("burst", 0.03, number().boxed()),
        ("key", 0.5, prop_oneof![3 => key_part(), 1 => vec(key_part(), 0..4).prop_map(Value::from)].boxed()),
        ("ipv6_prefix", 0.1, number().boxed()),
        ("ipv4_prefix", 0.1, number().boxed()),
        ("weight", 0.1, weight()),
        ("when", 0.1, cel().boxed()),
        ("shadow", 0.1, any::<bool>().prop_map(Value::from).boxed()),
    ]);
    let in_store = object(vec![
        ("store", 0.99, name().prop_map(Value::from).boxed()),
        ("counting", 0.7, text(&["approximate", "exact"], &["x"]).boxed()),
        ("lease", 0.05, number().boxed()),
        ("on_store_failure", 0.1, text(&["allow", "deny", "local"], &["x"]).boxed()),
        ("local_share", 0.05, number().boxed()),
        ("store_timeout", 0.1, span().boxed()),
    ]);
    (way, rest, weighted(0.4, in_store))
        .prop_map(|((way, value), mut limit, in_store)| {
            limit[way] = value;
            for (key, value) in in_store.iter().filter_map(Value::as_object).flatten() {
                limit[key] = value.clone();
            }
            limit
        })
        .boxed()
}

fn store() -> BoxedStrategy<Value> {
    let address = || {
        let strange =
            ["", "redis://", "redis://a:b@c", "http://a", "redis://a/99999999999", "redis:é", "redis://a"];
        prop_oneof![
            40 => (0u32..10_000).prop_map(|database| json!(format!("rediss://[::1]:1/{database}"))),
            1 => prop::sample::select(strange.to_vec()).prop_map(Value::from),
        ]
    };
    let table = object(vec![
        ("address", 0.99, address().boxed()),
        ("username", 0.03, text(&["u"], &[""]).boxed()),
        ("password", 0.3, text(&["${p}"], &["", "p", "${", "${a}${b}"]).boxed()),
        ("cluster", 0.02, any::<bool>().prop_map(Value::from).boxed()),
        ("ca", 0.1, text(&["ca.pem"], &[""]).boxed()),
        ("prefix", 0.2, text(&["p:"], &["", "{", "é"]).boxed()),
    ]);
    object(vec![
        ("label", 0.02, name().prop_map(Value::from).boxed()),
        ("file", 0.05, text(&["a.redb"], &["", "./a.redb", "/", "é"]).boxed()),
        ("redis", 0.4, prop_oneof![address().boxed(), table].boxed()),
    ])
}

/// Three with the names that are named most, and sometimes another.
fn named(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let more = btree_map(name(), value.clone(), 0..2);
    (vec(value, 3), weighted(0.1, more)).prop_map(|(values, more)| {
        let usual = ["a", "b", "c"].into_iter().map(str::to_owned).zip(values);
        json!(more.unwrap_or_default().into_iter().chain(usual).collect::<BTreeMap<_, _>>())
    })
}

fn names() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => name().prop_map(Value::from),
        6 => btree_set(name(), 0..4).prop_map(|names| json!(names)),
        1 => vec(name(), 0..5).prop_map(Value::from),
    ]
    .boxed()
}

fn plans_of_a_route() -> BoxedStrategy<Value> {
    let table = btree_map(name(), names(), 0..3).prop_map(|table| json!(table));
    prop_oneof![1 => Just(json!("off")), 2 => table].boxed()
}

fn document() -> impl Strategy<Value = Value> {
    let plan = object(vec![
        ("rate_limits", 0.8, names()),
        ("groups", 0.3, vec(name(), 0..3).prop_map(Value::from).boxed()),
        ("default", 0.05, any::<bool>().prop_map(Value::from).boxed()),
    ]);
    let said = |auth: f64| {
        vec![
            ("auth", auth, text(&["public", "keys"], &["x"]).boxed()),
            ("shield", 0.1, names()),
            ("rate_limits", 0.6, names()),
            ("plans", 0.2, plans_of_a_route()),
        ]
    };
    let common = object(vec![
        ("fields", 0.5, text(&["standard", "legacy", "both", "off"], &["x"]).boxed()),
        ("most_keys", 0.3, number().boxed()),
    ]);
    let consumer = object(vec![("plan", 0.7, name().prop_map(Value::from).boxed())]);
    (
        named(limit()),
        named(plan),
        named(store()),
        weighted(0.5, store()),
        weighted(0.2, common),
        btree_map("[ab]", consumer, 0..2).prop_map(|it| json!(it)),
        object(said(0.9)),
        vec(object(said(0.3)), 1..4),
    )
        .prop_map(|(limits, plans, stores, store, common, consumers, defaults, routes)| {
            let routes = routes.into_iter().enumerate().map(|(index, mut route)| {
                route["id"] = json!(format!("r{index}"));
                route["match"] = json!({ "path": format!("/{index}/{{id}}") });
                route["respond"] = json!({});
                route
            });
            let mut document = json!({
                "auth": { "keys": { "api_key": {} } },
                "rate_limits": limits, "plans": plans, "stores": stores, "consumers": consumers,
                "defaults": defaults, "routes": routes.collect::<Vec<_>>(),
            });
            for (key, value) in [("store", store), ("rate_limiting", common)] {
                if let Some(value) = value {
                    document[key] = value;
                }
            }
            document
        })
}

/// The plan for a host, where the document can be read and used.
fn compile(document: &Value, abilities: &Abilities) -> Result<Plan, Vec<Diagnostic>> {
    let loaded = author::load(&[("f.json".to_owned(), document.to_string())])?;
    Plan::compile(&loaded.documents, abilities).map(|(plan, _)| plan)
}

/// What must be true of each plan.
fn can_run(plan: &Plan, abilities: &Abilities) {
    let limits = &plan.limits;
    assert!(limits.all.is_sorted_by(|a, b| a.name < b.name));
    assert!(limits.tiers.is_sorted_by(|a, b| a.name < b.name));
    assert!(limits.tiers.iter().filter(|tier| tier.default).count() <= 1);
    for limit in &limits.all {
        assert!(limit.algorithm.is_countable(), "{limit:?}");
        assert!(!limit.key.is_empty() && !limit.timeout.is_zero(), "{limit:?}");
        assert!(limit.lease >= 1 && limit.lease <= limit.algorithm.most(), "{limit:?}");
        if let Weight::Constant(weight) = limit.weight {
            assert!((1..=limit.algorithm.most()).contains(&weight), "{limit:?}");
        }
        match limit.place {
            Place::Memory => assert!(abilities.remembers, "{limit:?}"),
            Place::Store(index) => {
                let store = &limits.stores[index];
                assert!(if store.redis.is_some() { abilities.redis } else { abilities.stores });
            }
        }
    }
    for route in &plan.routes {
        assert_eq!(route.limits.tiers.len(), limits.tiers.len());
        let largest = route.limits.tiers.iter().map(Vec::len).max().unwrap_or(0);
        assert!(route.limits.shield.len() + route.limits.own.len() + largest <= 16);
        for index in &route.limits.shield {
            let limit = &limits.all[*index];
            assert!(!limit.key.iter().any(|part| part.is_about_the_caller()), "{limit:?}");
            assert!(!route.limits.own.contains(index));
        }
        for index in route.limits.own.iter().chain(route.limits.tiers.iter().flatten()) {
            assert!(*index < limits.all.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_taken_or_told_about(document in document()) {
        for abilities in ALL {
            match compile(&document, &abilities) {
                Ok(plan) => can_run(&plan, &abilities),
                Err(found) => {
                    prop_assert!(!found.is_empty());
                    for one in found {
                        let said = one.to_string();
                        prop_assert!(!said.contains("a bug in Tollgate") && !one.message.contains('\n'), "{said}");
                        prop_assert!(!one.place.file.is_empty(), "{said}");
                    }
                }
            }
        }
    }
}

/// The law above would say nothing if all that is made were refused.
#[test]
fn some_of_what_is_written_is_taken() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut taken = [0; ALL.len()];
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..1_000 {
        let document = document().new_tree(&mut runner).unwrap().current();
        for (taken, abilities) in taken.iter_mut().zip(&ALL) {
            match compile(&document, abilities) {
                Ok(_) => *taken += 1,
                Err(found) => {
                    found.iter().for_each(|one| *refused.entry(one.message.clone()).or_default() += 1)
                }
            }
        }
    }
    let mut refused: Vec<_> = refused.into_iter().map(|(message, times)| (times, message)).collect();
    refused.sort();
    let why = &refused[refused.len().saturating_sub(25)..];
    let [native, component, atomic, portable] = taken;
    assert!(native >= 20 && component >= 2 && atomic >= component, "{taken:?} {why:#?}");
    assert_eq!(portable, 0, "a component outside Spin cannot count");
}
