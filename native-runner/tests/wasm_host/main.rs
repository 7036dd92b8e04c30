//! The probe guest (tests/guests/probe) in the embedded host, over real connections.

#![allow(clippy::expect_used, clippy::panic, reason = "tests say what they expect")]

mod bodies;
mod freezing;
mod limits;
mod outbound;
mod spin;
mod support;
