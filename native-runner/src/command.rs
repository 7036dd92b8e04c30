//! The commands, one file each.

pub mod check;
pub mod demo;
pub mod explain;
pub mod init;
pub mod routes;
pub mod schema;
pub mod serve;
