//! The key-value store that instances of the gateway share.

use serde::{Deserialize, Serialize};

/// The key-value store that instances of the gateway share: for issuers' key sets, verdicts, consumers and keys that
/// are managed while the gateway runs. Without this table nothing is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The label of Spin's key-value store. Default: `"default"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The native runner's file, relative to the configuration's directory; it is made where there is none. Several
    /// servers on one machine may share it. Default: none, and what is stored is gone with the process. On Spin, the
    /// store is its host's, and this has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}
