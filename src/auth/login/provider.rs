//! What a provider says of itself: OpenID Connect Discovery 1.0 section 3, as far as a login needs it.

use serde::Deserialize;

/// The provider's addresses and abilities.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// Who it is; what `iss` must be.
    pub issuer: String,
    /// Where browsers are sent to log in.
    pub authorization_endpoint: String,
    /// Where the code is exchanged.
    pub token_endpoint: String,
    /// Where browsers are sent to log out (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// RFC 9207 section 3: whether every answer to the browser says who gives it.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn provider() -> Provider {
        Provider {
            issuer: "https://id.example".to_owned(),
            authorization_endpoint: "https://id.example/auth".to_owned(),
            token_endpoint: "https://id.example/token".to_owned(),
            end_session_endpoint: Some("https://id.example/end?a=b".to_owned()),
            authorization_response_iss_parameter_supported: false,
        }
    }
}
