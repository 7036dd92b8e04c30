//! Sources of targets that a real server follows: a server of DNS, a file that changes, and the store in which it says what it
//! found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/shared.rs"]
mod support;

mod files;
mod names;
mod nameserver;

use std::collections::BTreeSet;

use serde_json::Value;
use support::gateway::Gateway;
use support::{Upstream, eventually};

/// Three upstreams that say who they are.
pub async fn three() -> [Upstream; 3] {
    let answer = |text: &'static str| Upstream::answering(text);
    [
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na").await,
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb").await,
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc").await,
    ]
}

/// What the operator's address says of the only source.
pub fn source(gateway: &Gateway) -> Value {
    let all = native_runner::serve::admin::Operated::discovery(&*gateway.server);
    all["sources"][0].clone()
}

/// The names of the targets in force.
pub fn targets(gateway: &Gateway) -> BTreeSet<String> {
    let source = source(gateway);
    let targets = source["targets"].as_array().unwrap();
    targets.iter().map(|target| target["name"].as_str().unwrap().to_owned()).collect()
}

pub fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// Waits until exactly these are in force.
pub async fn found<const N: usize>(gateway: &Gateway, names: [&str; N]) {
    let wanted = set(names);
    eventually(&format!("{wanted:?} are found"), || targets(gateway) == wanted).await;
}

/// Waits until the only source is in this state.
pub async fn state(gateway: &Gateway, state: &str) {
    eventually(&format!("the source is {state}"), || source(gateway)["state"] == state).await;
}

/// Who answers `count` requests.
pub async fn who_answers(gateway: &Gateway, count: usize) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut wire = gateway.connect().await;
    for _ in 0..count {
        wire.send("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n").await;
        let (_, body) = wire.message().await;
        all.insert(body);
    }
    all
}
