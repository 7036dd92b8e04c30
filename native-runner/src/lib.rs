//! Tollgate as a native server, and its tools, as a library: `main.rs` only picks one of them.

pub mod args;
pub mod coalesce;
pub mod command;
#[cfg(feature = "component")]
pub mod freeze;
pub mod host;
pub mod inspect;
pub mod load;
pub mod observe;
pub mod random;
pub mod serve;
pub mod test;
#[cfg(feature = "component")]
pub mod wasm_host;
