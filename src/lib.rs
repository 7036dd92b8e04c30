//! Tollgate: the API gateway for the edge. One core that answers the same way as a Spin component, inside Wasmtime
//! and as a native server. `ARCHITECTURE.md` is the way in; [`gateway`] is the life of a request.

pub mod admission;
pub mod ask;
pub mod auth;
#[cfg(feature = "author")]
pub mod author;
pub mod balance;
pub mod body;
pub mod breaker;
pub mod cache;
pub mod circuit;
#[cfg(target_os = "wasi")]
mod component;
pub mod config;
pub mod cors;
pub mod credentials;
pub mod deadline;
pub mod diagnostic;
pub mod discovery;
pub mod explain;
pub mod expression;
pub mod forward;
pub mod gateway;
pub mod health;
pub mod host;
pub mod idempotency;
pub mod identity;
pub mod json;
pub mod limit;
pub mod live;
pub mod mapping;
pub mod memory;
pub mod migration;
pub mod plan;
pub mod pool;
pub mod problem;
pub mod redirect;
pub mod reply;
pub mod retry;
pub mod route;
pub mod security_headers;
pub mod sim;
pub mod telemetry;
pub mod transform;
pub mod upstream;
pub mod version;
