//! How documents of an issuer are fetched and kept.

use serde::{Deserialize, Serialize};

use super::super::text::{DurationText, SizeText};

/// How an issuer's key set, and what it says of itself, are fetched and kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Fetch {
    /// How long a document is fresh, from `"1m"` to `"24h"`; a `Cache-Control: max-age` of the issuer's answer goes
    /// before it, within the same bounds. It is fetched again a little earlier. Default: `"15m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<DurationText>,
    /// How long keys that are known still work when they are no longer fresh and the issuer cannot be reached; `"off"`
    /// for not at all. Default: `"24h"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<DurationText>,
    /// A token whose key is not in the set makes the gateway fetch the set anew, but only once in this time, for all
    /// such tokens. After an attempt in vain the next one waits as long. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down: Option<DurationText>,
    /// How long a fetch may take. Default: `"2s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// The largest key set. Default: `"256KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeText>,
}
