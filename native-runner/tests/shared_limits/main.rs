//! Several gateways that count in one Redis: real processes of the program, native and with the component, real
//! connections, and a real server that is paused, killed and started again meanwhile.
//!
//! Without the feature `component`, a third native server takes the component's place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/shared.rs"]
mod support;

mod counting;
mod failures;
mod fleet;
mod load;
