//! Keys that the gateway gave out.

use super::{Asking, Authenticator, Found, Rejection};
use crate::host::Host;

/// Keys that the gateway gave out, ready to be judged.
#[derive(Debug)]
pub struct ApiKeys {}

// === impl ApiKeys ===

impl ApiKeys {
    /// What `WWW-Authenticate` says of it.
    pub fn challenge(&self, _: &Rejection) -> Option<String> {
        None
    }
}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &ApiKeys, _: &Asking<'_>) -> Found {
    Found::Absent
}
