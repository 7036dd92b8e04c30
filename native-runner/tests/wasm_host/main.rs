//! The probe guest (tests/guests/probe) in the embedded host, over real connections.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests say what they expect")]

mod bodies;
mod cache;
mod counting;
mod freezing;
mod limits;
mod outbound;
#[path = "../support/redis.rs"]
mod redis;
mod spin;
mod support;
