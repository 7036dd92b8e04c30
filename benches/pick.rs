//! What picking parts out of a document costs that arrives in pieces of 16 KiB, beside reading all of it.
//! `cargo bench -p tollgate --bench pick`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use tollgate::format::xml::{self, XmlRules};
use tollgate::json::{Limits, Path, Picker, Picks, parse};

fn main() {
    divan::main();
}

/// How large pieces are as hosts deliver them.
const PIECE: usize = 16_384;

const LIMITS: Limits = Limits::of(64 << 20);

/// 5,600 orders, 1 MiB: with few characters in a text, and many short values.
fn orders() -> Vec<u8> {
    let one = |at: u32| {
        format!(
            r#"{{"id":{at},"customer_name":"Ada Lovelace {at}","total":{{"amount":{at}.10,"currency":"EUR"}},"status":"open","tags":["new","x"],"note":"\u00fcber den Zaun, and some more text"}}"#
        )
    };
    let all: Vec<_> = (100_000..105_600).map(one).collect();
    format!(r#"{{"items":[{}],"next":null}}"#, all.join(",")).into_bytes()
}

/// The same as people read it.
fn indented() -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(&orders()).unwrap();
    serde_json::to_vec_pretty(&value).unwrap()
}

/// 1 MiB of long texts.
fn articles() -> Vec<u8> {
    let one = |at: u32| {
        format!(r#"{{"id":{at},"text":"{}"}}"#, "some words without anything special, ".repeat(110))
    };
    let all: Vec<_> = (0..256).map(one).collect();
    format!(r#"{{"items":[{}]}}"#, all.join(",")).into_bytes()
}

fn picked(bencher: Bencher<'_, '_>, document: &[u8], path: &str) {
    let picks = Picks::new(&[Path::read(path).unwrap()]).unwrap();
    bencher.counter(BytesCount::new(document.len())).bench(|| {
        let mut picker = Picker::new(&picks, LIMITS);
        black_box(document).chunks(PIECE).try_for_each(|piece| picker.feed(piece)).unwrap();
        picker.finish().unwrap()
    });
}

fn read(bencher: Bencher<'_, '_>, document: &[u8]) {
    bencher.counter(BytesCount::new(document.len())).bench(|| parse(black_box(document), &LIMITS).unwrap());
}

#[divan::bench]
fn orders_one_member(bencher: Bencher<'_, '_>) {
    picked(bencher, &orders(), "next");
}

#[divan::bench]
fn orders_each_id(bencher: Bencher<'_, '_>) {
    picked(bencher, &orders(), "items[*].id");
}

#[divan::bench]
fn orders_all_of_it(bencher: Bencher<'_, '_>) {
    picked(bencher, &orders(), "items");
}

#[divan::bench]
fn orders_read(bencher: Bencher<'_, '_>) {
    read(bencher, &orders());
}

#[divan::bench]
fn indented_each_id(bencher: Bencher<'_, '_>) {
    picked(bencher, &indented(), "items[*].id");
}

#[divan::bench]
fn indented_read(bencher: Bencher<'_, '_>) {
    read(bencher, &indented());
}

#[divan::bench]
fn articles_each_id(bencher: Bencher<'_, '_>) {
    picked(bencher, &articles(), "items[*].id");
}

#[divan::bench]
fn articles_read(bencher: Bencher<'_, '_>) {
    read(bencher, &articles());
}

#[divan::bench]
fn xml_written(bencher: Bencher<'_, '_>) {
    let document = orders();
    let node = parse(&document, &LIMITS).unwrap();
    let rules = XmlRules::of_root("orders");
    bencher
        .counter(BytesCount::new(document.len()))
        .bench(|| xml::write(black_box(&node), &rules, 64 << 20).unwrap());
}

#[divan::bench]
fn xml_read(bencher: Bencher<'_, '_>) {
    let node = orders();
    let node = parse(&node, &LIMITS).unwrap();
    let rules = XmlRules::of_root("orders");
    let document = xml::write(&node, &rules, 64 << 20).unwrap();
    bencher
        .counter(BytesCount::new(document.len()))
        .bench(|| xml::read(black_box(&document), &rules, &LIMITS).unwrap());
}
