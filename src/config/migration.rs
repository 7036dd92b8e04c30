//! Moving requests from one upstream to another.

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// Which of several upstreams answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Split {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Which upstream is asked where the first has nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Fallback {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Another upstream that gets requests too, and whose answers nobody waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Mirror {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// What may be changed while the gateway runs, and where it stands: one document in a store that all instances of the
/// gateway read. It holds the weights of splits that were set while the gateway ran, and the endpoints that a native server
/// found for components. Where the store fails, the last document that was read holds on; where there is none, what the
/// configuration says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// The store it stands in: `"default"` for `[store]`, or the name of one of `[stores]`. Default: `"default"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How often a native server reads it again, `"1s"` to `"1h"`. A component, which remembers nothing, reads it with each
    /// request that needs it. Default: `"1s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<DurationText>,
    /// How long the store may take, at most `"10s"`; then a request goes on without. Default: `"250ms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_timeout: Option<DurationText>,
}
