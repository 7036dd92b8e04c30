//! What a composition costs beside the requests that it is made of: five steps on the simulated host, where an exchange costs
//! next to nothing, and the same of elements. `cargo bench -p tollgate --bench compose`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;

use divan::{Bencher, black_box};
use http::{HeaderValue, Request, StatusCode};
use tollgate::body::collect;
use tollgate::config::Document;
use tollgate::deadline::Deadline;
use tollgate::gateway::{Gateway, Peer};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;
use tollgate::sim::body::{Script, SimStream};
use tollgate::sim::upstream::{Replies, Reply};

fn main() {
    divan::main();
}

/// A gateway whose one route is made of `steps`, and an upstream that answers with `content`.
fn gateway(steps: &str, content: String) -> Gateway<SimHost> {
    let text = format!(
        r#"{{"defaults":{{"auth":"public"}},"upstreams":{{"a":{{"url":"http://a"}}}},"routes":[
            {{"id":"one","match":{{"path":"/one"}},"upstream":"a"}},
            {{"id":"all","match":{{"path":"/all"}},"compose":{{"steps":[{steps}]}}}}]}}"#
    );
    let document: Document = serde_json::from_str(&text).unwrap();
    let plan = Plan::compile(&[("routes.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0;
    let host = SimHost::new(1);
    let mut reply = Reply::new(StatusCode::OK, Script::fixed(content));
    reply.headers.insert("content-type", HeaderValue::from_static("application/json"));
    host.set_upstream("a", "a", Replies::new(vec![reply]));
    Gateway::new(Arc::new(plan), host)
}

fn ask(gateway: &Gateway<SimHost>, path: &str) -> usize {
    let host = gateway.host();
    let peer = Peer { address: "127.0.0.1:9".parse().unwrap(), secure: false };
    let request = Request::get(path).header("host", "api.example.com");
    let request = request.body(SimStream::empty(host.clock().clone())).unwrap();
    let answer = async {
        let reply = gateway.handle(request, peer).await;
        assert_eq!(reply.status(), StatusCode::OK);
        collect(host, pin!(reply.into_body()), u64::MAX, Deadline::never()).await.unwrap().len()
    };
    let length = host.run(answer).unwrap();
    // What the simulated upstream and the log have written down must not grow.
    host.take_received();
    host.take_log();
    length
}

/// About 1 KiB.
fn content() -> String {
    let mut text = String::from("[");
    for at in 0..16 {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}{{"id":{at},"name":"Ada Lovelace","total":{at}.10}}"#);
    }
    text + "]"
}

const SIZES: [usize; 3] = [2, 5, 20];

#[divan::bench]
fn one_request_that_is_passed_on(bencher: Bencher<'_, '_>) {
    let gateway = gateway(r#"{"name":"a","upstream":"a"}"#, content());
    bencher.bench_local(|| black_box(ask(&gateway, "/one")));
}

#[divan::bench(args = SIZES)]
fn steps_at_once(bencher: Bencher<'_, '_>, steps: usize) {
    let steps: Vec<_> = (0..steps).map(|at| format!(r#"{{"name":"s{at}","upstream":"a"}}"#)).collect();
    let gateway = gateway(&steps.join(","), content());
    bencher.bench_local(|| black_box(ask(&gateway, "/all")));
}

#[divan::bench]
fn sixteen_elements(bencher: Bencher<'_, '_>) {
    let steps = r#"{"name":"list","upstream":"a"},{"name":"parts","upstream":"a","path":"/{item.id}",
        "each":{"in":"steps.list.body","by":"item.id","attach":"part"}}"#;
    let gateway = gateway(steps, content());
    bencher.bench_local(|| black_box(ask(&gateway, "/all")));
}
