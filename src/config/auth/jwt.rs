//! A JSON Web Token of one issuer, as bearer token.

use serde::{Deserialize, Serialize};

/// A JSON Web Token of one issuer, as bearer token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Jwt {
    /// Placeholder: its helper replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
