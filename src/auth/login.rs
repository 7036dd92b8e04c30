//! OpenID Connect login for browsers: the authorisation code flow with PKCE, and a session that lives in a sealed
//! cookie and nowhere else.
//!
//! Nothing is kept in the gateway, so that every instance, and a component that lives for one request, opens what any
//! other has sealed. The price: one session cannot be ended from afar before its lifetime is over; a new key without
//! the old one ends all of them.

use http::HeaderMap;
use http::header::COOKIE;

use super::{Kind, Plan};

pub mod browser;
pub mod callback;
pub mod chunks;
pub mod cookie;
pub mod enter;
pub mod exchange;
pub mod finish;
pub mod id_token;
pub mod logout;
pub mod pending;
pub mod policy;
pub mod provider;
pub mod return_to;
pub mod seal;
pub mod session;
pub mod tokens;

pub use enter::authenticate;
pub use policy::Login;

/// Takes the cookies of every login out of a request that goes to an upstream: whoever has one is the person it was
/// made for, and an upstream, be its route public or not, is not.
pub fn remove_cookies(plan: &Plan, headers: &mut HeaderMap) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let logins = || {
        plan.authenticators.iter().filter_map(|authenticator| match &authenticator.kind {
            Kind::Login(login) => Some(&login.cookies),
            _ => None,
        })
    };
    cookie::remove(headers, |name| logins().any(|cookies| cookies.has(name)));
}
