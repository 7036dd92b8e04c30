//! What becomes of requests and answers on the way.

use serde::{Deserialize, Serialize};

/// What becomes of requests and answers on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Transform {
    /// A placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
