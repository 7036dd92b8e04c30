//! What the core costs: making a plan, finding a route, one whole request. `cargo bench -p tollgate`.
//!
//! Finding must not grow with the number of routes; `benches/compare.sh` measures whole gateways.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderValue, Method, Request};
use tollgate::author;
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer};
use tollgate::plan::{Abilities, Plan};
use tollgate::route::path::normalise;
use tollgate::route::{Found, Query};
use tollgate::sim::SimHost;
use tollgate::sim::body::{Script, SimStream};
use tollgate::sim::upstream::{Replies, Reply};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// A configuration as they are: for each service a collection, its members, a file of theirs and everything under a
/// legacy prefix; some with methods, hosts and conditions.
fn document(routes: usize) -> Vec<(String, Document)> {
    let mut text = String::from(
        "{\"defaults\":{\"auth\":\"public\"},\"upstreams\":{\"users\":{\"url\":\"http://users\"}},\"routes\":[",
    );
    for at in 0..routes {
        let service = at / 5;
        let matches = match at % 5 {
            0 => format!(r#""path":"/api/v1/service-{service}/items","methods":["GET","POST"]"#),
            1 => format!(r#""path":"/api/v1/service-{service}/items/{{id}}""#),
            2 => {
                format!(r#""path":"/api/v1/service-{service}/items/{{id}}/{{name}}.json","methods":["GET"]"#)
            }
            3 => format!(r#""prefix":"/legacy/service-{service}","host":"*.example.com""#),
            _ => format!(r#""path":"/api/v1/service-{service}/items/{{id}}","headers":{{"x-beta":"1"}}"#),
        };
        let comma = if at == 0 { "" } else { "," };
        text += &format!(r#"{comma}{{"id":"r{at}","match":{{{matches}}},"upstream":"users"}}"#);
    }
    vec![("routes.json".to_owned(), serde_json::from_str(&(text + "]}")).unwrap())]
}

fn plan(routes: usize) -> Plan {
    Plan::compile(&document(routes), &Abilities::NATIVE).unwrap().0
}

mod make {
    use super::*;

    /// Documents that have been read become a plan: the table, conflicts, and routes that nothing reaches.
    #[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
    fn plan_of_routes(bencher: Bencher<'_, '_>, routes: usize) {
        let documents = document(routes);
        bencher.bench(|| Plan::compile(black_box(&documents), &Abilities::NATIVE).unwrap());
    }

    /// What an author writes, read and made a plan.
    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn plan_of_a_thousand_routes_in_a_file(bencher: Bencher<'_, '_>) {
        let text = serde_json::to_string(&document(1_000)[0].1).unwrap();
        let files = [("routes.json".to_owned(), text)];
        bencher
            .bench(|| Plan::compile(&author::load(&files).unwrap().documents, &Abilities::NATIVE).unwrap());
    }

    /// Routes that a large organisation might have: all begin with a capture.
    #[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
    fn plan_of_routes_that_begin_with_a_capture(bencher: Bencher<'_, '_>, routes: usize) {
        let one =
            |at| format!(r#"{{"id":"r{at}","match":{{"path":"/{{tenant}}/r{at}/{{id}}"}},"respond":{{}}}}"#);
        let all = (0..routes).map(one).collect::<Vec<_>>().join(",");
        let document: Document =
            serde_json::from_str(&format!("{{\"defaults\":{{\"auth\":\"public\"}},\"routes\":[{all}]}}"))
                .unwrap();
        let documents = [("routes.json".to_owned(), document)];
        bencher.bench(|| Plan::compile(black_box(&documents), &Abilities::NATIVE).unwrap());
    }
}

mod find {
    use super::*;

    fn find(bencher: Bencher<'_, '_>, routes: usize, path: impl Fn(usize) -> String, found: bool) {
        let plan = plan(routes);
        let headers = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static("*/*"))]);
        // A service three quarters down the table.
        let path = path(routes / 5 * 3 / 4);
        let query = Query {
            host: "api.example.com",
            path: &path,
            query: None,
            method: &Method::GET,
            headers: &headers,
        };
        assert_eq!(matches!(plan.find(&query), Found::Route(_)), found);
        bencher.bench(|| plan.find(black_box(&query)));
    }

    #[divan::bench(args = SIZES)]
    fn a_literal_path(bencher: Bencher<'_, '_>, routes: usize) {
        find(bencher, routes, |service| format!("/api/v1/service-{service}/items"), true);
    }

    #[divan::bench(args = SIZES)]
    fn two_captures(bencher: Bencher<'_, '_>, routes: usize) {
        find(bencher, routes, |service| format!("/api/v1/service-{service}/items/42/photo.json"), true);
    }

    #[divan::bench(args = SIZES)]
    fn a_prefix(bencher: Bencher<'_, '_>, routes: usize) {
        find(bencher, routes, |service| format!("/legacy/service-{service}/a/b/c"), true);
    }

    #[divan::bench(args = SIZES)]
    fn behind_a_condition(bencher: Bencher<'_, '_>, routes: usize) {
        find(bencher, routes, |service| format!("/api/v1/service-{service}/items/42"), true);
    }

    #[divan::bench(args = SIZES)]
    fn nothing(bencher: Bencher<'_, '_>, routes: usize) {
        find(bencher, routes, |_| "/favicon.ico".to_owned(), false);
    }
}

mod normal_form {
    use super::*;

    #[divan::bench(args = ["/api/v1/service-7/items/42", "/api/v1/caf%c3%a9/%7Euser/a/../b", "/a//b/./%2e%2E/c%2Fd"])]
    fn of(path: &str) -> usize {
        normalise(black_box(path)).path.len()
    }
}

/// One request through the whole pipeline, in the simulated host: what the host itself costs is small and the same.
mod request {
    use super::*;

    fn answer(bencher: Bencher<'_, '_>, routes: usize, path: &str, status: u16) {
        let host = SimHost::new(1);
        let reply = Reply::new(http::StatusCode::OK, Script::fixed("ok"));
        host.set_upstream("users", "users", Replies::new(vec![reply]));
        let gateway = Gateway::new(Arc::new(plan(routes)), host);
        let peer = Peer { address: "127.0.0.1:9".parse().unwrap(), secure: false };
        let one = || {
            let body = SimStream::empty(gateway.host().clock().clone());
            let request = Request::get(path).header("host", "api.example.com").header("accept", "*/*");
            let reply = gateway.host().run(gateway.handle(request.body(body).unwrap(), peer)).unwrap();
            // What the simulated upstream has written down must not grow.
            gateway.host().take_received();
            gateway.host().take_log();
            reply.status().as_u16()
        };
        assert_eq!(one(), status);
        bencher.bench_local(one);
    }

    #[divan::bench(args = SIZES)]
    fn proxied(bencher: Bencher<'_, '_>, routes: usize) {
        answer(bencher, routes, "/api/v1/service-1/items", 200);
    }

    #[divan::bench(args = SIZES)]
    fn refused(bencher: Bencher<'_, '_>, routes: usize) {
        answer(bencher, routes, "/favicon.ico", 404);
    }
}
