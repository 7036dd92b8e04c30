//! Who may call.

pub mod discovery;
pub mod external;
pub mod introspection;
pub mod key_source;
pub mod origin;
