//! Who may call.

pub mod login;
