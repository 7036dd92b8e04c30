//! Where targets are found while the gateway runs.

/// Where an upstream's targets are found.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {}
