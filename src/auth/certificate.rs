//! Clients' certificates.

use super::{Asking, Authenticator, Found};

/// Clients' certificates, ready to be judged.
#[derive(Debug)]
pub struct Certificates {}

/// Looks for credentials of this kind, and judges them.
pub fn authenticate(_: &Authenticator, _: &Certificates, _: &Asking<'_>) -> Found {
    Found::Absent
}
