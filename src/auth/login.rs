//! Browsers' sessions (OpenID Connect).

use super::{Asking, Authenticator, Found};
use crate::host::Host;

/// Browsers' sessions (OpenID Connect), ready to be judged.
#[derive(Debug)]
pub struct Login {}

// === impl Login ===

impl Login {
    /// Where its keys are fetched, where they are.
    pub fn key_source(&self) -> Option<&super::key_source::Source> {
        None
    }
}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Login, _: &Asking<'_>) -> Found {
    Found::Absent
}
