//! Limits that count in several places: what happens while stores stall, err and recover, what is given back, and how much
//! is admitted by instances that take permits ahead. In virtual time, with faults as they are told.

#![allow(clippy::unwrap_used)]

mod breaker;
mod flights;
mod leases;
mod places;
mod world;
