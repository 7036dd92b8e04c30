//! A service that is asked about each request.

use serde::{Deserialize, Serialize};

use super::super::text::DurationText;

/// A service that is asked about each request: a GET with chosen fields of the request, and with what was asked for in
/// `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri` and `-For`. A status of the class 2xx lets the request pass; any
/// other answer is the client's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The address that is asked, the same for every request.
    pub url: String,
    /// Fields of the request that the service gets. Default: `["authorization", "cookie"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Vec<String>>,
    /// Fields of an answer that lets a request pass which the upstream gets. What clients themselves send under these
    /// names, in any spelling, no upstream gets, on whatever route; but `Authorization` and `Cookie` only on routes that
    /// ask this service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_upstream: Vec<String>,
    /// Fields of an answer that lets a request pass which the client gets, such as `set-cookie`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_client: Vec<String>,
    /// Fields of any other answer which the client gets, beside those that it always does: `WWW-Authenticate`,
    /// `Location`, `Set-Cookie`, `Retry-After`, `Cache-Control`, and those that say what the content is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of_refusal: Vec<String>,
    /// What happens to requests while the service cannot be asked, or answers with a status of the class 5xx; with
    /// `"deny"`, such an answer is the client's. Default: `"deny"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// How long an answer may take. Default: `"2s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
}

/// What happens to requests while somebody who should be asked about them cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// They are refused.
    Deny,
    /// They pass.
    Allow,
}
