//! How much an upstream is asked at once, on real connections and with several workers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/shared.rs"]
mod support;

mod connections;
mod places;
