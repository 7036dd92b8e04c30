//! What a message looks like on the other side of a gateway: hop-by-hop fields away, the way it came written down.

pub mod hop;
