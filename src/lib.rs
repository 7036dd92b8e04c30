//! Tollgate: the API gateway for the edge.

pub mod config;
pub mod diagnostic;
