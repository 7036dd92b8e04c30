//! What changing JSON costs: reading, changing and writing a document of 10 KiB, beside what `serde_json::Value` takes to
//! read and write it. `cargo bench -p tollgate --bench mapping`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use tollgate::config::Document;
use tollgate::json::{Limits, Rules, compare, parse};
use tollgate::mapping::{Extent, Mapping};
use tollgate::plan::{Abilities, Plan};

fn main() {
    divan::main();
}

/// 56 orders, 10 KiB.
fn document() -> Vec<u8> {
    let one = |at: u32| {
        format!(
            r#"{{"id":{at},"customer_name":"Ada Lovelace {at}","total":{{"amount":{at}.10,"currency":"EUR"}},"status":"open","tags":["new","x"],"note":"\u00fcber den Zaun, and some more text"}}"#
        )
    };
    let all: Vec<_> = (100_000..100_056).map(one).collect();
    format!(r#"{{"items":[{}],"next":null}}"#, all.join(",")).into_bytes()
}

fn mapping() -> Mapping {
    let text = r#"{"upstreams":{"a":{"url":"http://a.test"}},"routes":[{"id":"a","auth":"public","upstream":"a","mapping":
        {"response":[
            {"rename":{"from":"items[*].customer_name","to":"customer"}},
            {"move":{"from":"items[*].total.amount","to":"items[*].amount"}},
            {"values":{"at":"items[*].status","map":{"open":"NEW"}}},
            {"default":{"at":"items[*].unit","value":"kg"}},
            {"drop":"items[*].tags"}]}}]}"#;
    let document: Document = serde_json::from_str(text).unwrap();
    let (plan, _) = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap();
    plan.routes[0].mapping.clone().unwrap()
}

const LIMITS: Limits = Limits::of(1 << 20);

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let bytes = document();
    bencher.bench(|| parse(black_box(&bytes), &LIMITS).unwrap());
}

#[divan::bench]
fn read_and_written(bencher: Bencher<'_, '_>) {
    let bytes = document();
    bencher.bench(|| parse(black_box(&bytes), &LIMITS).unwrap().write_sized(bytes.len(), 1 << 20).unwrap());
}

#[divan::bench]
fn read_changed_in_five_steps_and_written(bencher: Bencher<'_, '_>) {
    let (bytes, mapping) = (document(), mapping());
    bencher.bench(|| mapping.response.map(black_box(&bytes), Extent::Whole, 1 << 20).unwrap());
}

#[divan::bench]
fn compared_with_itself(bencher: Bencher<'_, '_>) {
    let bytes = document();
    let (one, other) = (parse(&bytes, &LIMITS).unwrap(), parse(&bytes, &LIMITS).unwrap());
    bencher.bench(|| compare(black_box(&one), black_box(&other), &Rules::default(), 16));
}

#[divan::bench]
fn read_by_serde_json(bencher: Bencher<'_, '_>) {
    let bytes = document();
    bencher.bench(|| serde_json::from_slice::<serde_json::Value>(black_box(&bytes)).unwrap());
}

#[divan::bench]
fn read_and_written_by_serde_json(bencher: Bencher<'_, '_>) {
    let bytes = document();
    bencher.bench(|| {
        serde_json::to_vec(&serde_json::from_slice::<serde_json::Value>(black_box(&bytes)).unwrap()).unwrap()
    });
}
