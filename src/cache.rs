//! A shared cache of finished answers (RFC 9111): what is kept, for whom, for how long, and what is said of it.
//!
//! Decisions are functions of what was asked, what was answered, the policy and the time ([`rules`]). What is kept is
//! found under digests ([`key`]) of everything that it depends on: the route's content, the address, and what the policy
//! and `Vary` name. Where it is kept, and how it is forgotten, is the affair of [`shelf`] and [`purge`].

pub mod answer;
pub mod coding;
pub mod cost;
pub mod date;
pub mod entry;
pub mod fetches;
pub mod keeping;
pub mod key;
pub mod lease;
pub mod life;
pub mod memory;
pub mod policy;
pub mod purge;
pub mod rules;
pub mod shelf;
pub mod status;
pub mod turn;

pub use entry::Entry;
pub use memory::Shelves;
pub use policy::{Caching, Policy};
pub use status::Status;
