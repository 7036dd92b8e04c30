//! Who may call.

pub mod signature;
