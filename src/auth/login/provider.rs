//! What a login needs to know of its provider, from its discovery document or from the configuration.

use crate::auth::discovery::{Endpoint as Named, Fault};
use crate::auth::key_source::{self, Place};
use crate::host::Host;
use crate::plan::{Endpoint, StorePlan};

use super::policy::{Home, Login};

/// The provider's addresses and abilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Where browsers are sent to log in.
    pub authorization: Box<str>,
    /// Where the code is exchanged.
    pub token: Endpoint,
    /// Where browsers are sent to log out (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    pub end_session: Option<Box<str>>,
    /// RFC 9207 section 3: whether every answer to the browser says who gives it.
    pub names_issuer: bool,
}

// === impl Provider ===

impl Provider {
    /// The provider of `login`. The error is for the operator.
    pub async fn of<H: Host>(host: &H, store: Option<&StorePlan>, login: &Login) -> Result<Self, String> {
        let provider = match (&login.home, &login.keys.place) {
            (Home::Written(provider), _) => return Ok(Self::clone(provider)),
            (Home::Discovered, Place::Provider(provider)) => provider,
            // The plan makes no such login.
            (Home::Discovered, Place::Address(_)) => return Err("there is no discovery document".to_owned()),
        };
        let metadata = key_source::metadata(host, store, provider).await.map_err(|error| error.cause)?;
        let named = |endpoint| metadata.endpoint(endpoint).map_err(|fault| fault.to_string());
        let end_session = match metadata.endpoint(Named::EndSession) {
            Ok(address) => Some(address.text.clone()),
            Err(Fault::Missing(_)) => None,
            Err(fault) => return Err(fault.to_string()),
        };
        Ok(Self {
            authorization: named(Named::Authorization)?.text.clone(),
            token: named(Named::Token)?.endpoint.clone(),
            end_session,
            names_issuer: metadata.names_issuer_in_authorization_response(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    pub fn provider() -> Provider {
        Provider {
            authorization: "https://id.example/auth".into(),
            token: Endpoint::of(&url::Url::parse("https://id.example/token").unwrap()).unwrap(),
            end_session: Some("https://id.example/end?a=b".into()),
            names_issuer: false,
        }
    }
}
