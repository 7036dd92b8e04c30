//! Counting in stores that can do little: by reading and writing whole values, and by adding to numbers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod slots;
mod spans;
mod store;
