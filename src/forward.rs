//! What a message looks like on the other side of a gateway: hop-by-hop fields away, the way it came written down.

pub mod client;
pub mod hop;
pub mod network;
