//! HTTP Message Signatures (RFC 9421) for machine clients: a request is signed with a key that the gateway knows, and
//! what the signature covers cannot have been changed on the way.
//!
//! Two algorithms, ed25519 and hmac-sha256; the key has one, and the signature cannot choose another. What a signature
//! must cover is the policy's to say. Content is covered through `Content-Digest` (RFC 9530), which is compared with
//! the content by [`content_digest`].
//!
//! What the client called is what counts: scheme and authority are arguments of [`Message`], because behind a trusted
//! proxy they are not those of the connection.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::{Caller, Rejection as Refusal};

mod base;
mod component;
pub mod content_digest;
mod field_value;
mod fields;
mod key;
mod nonce;
mod policy;
mod query_param;
mod rejection;
mod stage;
mod verify;

pub use base::signature_base;
pub use component::{Component, Derived};
pub use fields::{Labelled, Signature, signatures};
pub use key::{Algorithm, Key, KeyError};
pub use policy::{Policy, Required};
pub use rejection::Rejection;
pub use stage::authenticate;
pub use verify::{Candidate, Judged, Replay, candidates, judge};

/// Signatures over requests, ready to be judged.
#[derive(Debug)]
pub struct Signatures {
    /// What they must be like.
    pub policy: Policy,
    /// How many bytes of content are held in memory to be compared with their digest.
    pub most_content: u64,
    /// The keys of all consumers, sorted by their identifiers.
    pub keys: Vec<Known>,
}

/// A key of a consumer.
#[derive(Debug)]
pub struct Known {
    /// What `keyid` says.
    pub id: Box<str>,
    /// The key, or where it is.
    pub material: Material,
    /// Whose it is, as this way in says it.
    pub caller: Arc<Caller>,
}

/// A key, or where it is: a plan holds no secrets.
#[derive(Debug, Clone)]
pub enum Material {
    /// A public key.
    Public(Key),
    /// A secret for HMAC.
    Secret {
        /// The variable that has it.
        variable: Box<str>,
        /// Whether it is written in base64 there.
        base64: bool,
    },
}

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
    /// Whether there is known to be content. Where no length is announced nobody knows; whoever reads it finds out.
    pub has_content: bool,
}

// === impl Signatures ===

impl Signatures {
    /// The key of this identifier.
    pub fn known(&self, keyid: &str) -> Option<&Known> {
        let at = self.keys.binary_search_by(|known| (*known.id).cmp(keyid)).ok()?;
        Some(&self.keys[at])
    }

    /// What `WWW-Authenticate` says of it. RFC 9421 has no scheme of its own; the name is the one that signatures had
    /// before it, and RFC 9110 section 11.6.1 asks for one.
    pub fn challenge(&self, _: &Refusal) -> Option<String> {
        Some("Signature".to_owned())
    }
}
