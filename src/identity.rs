//! What upstreams are told about the caller: header fields, and one token that the gateway signs.
//!
//! Whatever a client sends under such a name is taken away first, on every route, and under every spelling that a
//! server might read as the same name. Otherwise a client could write its own identity.

pub mod about;
pub mod fold;
pub mod headers;
pub mod key;
pub mod token;
pub mod value;
