//! Counting in stores that can do little: by reading and writing whole values, and by adding to numbers.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "limit_stores/slots.rs"]
mod slots;
#[path = "limit_stores/spans.rs"]
mod spans;
#[path = "limit_stores/store.rs"]
mod store;
