//! Counting in stores that can do little: by reading and writing whole values, and by adding to numbers.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../limits/model.rs"]
mod model;
#[path = "../limits/schedule.rs"]
mod schedule;
mod slots;
mod spans;
mod store;
