//! A bearer token that its issuer is asked about (RFC 7662).

use serde::{Deserialize, Serialize};

use super::super::text::DurationText;

/// A bearer token that its issuer is asked about (RFC 7662). If the issuer cannot be asked, nobody is let in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// The address that is asked.
    pub endpoint: String,
    /// The gateway's own identifier at the issuer. Default: none, the endpoint is asked without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The gateway's secret, a variable: `"${introspection_secret}"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Where the secret stands in the question. Default: `"basic"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<SecretPlace>,
    /// What `iss` of the answer must be, to the letter. Default: it is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whom the token must be for: `aud` of the answer has one of them. Default: it is not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Where the answer says which roles the caller has, such as `"realm_access.roles"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// Where the answer says which groups the caller belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// How long an answer that lets a caller in is believed, never beyond the token's own end; so long may a token
    /// that was revoked still work. `"off"` to ask each time. Default: `"30s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<DurationText>,
    /// How long an answer that refuses a token is believed. `"off"` to ask each time. Default: `"5s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_refused: Option<DurationText>,
    /// How long an answer may take. Default: `"2s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
}

/// Where a client's secret stands (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// In the field `Authorization`, as user name and password.
    Basic,
    /// In the form.
    Post,
}
