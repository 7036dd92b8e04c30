//! What a message looks like on the other side of a gateway: hop-by-hop fields away, the way it came written down.

pub mod cdn_loop;
pub mod client;
pub mod fields;
pub mod hop;
pub mod network;
