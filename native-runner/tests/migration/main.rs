//! Moving requests between real upstreams: weights that operators set, and mirrors that are compared.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

#[path = "../support/shared.rs"]
mod support;

mod harness;
mod mirrors;
mod weights;
