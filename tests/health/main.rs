//! What is known of targets when many find it out at once, and when instances that remember nothing share it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod at_once;
mod shared;
