//! Names and passwords (RFC 7617).

use super::{Asking, Authenticator, Found, Rejection};
use crate::host::Host;

/// Names and passwords (RFC 7617), ready to be judged.
#[derive(Debug)]
pub struct Basic {}

// === impl Basic ===

impl Basic {
    /// What `WWW-Authenticate` says of it.
    pub fn challenge(&self, _: &Rejection) -> Option<String> {
        None
    }
}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Basic, _: &Asking<'_>) -> Found {
    Found::Absent
}
