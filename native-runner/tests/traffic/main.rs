//! Real traffic through the real server: sockets on both sides, bytes as they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/shared.rs"]
mod support;

mod bodies;
mod broken;
mod client_certificates;
mod concurrency;
mod expect;
mod http2;
mod keys;
mod limits;
mod managed;
mod observe;
mod plans;
mod process;
mod purging;
mod reload;
mod tls;
mod upstreams;
mod versions;
