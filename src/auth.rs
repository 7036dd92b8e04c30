//! Who may call.

pub mod claims;
pub mod jwt;
