//! Requests that are done once, however often they are sent.

use serde::{Deserialize, Serialize};

/// What becomes of requests with an `Idempotency-Key`: the first is done, and its answer is given to all that repeat it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Idempotency {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
