//! When a request is sent again, or twice, and how upstreams are told of deadlines.

use serde::{Deserialize, Serialize};

use super::text::{DurationText, SizeText};

/// When a request is sent again. A request of which nothing was sent may always be; any other only where its method is
/// idempotent (RFC 9110 section 9.2.2) or it has an `Idempotency-Key`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// How often it is sent at most, the first time included: 1 to 10. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Statuses after which it is sent again. Default: 502, 503 and 504.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<u16>>,
    /// The longest wait before the second attempt; it doubles with each further one, and how much of it is waited is left
    /// to chance ("full jitter"). Default: `"25ms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<DurationText>,
    /// The longest wait before any attempt, also where the upstream asks for one (`Retry-After`): one that asks for more is not
    /// asked again. Default: `"250ms"`, or ten times `backoff` where that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_backoff: Option<DurationText>,
    /// How long one attempt may take until the head of its answer is there. Default: as long as the route allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_try: Option<DurationText>,
    /// Up to which size the content of a request is kept until there is an answer, so that it can be sent again. A larger one
    /// is not sent again once a byte of it was. Default: `"64KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
    /// How many retries there may be for all requests together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<RetryBudget>,
}

/// How many retries there may be for all requests to an upstream together, so that its failure is not made worse by them. A
/// component, which has no memory, bounds each request only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudget {
    /// Retries for each hundred requests of the last ten seconds. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// Retries in each second that there may be at any rate. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
}

/// When a second request is sent beside the first, to another target where there is one. The first good answer is the
/// client's, and the other request is given up. For requests only that may be repeated, see `retries`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Hedge {
    /// When the first has taken so long. Exactly one of `after` and `percentile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<DurationText>,
    /// When the first has taken longer than so many of a hundred of the last requests did: 50 to 99.9. A component has no memory
    /// of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
}

/// How an upstream is told how long the gateway will wait for its answer, anew with each attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TellDeadline {
    /// A header field that has it, in milliseconds: `"X-Request-Timeout-Ms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Whether calls of gRPC are told in `grpc-timeout`; a shorter time that the client gave stands. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<bool>,
}
