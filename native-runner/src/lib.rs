//! Tollgate as a native server, and its tools, as a library: `main.rs` only picks one of them.

#[cfg(feature = "component")]
pub mod freeze;
#[cfg(feature = "component")]
pub mod wasm_host;
