//! What may be changed while the gateway runs, and what was found out for components: one document in a store.

/// Where the document stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {}
