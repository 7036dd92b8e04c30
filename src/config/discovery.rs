//! Where targets are found while the gateway runs.

use serde::{Deserialize, Serialize};

/// Where an upstream's targets are found: exactly one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Discovery {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The gateway's own registry, where services register themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
