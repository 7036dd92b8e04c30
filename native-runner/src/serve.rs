//! The native server's edge: what stands between a client's bytes and the gateway.

pub mod ambiguity;
pub mod body;
pub mod framing;
pub mod guard;
