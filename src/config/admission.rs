//! How much an upstream is asked at once.

use serde::{Deserialize, Serialize};

/// How much an upstream is asked at once, and what happens to what comes on top.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Admission {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
