//! Requests that are done once, however often they are sent.

use serde::{Deserialize, Serialize};

use super::text::{DurationText, SizeText};

/// What becomes of requests with an `Idempotency-Key`: the first is done, and its answer is given to all that repeat it. An answer
/// of the class 5xx, and none at all, are not kept: the request is done when it is repeated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Idempotency {
    /// The name of the store in which answers are kept. Default: `"default"`, the store of `[store]`. A component needs one in
    /// Redis: its platform's forgets nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How long an answer is kept. Default: `"24h"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<DurationText>,
    /// Whether a request must have a key. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Methods whose requests are done once. Default: `POST` and `PATCH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// The largest content of an answer that is kept. Of a larger one it is kept that the request was done, and whoever repeats
    /// it is told so. Default: `"256KiB"`; at most `"1000KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
    /// The largest content of a request with a key: all of it must be there before it is known whether it is the same. Default:
    /// `"1MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<SizeText>,
    /// What happens while the store does not answer. Default: `"refuse"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_store_failure: Option<OnIdempotencyFailure>,
}

/// What happens to requests with a key while the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnIdempotencyFailure {
    /// They get 503: none is done twice.
    Refuse,
    /// They are done, although they may have been done before.
    Proceed,
}
