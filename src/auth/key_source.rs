//! Where keys come from that are not in the configuration, and how long what came may be used.
//!
//! What was fetched lives in a [`Record`]: in the host's memory where it keeps any, and in the key-value store, which
//! a fleet of instances shares. [`decide`] says what to do with it; nothing here asks anybody.

pub mod freshness;
pub mod life;
pub mod record;

pub use life::{Decision, Life, Times, Wants, decide};
pub use record::Record;
