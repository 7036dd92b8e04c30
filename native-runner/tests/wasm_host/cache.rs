//! The cache of the real component, whose instances remember nothing: what one request fetched the next finds in the
//! store, Spin's or Redis.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use native_runner::wasm_host::Options;
use native_runner::wasm_host::key_value::{KeyValue, Memory};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::redis::{self, Redis};
use crate::support::{SPIN, get, head, options, serve_gateway, upstream};

/// How many answers there is room for in a store that forgets nothing.
const PLACES: usize = 4;

/// An upstream that answers each request with its number.
async fn origin() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let (address, _) = upstream(move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            while head(&mut stream).await.is_some() {
                let body = format!("answer {}", count.fetch_add(1, Ordering::SeqCst) + 1);
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncache-control: max-age=3600\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (address, asked)
}

/// Serves the component with a route that keeps all answers of `origin` in `store`.
async fn serve(origin: SocketAddr, store: &Value, options: Options) -> SocketAddr {
    let document = json!({
        "store": store,
        "caching": {"places": PLACES, "store_timeout": "2s"},
        "upstreams": {"up": {"url": format!("http://{origin}")}},
        "routes": [{"id": "all", "auth": "public", "upstream": "up", "cache": true}],
    });
    serve_gateway(SPIN, &document, options).await
}

/// Whether it was there, and what it said.
async fn ask(to: SocketAddr, path: &str) -> (bool, String) {
    let answer = get(to, path).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let hit = answer.lines().any(|line| line.starts_with("cache-status:") && line.contains("; hit"));
    let at = answer.find("answer ").unwrap_or_else(|| panic!("{answer}"));
    let text = answer[at..].chars().take_while(|character| !"\r\n".contains(*character)).collect();
    (hit, text)
}

/// The second request for the same is a hit.
async fn keeps(to: SocketAddr, asked: &AtomicUsize) {
    for path in ["/a", "/b?c=d"] {
        let (hit, first) = ask(to, path).await;
        assert!(!hit, "{path}");
        for _ in 0..3 {
            assert_eq!(ask(to, path).await, (true, first.clone()), "{path}");
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn in_a_store_of_values() {
    let (origin, asked) = origin().await;
    let memory: Arc<dyn KeyValue> = Arc::new(Memory::default());
    let stores = BTreeMap::from([("answers".to_owned(), Arc::clone(&memory))]);
    let to = serve(origin, &json!({"label": "answers"}), Options { stores, ..options() }).await;
    keeps(to, &asked).await;
    // However much is asked for, there are no more keys than places, beside that of purges.
    for number in 0..20 {
        ask(to, &format!("/{number}")).await;
    }
    let keys = memory.keys().unwrap();
    assert!((2..=PLACES + 1).contains(&keys.len()), "{keys:?}");
}

#[tokio::test]
async fn in_redis() {
    if !redis::is_there() {
        return;
    }
    let (server, (origin, asked)) = (Redis::start(), origin().await);
    let allowed = Some(vec![server.url(), format!("http://{origin}")]);
    let to = serve(
        origin,
        &json!({"redis": server.url()}),
        Options { allowed_outbound_hosts: allowed, ..options() },
    )
    .await;
    keeps(to, &asked).await;
    // What is kept ends; what was purged does not.
    let keys = server.cli(&["keys", "*"]);
    let lives: Vec<i64> = keys.lines().map(|key| server.cli(&["pttl", key]).parse().unwrap()).collect();
    assert!(lives.len() >= 3, "{keys}");
    assert_eq!(lives.iter().filter(|lives| **lives == -1).count(), 1, "{keys} {lives:?}");
    // One that is gone costs nobody an answer.
    drop(server);
    assert!(!ask(to, "/a").await.0);
}
