//! Changes to what is passed on.

pub mod prefix;
pub mod query;
