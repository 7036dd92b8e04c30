//! Tollgate: the API gateway for the edge.

#[cfg(feature = "author")]
pub mod author;
pub mod config;
pub mod diagnostic;
