//! What is said about a request: its id, its trace.

pub mod request_id;
pub mod trace;
mod trace_state;
