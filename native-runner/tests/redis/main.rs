//! Counting and storing in a real Redis.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../tests/limits/model.rs"]
mod model;
#[path = "../support/redis.rs"]
mod redis;
#[path = "../../../tests/limits/schedule.rs"]
mod schedule;
#[path = "../support/shared.rs"]
mod support;

mod broken;
mod cluster;
mod contract;
mod counting;
mod exact;
mod fixture;
mod harness;
mod secure;
mod servers;
mod values;
