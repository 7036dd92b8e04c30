//! Keeping and finding answers: in memory, in a store, in a store with memory in front of it, and on a host that has no
//! memory. In virtual time, with faults as they are told.

#![allow(clippy::unwrap_used)]

mod faults;
mod instance;
mod memory;
mod stores;
mod stories;
mod world;
