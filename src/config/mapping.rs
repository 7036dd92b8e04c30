//! What an old version of an API says in the words of a newer one.

use serde::{Deserialize, Serialize};

/// How the JSON of requests becomes that of the upstream, and the upstream's that of answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
