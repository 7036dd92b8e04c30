//! Counting and storing in a real Redis.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/redis.rs"]
mod redis;

mod harness;
