//! HTTP Message Signatures (RFC 9421) for machine clients: a request is signed with a key that the gateway knows, and
//! what the signature covers cannot have been changed on the way.
//!
//! Two algorithms, ed25519 and hmac-sha256; the key has one, and the signature cannot choose another. What a signature
//! must cover is the policy's to say. Content is covered through `Content-Digest` (RFC 9530), which is compared with
//! the content by [`content_digest`].
//!
//! What the client called is what counts: scheme and authority are arguments of [`Message`], because behind a trusted
//! proxy they are not those of the connection.

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

mod base;
mod component;
pub mod content_digest;
mod field_value;
mod fields;
mod key;
mod policy;
mod query_param;
mod rejection;
mod verify;

pub use base::signature_base;
pub use component::{Component, Derived};
pub use fields::{Labelled, Signature, signatures};
pub use key::{Algorithm, Key, KeyError};
pub use policy::{Policy, Required};
pub use rejection::Rejection;
pub use verify::{Candidate, Judged, Replay, candidates, judge};

/// A request, as far as a signature can cover it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The method, as it came.
    pub method: &'a Method,
    /// The scheme that the client used, in lower case.
    pub scheme: &'a str,
    /// The host, and perhaps the port, that the client asked for.
    pub authority: &'a str,
    /// The path and the query, byte for byte.
    pub target: &'a PathAndQuery,
    /// The header fields, as they came.
    pub headers: &'a HeaderMap,
    /// Whether there is content: also content that turns out to be empty, if nobody can know beforehand.
    pub has_content: bool,
}
