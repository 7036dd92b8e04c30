//! A name and a password (RFC 7617), which belong to a consumer.

use serde::{Deserialize, Serialize};

/// A name and a password (RFC 7617): the name of one of `[consumers]`, and its `password`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Basic {
    /// What browsers show when they ask for the password. Default: `"api"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// The upstream gets name and password as well; else `Authorization` is taken out of the request. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<bool>,
}
