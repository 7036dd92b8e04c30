//! What limits cost a request: the whole of it with limits in memory, against the same without any.
//! `cargo bench -p tollgate --bench limits`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use divan::{Bencher, black_box};
use http::Request;
use serde_json::{Value, json};
use tollgate::gateway::{Gateway, Peer};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;
use tollgate::sim::body::SimStream;

fn main() {
    divan::main();
}

/// A gateway whose one route answers by itself, and counts by so many limits.
fn gateway(limits: usize, limit: &Value) -> Gateway<SimHost> {
    let names: Vec<_> = (0..limits).map(|at| format!("limit-{at}")).collect();
    let all: serde_json::Map<_, _> = names.iter().map(|name| (name.clone(), limit.clone())).collect();
    let document = serde_json::from_value(json!({
        "rate_limits": all,
        "routes": [{ "id": "a", "auth": "public", "rate_limits": names, "respond": { "body": "a" } }],
    }))
    .unwrap();
    let plan = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0;
    Gateway::new(Arc::new(plan), SimHost::new(1))
}

fn handle(bencher: Bencher<'_, '_>, gateway: &Gateway<SimHost>) {
    let host = gateway.host().clone();
    let peer = Peer { address: "192.0.2.1:80".parse().unwrap(), secure: false };
    let request = || {
        let body = SimStream::empty(host.clock().clone());
        Request::get("/").header("host", "a.example").header("x-tenant", "t").body(body).unwrap()
    };
    bencher.with_inputs(request).bench_local_values(|request| {
        let reply = host.run(gateway.handle(black_box(request), peer)).unwrap();
        drop(reply);
        // What is observed is not what is measured, but must not grow.
        host.take_log();
    });
}

/// Plenty, so that nothing is refused.
fn plenty(key: Value) -> Value {
    json!({ "rate": "1000000000/s", "key": key })
}

#[divan::bench(args = [0, 1, 2, 4])]
fn by_address(bencher: Bencher<'_, '_>, limits: usize) {
    handle(bencher, &gateway(limits, &plenty(json!("address"))));
}

#[divan::bench(args = [1, 2])]
fn by_field(bencher: Bencher<'_, '_>, limits: usize) {
    handle(bencher, &gateway(limits, &plenty(json!({ "header": "x-tenant" }))));
}

#[divan::bench]
fn by_expression(bencher: Bencher<'_, '_>) {
    handle(bencher, &gateway(1, &plenty(json!({ "expression": "request.headers['x-tenant']" }))));
}

/// The same, refused: the answer is a problem.
#[divan::bench]
fn refused(bencher: Bencher<'_, '_>) {
    handle(bencher, &gateway(1, &json!({ "rate": "1/d" })));
}
