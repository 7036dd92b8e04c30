//! Versions of APIs: which one a request asks for, and what becomes of each.

/// An API that has versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {}
