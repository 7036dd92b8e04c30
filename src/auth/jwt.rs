//! JSON Web Tokens (RFC 7519), signed (RFC 7515): whether one is to be believed.
//!
//! Every decision here is a function of the [`Policy`], the [`KeySet`], the token and the time. Three rules hold by
//! construction (RFC 8725): the algorithm comes from the key, never from the token; an algorithm that does not sign
//! cannot be expressed; and a token is judged by the keys of its own issuer only.

mod algorithm;
mod der;
mod key;
mod key_set;
mod policy;
mod token;
mod verify;

pub use algorithm::{Algorithm, Algorithms};
pub use key::{Key, KeyError, Origin};
pub use key_set::{KeySet, KeySetError};
pub use policy::{Policy, Required, ScopeSource};
pub use token::{Malformed, Token};
pub use verify::{Judged, Rejection, judge};

use super::{Asking, Authenticator, Found};
use crate::host::Host;

/// A JSON Web Token as bearer token, ready to be judged.
#[derive(Debug)]
pub struct Jwt {}

// === impl Jwt ===

impl Jwt {
    /// Where its keys are fetched, where they are.
    pub fn key_source(&self) -> Option<&super::key_source::Source> {
        None
    }
}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Jwt, _: &Asking<'_>) -> Found {
    Found::Absent
}
