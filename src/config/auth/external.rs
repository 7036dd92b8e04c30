//! A service that is asked about each request.

use serde::{Deserialize, Serialize};

/// A service that is asked about each request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct External {
    /// Placeholder: its helper replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
