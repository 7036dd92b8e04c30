//! Versions of APIs: whatever is asked for is read without a panic, and means one thing.
#![cfg(feature = "author")]
#![allow(clippy::unwrap_used)]

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::config::Document;
use tollgate::plan::{Abilities, Plan};
use tollgate::version::{Kind, Number, Range};

fn kinds() -> impl Strategy<Value = Kind> {
    select(&[Kind::Integer, Kind::Date, Kind::Semver][..])
}

/// What versions and ranges are made of, and some that is not.
fn texts() -> impl Strategy<Value = String> {
    let pieces = &[
        "0",
        "1",
        "2",
        "12",
        "999999999",
        "2026-01-31",
        "v",
        ".",
        "-",
        " ",
        ",",
        "<",
        ">",
        "=",
        "^",
        "~",
        "é",
        "\u{0}",
    ];
    prop_oneof![vec(select(&pieces[..]), 0..8).prop_map(|pieces| pieces.concat()), any::<String>()]
}

/// Days, as they are written.
fn day() -> impl Strategy<Value = String> {
    (1970..2100_u32, 1..=12_u32, 1..=28_u32)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn plan(names: &str, versions: impl IntoIterator<Item = String>, way: &serde_json::Value) -> Plan {
    let versions: serde_json::Map<_, _> =
        versions.into_iter().map(|name| (name, serde_json::json!({}))).collect();
    let document: Document = serde_json::from_value(serde_json::json!({
        "apis": { "a": { "ask": [way], "names": names, "versions": versions } },
        "routes": [{ "id": "r", "auth": "public", "match": { "api": "a" }, "respond": {} }],
    }))
    .unwrap();
    Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0
}

proptest! {
    #[test]
    fn the_normal_form_is_stable(kind in kinds(), text in texts()) {
        if let Some(number) = kind.read(&text) {
            let name = kind.name(number).to_string();
            prop_assert_eq!(kind.read(&name), Some(number));
            prop_assert_eq!(kind.name(kind.read(&name).unwrap()).to_string(), name);
        }
    }

    #[test]
    fn a_version_in_full_is_the_range_of_itself(major in 0..1_000_000_000_u32, minor in 0..1_000_000_000_u32, patch in 0..999_999_999_u32) {
        let text = format!("{major}.{minor}.{patch}");
        let range = Range::read(Kind::Semver, &text).unwrap();
        prop_assert!(range.contains(Number([major, minor, patch])));
        prop_assert!(!range.contains(Number([major, minor, patch + 1])));
        let compatible = Range::read(Kind::Semver, &format!("^{text}")).unwrap();
        let near = Range::read(Kind::Semver, &format!("~{text}")).unwrap();
        prop_assert!(compatible.contains(Number([major, minor, patch])));
        prop_assert!(near.contains(Number([major, minor, patch])));
    }

    #[test]
    fn ranges_never_panic(kind in kinds(), text in texts()) {
        let _ = Range::read(kind, &text);
    }

    #[test]
    fn the_newest_not_after(days in btree_set(day(), 1..20), asked in day()) {
        let plan = plan("date", days.clone(), &serde_json::json!({ "header": "v" }));
        let api = &plan.apis[0];
        let found = api.resolve(&asked, 0).map(|index| api.versions[index].name.to_string());
        // Days in this form are in the order of their text.
        prop_assert_eq!(found, days.range(..=asked).next_back().cloned());
    }

    #[test]
    fn whatever_is_asked_means_one_version_or_none(
        header in vec(any::<u8>(), 0..80), query in texts(), accept in texts(), way in 0..4_usize,
    ) {
        let way = [
            serde_json::json!({ "header": "v" }), serde_json::json!({ "query": "v" }),
            serde_json::json!({ "media_type": "v" }), serde_json::json!({ "vendor": "v" }),
        ][way].clone();
        let plan = plan("semver", ["1".to_owned(), "1.2".to_owned(), "2".to_owned()], &way);
        let mut headers = http::HeaderMap::new();
        headers.extend(http::HeaderValue::from_bytes(&header).ok().map(|value| (http::HeaderName::from_static("v"), value)));
        for accept in [format!("a/b;v={accept}"), format!("application/vnd.v.v{accept}")] {
            headers.extend(http::HeaderValue::try_from(accept).ok().map(|value| (http::header::ACCEPT, value)));
        }
        let query = format!("v={query}");
        let method = &http::Method::POST;
        let asked = tollgate::route::Query { host: "h", path: "/", query: Some(&query), method, headers: &headers, now: 0, preflight: false };
        let (found, negotiated) = plan.search(&asked);
        prop_assert_eq!(matches!(found, tollgate::route::Found::Route(0)), negotiated.version.is_some());
        prop_assert_eq!(negotiated.version.is_none(), negotiated.refused.is_some());
        prop_assert_eq!(plan.routes[0].miss(&asked).is_none(), negotiated.version.is_some());
    }
}
