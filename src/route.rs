//! Which route a request belongs to.

mod ambiguity;
pub mod path;
