//! Request identifiers, traces and the access log.

use serde::{Deserialize, Serialize};

/// Request identifiers, traces and the access log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// One line a request. Default: `"auto"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log: Option<AccessLog>,
    /// Tell clients where the time went, in `Server-Timing`. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_timing: Option<bool>,
    /// This gateway's name in `Via`, `CDN-Loop` and `Proxy-Status`; a token. Two gateways in a row need different
    /// names, or the second takes the first's requests for a loop. Default: `"tollgate"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How the access log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccessLog {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// One line of text for people.
    Text,
    /// None.
    Off,
}
