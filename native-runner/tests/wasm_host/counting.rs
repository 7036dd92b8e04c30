//! Limits of the real component, under 16 connections at a time: in a key-value store that can read and write, in one that
//! can add, and in Redis. On embedded Wasmtime, and where `SPIN_BIN` names it on Spin.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use native_runner::freeze::freeze;
use native_runner::host::Store;
use native_runner::test::Setup;
use native_runner::test::spin::{Application, up};
use native_runner::wasm_host::Options;
use native_runner::wasm_host::key_value::{KeyValue, Memory, Shared};
use serde_json::{Value, json};
use tollgate::limit::slots::{PREFIX, SLOTS};

use crate::redis::{self, Redis};
use crate::support::{SPIN, gateway, get, options, serve_gateway};

const ATOMICS: &str = "tollgate.spin-atomics.module.wasm";

/// How many permits there are.
const MOST: usize = 40;
const CONNECTIONS: usize = 16;
const REQUESTS: usize = 12;

/// The core module with `document` in it.
fn frozen(module: &str, document: &Value) -> Vec<u8> {
    freeze(&gateway(module), &json!([["a.json", document]]).to_string()).expect("a configuration").core
}

/// A limit of [`MOST`] a day, in a store.
fn document(store: &Value, counting: &str) -> Value {
    json!({
        "store": store,
        "defaults": {"auth": "public"},
        "rate_limits": {"few": {
            "window": {"limit": MOST, "per": "24h"}, "key": "everybody",
            "store": "default", "counting": counting, "on_store_failure": "deny",
        }},
        "routes": [{"id": "a", "respond": {"body": "ok"}, "rate_limits": "few"}],
    })
}

/// How many of all requests are admitted; the others are refused.
async fn admitted(to: SocketAddr) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        tasks.spawn(async move {
            let mut admitted = 0;
            for _ in 0..REQUESTS {
                let answer = get(to, "/").await;
                let refused = answer.starts_with("HTTP/1.1 429 ");
                assert!(refused || answer.starts_with("HTTP/1.1 200 "), "{answer}");
                admitted += usize::from(!refused);
            }
            admitted
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn serve(module: &str, document: &Value, stores: BTreeMap<String, Arc<dyn KeyValue>>) -> SocketAddr {
    serve_with(module, document, Options { stores, ..options() }).await
}

async fn serve_with(module: &str, document: &Value, options: Options) -> SocketAddr {
    serve_gateway(module, document, Options { instances: 64, ..options }).await
}

fn default(store: Arc<dyn KeyValue>) -> BTreeMap<String, Arc<dyn KeyValue>> {
    BTreeMap::from([(String::from("default"), store)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_reads_and_writes_stays_within_its_bound() {
    let memory: Arc<dyn KeyValue> = Arc::new(Memory::default());
    let document = document(&json!({"label": "default"}), "approximate");
    let to = serve(SPIN, &document, default(Arc::clone(&memory))).await;
    let admitted = admitted(to).await;
    assert!((MOST..=MOST * CONNECTIONS).contains(&admitted), "{admitted}");
    let keys = memory.keys().expect("keys");
    assert!(keys.len() <= SLOTS && keys.iter().all(|key| key.starts_with(PREFIX)), "{keys:?}");
    // One after another it is exact.
    assert!(get(to, "/").await.starts_with("HTTP/1.1 429 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_adds_admits_exactly_so_many() {
    let file = tempfile::tempdir().expect("a directory");
    let file = Store::open(&file.path().join("store.redb")).expect("a store");
    let document = document(&json!({"label": "default"}), "exact");
    for store in
        [Arc::new(Memory::default()) as Arc<dyn KeyValue>, Arc::new(Shared::new(file, "default".into()))]
    {
        let to = serve(ATOMICS, &document, default(store)).await;
        assert_eq!(admitted(to).await, MOST);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_admits_exactly_so_many() {
    if !redis::is_there() {
        return;
    }
    let password = "s3cret@/: %";
    let redis = Redis::with(&["--requirepass", password]);
    let store = json!({"redis": {"address": redis.url(), "password": "${redis_password}"}});
    let document = document(&store, "exact");
    let variables = move |name: &str| (name == "redis_password").then(|| password.to_owned());
    let options = Options {
        variables: Arc::new(variables),
        allowed_outbound_hosts: Some(vec![redis.url()]),
        ..options()
    };
    assert_eq!(admitted(serve_with(SPIN, &document, options.clone()).await).await, MOST);
    // Nobody may be asked who is not among the allowed.
    let to =
        serve_with(SPIN, &document, Options { allowed_outbound_hosts: Some(Vec::new()), ..options }).await;
    assert!(get(to, "/").await.starts_with("HTTP/1.1 503 "));
}

// === on Spin ===

async fn on_spin(module: &str, document: &Value) -> Option<usize> {
    let binary = PathBuf::from(std::env::var_os("SPIN_BIN")?);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("tollgate.wasm");
    std::fs::write(&file, frozen(module, document)).expect("written");
    let documents =
        vec![(String::from("a.json"), serde_json::from_value(document.clone()).expect("a document"))];
    let setup = Setup { documents, variables: BTreeMap::new(), stored: BTreeMap::new() };
    let application = Application { binary, module: file, directory: directory.path().to_owned() };
    let running = up(&application, &setup).await.expect("Spin");
    let admitted = admitted(running.address).await;
    running.stop.await;
    Some(admitted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_spin_a_store_that_reads_and_writes_stays_within_its_bound() {
    let document = document(&json!({"label": "default"}), "approximate");
    if let Some(admitted) = on_spin(SPIN, &document).await {
        assert!((MOST..=MOST * CONNECTIONS).contains(&admitted), "{admitted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_spin_a_store_that_adds_admits_exactly_so_many() {
    if let Some(admitted) = on_spin(ATOMICS, &document(&json!({"label": "default"}), "exact")).await {
        assert_eq!(admitted, MOST);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_spin_redis_admits_exactly_so_many() {
    if std::env::var_os("SPIN_BIN").is_none() || !redis::is_there() {
        return;
    }
    let redis = Redis::start();
    let document = document(&json!({"redis": {"address": redis.url()}}), "exact");
    assert_eq!(on_spin(SPIN, &document).await, Some(MOST));
}
