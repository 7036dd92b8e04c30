//! What shaping an answer of 1 MiB costs, beside what reading and writing it does. `cargo bench -p tollgate --bench transform`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderValue, Response};
use tollgate::expression::Facts;
use tollgate::json::{Limits, Picker, Picks, parse};
use tollgate::mapping::Has;
use tollgate::plan::{Abilities, Plan};
use tollgate::transform::{Awaited, Format, NewContent};

fn main() {
    divan::main();
}

/// About 6 000 orders, 1 MiB.
fn document() -> Vec<u8> {
    let one = |at: u32| {
        format!(
            r#"{{"id":{at},"customer_name":"Ada Lovelace {at}","total":{{"amount":{at}.10,"currency":"EUR"}},"status":"open","tags":["new","x"],"note":"\u00fcber den Zaun, and some more text"}}"#
        )
    };
    let all: Vec<_> = (100_000..105_700).map(one).collect();
    format!(r#"{{"items":[{}],"next":null}}"#, all.join(",")).into_bytes()
}

fn plan(body: &str) -> Plan {
    let text = format!(
        r#"{{"upstreams":{{"a":{{"url":"http://a.test"}}}},"routes":[{{"id":"a","auth":"public","upstream":"a",
            "transform":{{"response":{{"body":{{"most":"8MiB",{body}}}}}}}}}]}}"#
    );
    let document = serde_json::from_str(&text).unwrap();
    Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0
}

/// Reads, changes and writes.
fn run(bencher: Bencher<'_, '_>, body: &str) {
    let (plan, bytes) = (plan(body), document());
    let change = plan.routes[0].transform.as_ref().unwrap().response.as_ref().unwrap();
    let none = HeaderMap::new();
    let facts = Facts::example(&none);
    let awaited = Awaited { bare: false, has: Has::Unsaid, format: 0, put: false };
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut head = Response::new(()).into_parts().0;
        head.headers.insert("content-type", HeaderValue::from_static("application/json"));
        let node = change.read(Format::Json, &head, black_box(&bytes)).unwrap().unwrap();
        let mut content = Some((Some(Format::Json), node));
        let new = change.calculate(&head, &mut content, (awaited, &facts)).unwrap();
        match new.put(change, &mut head) {
            NewContent::Made(made) => made.bytes.len(),
            NewContent::Same | NewContent::None => 0,
        }
    });
}

#[divan::bench]
fn read_and_written(bencher: Bencher<'_, '_>) {
    let bytes = document();
    let limits = Limits::of(8 << 20);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        parse(black_box(&bytes), &limits).unwrap().write_sized(bytes.len(), 8 << 20).unwrap()
    });
}

#[divan::bench]
fn two_fields_picked_from_what_is_read(bencher: Bencher<'_, '_>) {
    run(bencher, r#""shape":[{"pick":["items[*].id","items[*].total.amount"]}]"#);
}

#[divan::bench]
fn two_fields_picked_while_it_arrives(bencher: Bencher<'_, '_>) {
    let bytes = document();
    let paths =
        ["items[*].id", "items[*].total.amount"].map(|text| tollgate::json::Path::read(text).unwrap());
    let picks = Picks::new(&paths).unwrap();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut picker = Picker::new(&picks, Limits::of(8 << 20));
        for piece in black_box(&bytes).chunks(16 << 10) {
            picker.feed(piece).unwrap();
        }
        picker.finish().unwrap().write(8 << 20).unwrap().len()
    });
}

#[divan::bench]
fn four_operations(bencher: Bencher<'_, '_>) {
    run(
        bencher,
        r#""shape":[{"rename":{"from":"items[*].customer_name","to":"customer"}},{"drop":"items[*].tags"},
            {"move":{"from":"items[*].total.amount","to":"items[*].amount"}},{"wrap":"data"}]"#,
    );
}

#[divan::bench]
fn written_as_xml(bencher: Bencher<'_, '_>) {
    run(bencher, r#""to":"xml","xml":{"root":"orders"}"#);
}

#[divan::bench]
fn printed_by_a_template(bencher: Bencher<'_, '_>) {
    run(
        bencher,
        r#""template":"{% for item in response.body.items %}{{ item.id }} {{ item.total.amount }}\n{% endfor %}""#,
    );
}
