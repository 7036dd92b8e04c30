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
            now: 0,
            preflight: false,
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

/// Answers that are kept: a whole request that memory answers, beside `request::proxied`.
mod cache {
    use std::future::poll_fn;
    use std::pin::pin;

    use http_body::Body as _;

    use super::*;

    #[divan::bench(args = [1 << 10, 100 << 10])]
    fn hit(bencher: Bencher<'_, '_>, size: usize) {
        let text = r#"{"defaults":{"auth":"public"},"upstreams":{"users":{"url":"http://users"}},"routes":
            [{"id":"users","upstream":"users","cache":true}]}"#;
        let document: Document = serde_json::from_str(text).unwrap();
        let plan = Plan::compile(&[("routes.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0;
        let host = SimHost::new(1);
        let mut reply = Reply::new(http::StatusCode::OK, Script::fixed("x".repeat(size)));
        reply.headers.insert("cache-control", HeaderValue::from_static("max-age=3600"));
        host.set_upstream("users", "users", Replies::new(vec![reply]));
        let gateway = Gateway::new(Arc::new(plan), host);
        let peer = Peer { address: "127.0.0.1:9".parse().unwrap(), secure: false };
        let one = || {
            let body = SimStream::empty(gateway.host().clock().clone());
            let request = Request::get("/users/1").header("host", "api.example.com").header("accept", "*/*");
            let answer = async {
                let reply = gateway.handle(request.body(body).unwrap(), peer).await;
                let mut body = pin!(reply.into_body());
                let mut size = 0;
                while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                    size += frame.unwrap().into_data().unwrap().len();
                }
                size
            };
            let size = gateway.host().run(answer).unwrap();
            gateway.host().take_log();
            size
        };
        assert_eq!(one(), size);
        gateway.host().take_received();
        assert_eq!(one(), size);
        assert!(gateway.host().take_received().is_empty(), "the upstream was asked again");
        bencher.bench_local(one);
    }
}

/// What callers may do, counted in memory: the decision alone, with keys and limits at hand.
mod limit {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use tollgate::config::Period;
    use tollgate::limit::{Algorithm, Ask, Counters, Key, Limit, OnFailure, Place, Verdict, Weight, Zone};

    use super::*;

    const NOW: u64 = 1_792_800_000_000;

    /// Four limits as a route may have them together.
    fn limits() -> [Limit; 4] {
        let day = Algorithm::Calendar {
            most: 1 << 50,
            period: Period::Day,
            zone: Zone::named("Europe/Berlin").unwrap(),
        };
        [
            Algorithm::Bucket { permits: 1_000_000, per: 1_000, burst: 1_000_000 },
            Algorithm::Sliding { most: 1 << 30, per: 60_000 },
            day,
            Algorithm::Fixed { most: 1 << 50, per: 1_000 },
        ]
        .map(|algorithm| Limit {
            name: "bench".into(),
            algorithm,
            key: Vec::new(),
            weight: Weight::Constant(1),
            when: None,
            place: Place::Memory,
            lease: 1,
            shadow: false,
            on_failure: OnFailure::Allow,
            local: None,
            timeout: Duration::from_millis(50),
        })
    }

    fn key(limit: usize, caller: u64) -> Key {
        let mixed = (caller << 2 | limit as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Key((u128::from(mixed ^ mixed >> 32) << 64 | u128::from(mixed)).to_le_bytes())
    }

    fn decide(bencher: Bencher<'_, '_>, many: usize, callers: u64) {
        let (limits, counters, turn) = (limits(), Counters::default(), AtomicU64::new(0));
        let decide = |caller, now| {
            let mut asks: [_; 4] = std::array::from_fn(|at| Ask {
                limit: &limits[at],
                key: key(at, caller),
                least: 1,
                most: 1,
                verdict: Verdict::default(),
            });
            counters.count(&mut asks[..many], now);
            asks[0].verdict.enough
        };
        for caller in 0..callers {
            assert!(decide(caller, NOW));
        }
        bencher.bench(|| {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            // A million a second, of callers in no order that a cache could foresee.
            decide(turn.wrapping_mul(48_271) % callers, NOW + turn / 1_000)
        });
    }

    #[divan::bench(args = [1, 2, 4], threads = [1, 4])]
    fn one_caller(bencher: Bencher<'_, '_>, limits: usize) {
        decide(bencher, limits, 1);
    }

    #[divan::bench(args = [1, 2, 4], threads = [1, 4])]
    fn a_hundred_thousand_callers(bencher: Bencher<'_, '_>, limits: usize) {
        decide(bencher, limits, 100_000);
    }

    /// Where a period begins and ends, in the same period again and again.
    #[divan::bench]
    fn a_day(bencher: Bencher<'_, '_>) {
        let day = &limits()[2].algorithm;
        bencher.bench(|| day.span(black_box(NOW)));
    }

    /// The same, asked for the first time.
    #[divan::bench]
    fn a_new_day(bencher: Bencher<'_, '_>) {
        let (day, turn) = (&limits()[2].algorithm, AtomicU64::new(0));
        bencher.bench(|| day.span(NOW + (turn.fetch_add(1, Ordering::Relaxed) % 3_650) * 86_400_000));
    }
}
