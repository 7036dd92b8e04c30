//! A signature over the request (RFC 9421), with a key of a consumer.

use serde::{Deserialize, Serialize};

/// A signature over the request (RFC 9421), with a key of a consumer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Signature {
    /// Placeholder: its helper replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
