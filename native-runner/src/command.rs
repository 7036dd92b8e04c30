//! The commands, one file each.

pub mod check;
#[cfg(feature = "component")]
pub mod component;
#[cfg(not(feature = "component"))]
#[path = "command/no_component.rs"]
pub mod component;
pub mod demo;
pub mod explain;
pub mod graph;
pub mod import;
pub mod init;
pub mod keys;
pub mod routes;
pub mod schema;
pub mod serve;
pub mod test;
