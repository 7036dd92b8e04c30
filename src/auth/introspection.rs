//! Tokens that their issuer is asked about (RFC 7662).

pub mod verdict;
pub mod verdict_cache;

use super::{Asking, Authenticator, Found};
use crate::host::Host;

/// Tokens that their issuer is asked about (RFC 7662), ready to be judged.
#[derive(Debug)]
pub struct Introspection {}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Introspection, _: &Asking<'_>) -> Found {
    Found::Absent
}
