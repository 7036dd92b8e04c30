//! Upstreams that fail, in virtual time and by seeds: whatever happens, no request waits past its deadline, nothing is sent
//! more often than it may be, and whoever can be served is.

#![allow(clippy::unwrap_used, clippy::panic)]

mod budget;
mod faults;
mod left_alone;
mod world;
