//! Signatures over requests (RFC 9421).

use super::{Asking, Authenticator, Found, Rejection};
use crate::body::Body;
use crate::host::Host;

/// Signatures over requests (RFC 9421), ready to be judged.
#[derive(Debug)]
pub struct Signatures {}

// === impl Signatures ===

impl Signatures {
    /// What `WWW-Authenticate` says of it.
    pub fn challenge(&self, _: &Rejection) -> Option<String> {
        None
    }
}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(
    _: &H,
    _: &Authenticator,
    _: &Signatures,
    _: &Asking<'_>,
    _: &mut Body<H::Stream>,
) -> Found {
    Found::Absent
}
