//! The core on wasm32-unknown-unknown, under Node: what a component runs, without any host of WASI.
//!
//! `cargo test --target wasm32-unknown-unknown --no-default-features --test web`

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used)]
// What wasm-bindgen makes of `extern "C"`.
#![allow(unsafe_code)]

use http::{HeaderMap, Method};
use tollgate::config::Document;
use tollgate::host::Tick;
use tollgate::plan::{Abilities, Plan};
use tollgate::problem::{Failure, Problem};
use tollgate::route::ambiguity::Ambiguities;
use tollgate::route::path::normalise;
use tollgate::route::{Found, Query};
use tollgate::sim::case::Case;
use tollgate::sim::report::{Report, Verdict};
use tollgate::telemetry::trace;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen(module = "fs")]
extern "C" {
    #[wasm_bindgen(js_name = readFileSync)]
    fn read_file(path: &str, encoding: &str) -> String;
    #[wasm_bindgen(js_name = readdirSync)]
    fn read_directory(path: &str) -> Vec<String>;
}

fn plan(json: &str) -> Plan {
    let document: Document = serde_json::from_str(json).unwrap();
    Plan::compile(&[("routes.json".to_owned(), document)], &Abilities::COMPONENT).unwrap().0
}

#[wasm_bindgen_test]
fn routes_are_found() {
    let plan = plan(
        r#"{"defaults":{"auth":"public"},"routes":[
            {"id":"item","match":{"path":"/items/{id}","methods":["GET"]},"respond":{}},
            {"id":"file","match":{"path":"/items/{id}.json"},"respond":{}},
            {"id":"rest","match":{"prefix":"/","headers":{"x-a":{"regex":"^[0-9]+$"}}},"respond":{}}]}"#,
    );
    let find = |method: &Method, path: &str, field: &'static str| {
        let headers = HeaderMap::from_iter([("x-a".parse().unwrap(), field.parse().unwrap())]);
        let headers = &headers;
        match plan.find(&Query { host: "h", path, query: None, method, headers, now: 0, preflight: false }) {
            Found::Route(at) => plan.routes[at].id.to_string(),
            Found::Method(allowed) => allowed.header().to_str().unwrap().to_owned(),
            Found::Nothing => "nothing".to_owned(),
        }
    };
    assert_eq!(find(&Method::HEAD, "/items/1", "-"), "item");
    assert_eq!(find(&Method::POST, "/items/1.json", "-"), "file");
    assert_eq!(find(&Method::POST, "/items/1", "-"), "GET, HEAD, OPTIONS");
    assert_eq!(find(&Method::POST, "/items/1", "17"), "rest");
    assert_eq!(find(&Method::GET, "/other", "-"), "nothing");
}

#[wasm_bindgen_test]
fn a_component_cannot_have_everything() {
    let json = r#"{"upstreams":{"u":{"url":"http://u","preserve_host":true}},"defaults":{"auth":"public"},"routes":[{"id":"r","upstream":"u"}]}"#;
    let document: Document = serde_json::from_str(json).unwrap();
    let found = Plan::compile(&[("r.json".to_owned(), document)], &Abilities::COMPONENT).unwrap_err();
    assert!(found[0].message.contains("a component cannot choose the Host"), "{}", found[0]);
}

#[wasm_bindgen_test]
fn paths_have_one_normal_form() {
    let normal = normalise("/a/%7eb//./..%2fc");
    assert_eq!(normal.path, "/a/~b/..%2Fc");
    assert!(normal.found.contains(Ambiguities::ENCODED_SLASH.union(Ambiguities::EMPTY_SEGMENTS)));
}

#[wasm_bindgen_test]
fn problems_are_told() {
    for problem in Problem::ALL {
        let response = Failure::from(*problem).cause("10.0.0.1").respond("edge", None);
        assert_eq!(response.status(), problem.spec().status);
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert!(body["type"].as_str().unwrap().ends_with(problem.spec().slug));
    }
}

#[wasm_bindgen_test]
fn traces_go_on() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = HeaderMap::from_iter([("traceparent".parse().unwrap(), parent.parse().unwrap())]);
    let context = trace::continue_or_start(&headers, &mut |bytes| bytes.fill(7));
    assert_eq!(u128::from_be_bytes(context.trace_id), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_eq!(context.parent_id, [7; 8]);
}

#[wasm_bindgen_test]
fn time_does_not_overflow_where_usize_is_small() {
    let late = Tick(u64::MAX) + std::time::Duration::from_secs(1);
    assert_eq!(late, Tick(u64::MAX));
    assert_eq!(size_of::<usize>(), 4);
}

/// Every case whose configuration stands in it, over the simulated host.
#[wasm_bindgen_test]
fn the_corpus_over_the_simulated_host() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let (mut passed, mut skipped, mut told) = (0, 0, String::new());
    for path in case_files(corpus) {
        let mut case: Case =
            toml::from_str(&read_file(&path, "utf8")).unwrap_or_else(|error| panic!("{path}: {error}"));
        let Some(document) = case.config.clone() else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for token in case.tokens.values_mut() {
            token.pem = read_file(&format!("{folder}/{}", token.key), "utf8");
        }
        let name = path[corpus.len() + 1..].to_owned();
        let report: Report = tollgate::sim::run(&case, &name, &[(name.clone(), document)]);
        match &report.verdict {
            Verdict::Passed => passed += 1,
            Verdict::Skipped(_) => skipped += 1,
            Verdict::Failed(_) => told += &report.render(false),
        }
    }
    console_log!("corpus: {passed} fine, {skipped} for other hosts");
    assert!(told.is_empty() && passed > 0, "{told}");
}

fn case_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in read_directory(folder) {
        let path = format!("{folder}/{name}");
        match name.rsplit_once('.') {
            Some((_, "toml")) => found.push(path),
            Some(_) => {}
            None => found.extend(case_files(&path)),
        }
    }
    found
}
