//! The cache of real servers: real connections, real stores, and an upstream that counts what it is asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/shared.rs"]
mod support;

mod harness;
mod lasting;
mod one_question;
mod shared;
