//! A name and a password (RFC 7617), which belong to a consumer.

use serde::{Deserialize, Serialize};

/// A name and a password (RFC 7617), which belong to a consumer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Basic {
    /// Placeholder: its helper replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
