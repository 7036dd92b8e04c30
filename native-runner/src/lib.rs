//! Tollgate as a native server, and its tools, as a library: `main.rs` only picks one of them.

pub mod args;
pub mod check;
pub mod coalesce;
pub mod columns;
pub mod command;
pub mod demo;
pub mod explanation;
#[cfg(feature = "component")]
pub mod freeze;
pub mod host;
pub mod inspect;
pub mod kept;
pub mod keys;
pub mod limits;
pub mod listing;
pub mod load;
pub mod manifest;
pub mod observe;
pub mod output;
pub mod paint;
pub mod random;
pub mod serve;
pub mod test;
#[cfg(feature = "component")]
pub mod wasm_host;
pub mod wording;
