//! Which route a request belongs to.

pub mod path;
