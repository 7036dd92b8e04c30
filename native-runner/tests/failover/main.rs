//! Upstreams that die: real processes of the program, killed, stopped and started again under load, behind a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

#[path = "../support/shared.rs"]
mod support;

mod service;
mod under_load;
