//! OpenID Connect login for browsers: the authorisation code flow with PKCE, and a session that lives in a sealed
//! cookie and nowhere else.
//!
//! Nothing is kept in the gateway, so that every instance, and a component that lives for one request, opens what any
//! other has sealed. The price: one session cannot be ended from afar before its lifetime is over; a new key without
//! the old one ends all of them.

use super::{Asking, Authenticator, Found};
use crate::host::Host;

pub mod browser;
pub mod callback;
pub mod chunks;
pub mod cookie;
pub mod exchange;
pub mod id_token;
pub mod logout;
pub mod pending;
pub mod policy;
pub mod provider;
pub mod return_to;
pub mod seal;
pub mod session;

pub use policy::Login;

/// Looks for credentials of this kind, and judges them.
pub async fn authenticate<H: Host>(_: &H, _: &Authenticator, _: &Login, _: &Asking<'_>) -> Found {
    Found::Absent
}
