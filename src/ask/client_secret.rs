//! How the gateway shows an authorisation server who it is (RFC 6749 section 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::form_urlencoded::byte_serialize;

use crate::host::Secret;

/// `client_secret_basic`, the value of `Authorization`. Both are encoded as in a form before they become user name and
/// password, so that a colon in the client's name is none any more.
pub fn basic(client: &str, secret: &Secret) -> Option<HeaderValue> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
