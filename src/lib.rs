//! Tollgate: the API gateway for the edge.

pub mod config;
pub mod diagnostic;
pub mod forward;
pub mod route;
pub mod telemetry;
pub mod transform;
