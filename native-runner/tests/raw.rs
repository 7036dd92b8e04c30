//! Requests as bytes: what is ambiguous is refused and the connection closed, and what goes upstream is not ambiguous.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// A directory and no more: so modules are found in it as they are under `src`.
#[path = "raw"]
mod table {
    pub mod harness;
    pub mod pieces;
    pub mod requests;
    pub mod sequences;
    pub mod server;
    pub mod two;
}

#[path = "support/shared.rs"]
mod support;

use std::time::Duration;

use table::harness::{self, Recorder};
use table::{requests, server};

#[tokio::test]
async fn ambiguous_requests_are_refused() {
    let recorder = Recorder::start().await;
    let gateway = server::real(recorder.address, Duration::from_secs(10));
    let mut wrong = Vec::new();
    for case in requests::all() {
        wrong.extend(harness::run(&gateway, &recorder, &case).await.err());
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

/// Prints what hyper makes of the table without the guard and the check:
/// `cargo test --test raw -- --ignored --nocapture bare_hyper`.
#[tokio::test]
#[ignore = "a report"]
async fn bare_hyper() {
    let recorder = Recorder::start().await;
    let server = server::start(recorder.address, false).await;
    for case in requests::all() {
        let outcome = harness::send(server, &recorder, &case, 0).await;
        let (statuses, closed) = (&outcome.statuses, outcome.closed);
        let upstream =
            outcome.upstream.iter().chain(&outcome.broken).map(|text| &text[..text.len().min(110)]);
        let upstream: Vec<_> = upstream.collect();
        println!("{:<40} {:?} -> {statuses:?} closed={closed} {upstream:?}", case.name, case.expect);
    }
}
