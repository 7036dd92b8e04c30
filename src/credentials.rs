//! How the gateway shows an upstream that it may ask: a secret, a name and a password, a token that it fetches for
//! itself (OAuth 2.0), or a signature over the request (AWS).

pub mod basic;
pub mod grant;
pub mod sealed;
pub mod sigv4;
