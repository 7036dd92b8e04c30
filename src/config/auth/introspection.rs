//! A bearer token that its issuer is asked about (RFC 7662).

use serde::{Deserialize, Serialize};

/// A bearer token that its issuer is asked about (RFC 7662).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Introspection {
    /// Placeholder: its helper replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
