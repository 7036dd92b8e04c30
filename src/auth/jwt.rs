//! A JSON Web Token as bearer token.

use super::{Asking, Authenticator, Found};
use crate::host::Host;

/// A JSON Web Token as bearer token, ready to be judged.
#[derive(Debug)]
pub struct Jwt {}

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Jwt, _: &Asking<'_>) -> Found {
    Found::Absent
}
