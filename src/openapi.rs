//! OpenAPI documents, 3.0 and 3.1: what they say that a gateway can act on.
//!
//! ```text
//! JSON or YAML ──author──▶ json::Node ──Document──▶ operations ──compile──▶ what validates requests and answers
//!                                          │
//!                                          └──import──▶ a configuration, and an account of the whole document
//! ```
//!
//! A document is a tree that is looked at and never changed; references (`$ref`) are followed when somebody wants to
//! know, within the document only, and never in a circle. Nothing here opens a file or asks anybody: a reference to
//! another document is left alone, and said.
//!
//! The import is the author's tool, and only there where authors are.

mod contract;
mod document;
#[cfg(feature = "author")]
pub mod import;
mod keywords;
mod operation;
mod pointer;
mod schema;

pub use contract::{Answer, Content, Contract, In, Wanted};
pub use document::{Dialect, Document, Refused, Resolved};
pub use operation::{Operation, capture};
