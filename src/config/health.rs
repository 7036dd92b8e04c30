//! Which targets are fit to be asked, and when an upstream is left alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{DurationText, OneOrMany};

/// Which targets are fit to be asked. Without `eject` and `probe`, all always are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// A target whose answers fail is ejected for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eject: Option<Ejection>,
    /// Targets are asked how they are, whether there are requests or not. By the native runner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probing>,
    /// The store in which instances share what they know of targets and circuits: `"default"` or one of `[stores]`. Components
    /// need it, because they remember nothing themselves; native runners share what they found. Default: nothing is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
}

/// When a target is ejected, and for how long. Without any of `consecutive_failures`, `consecutive_unanswered` and
/// `failure_percent`: after 5 failures in a row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Ejection {
    /// After so many failures in a row: answers with a status of 500 or above, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_failures: Option<u32>,
    /// After so many requests in a row that were not answered: no connection, broken off, or too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_unanswered: Option<u32>,
    /// When so many of a hundred requests within `window` failed: 1 to 100. A component counts failures in a row instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_percent: Option<u32>,
    /// How many requests there must have been within `window` for `failure_percent` to count: 1 to 10000. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_requests: Option<u32>,
    /// The span for `failure_percent`. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<DurationText>,
    /// For how long the first time; the second time in a row twice as long, the third time three times. Each such span without
    /// another ejection makes one forgotten. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<DurationText>,
    /// For how long at most. Default: `"5m"`, or ten times `time` where that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_time: Option<DurationText>,
    /// What is added to a time at most, by chance, in hundredths of it: 0 to 100. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_percent: Option<u32>,
    /// How many of a hundred targets may be ejected at once: 1 to 100. One may be wherever there is another, and one that is fit
    /// always stays. Default: 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_ejected_percent: Option<u32>,
}

/// How targets are asked how they are. Exactly one of `http`, `grpc` and `tcp`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Probing {
    /// By a request: its path, or a table that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpProbe>,
    /// By `grpc.health.v1.Health/Check`, over HTTP/2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcProbe>,
    /// By a connection, over which nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<bool>,
    /// The port, where it is not the one that requests go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How often each target is asked: `"100ms"` at least. Default: `"10s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<DurationText>,
    /// How much longer at most, by chance, in hundredths of the interval: 0 to 100. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_percent: Option<u32>,
    /// How long an answer may take. Default: `"2s"`, or the interval where that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// After how many in a row that passed an unfit target is fit again. Default: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy: Option<u32>,
    /// After how many in a row that failed a fit target is unfit. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<u32>,
    /// What a target is before it was asked; its first probe decides at once. Default: `"fit"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initially: Option<Initially>,
}

/// What a target is before it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Initially {
    /// It gets requests.
    Fit,
    /// It gets none.
    Unfit,
}

/// A probe by a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum HttpProbe {
    /// The path, and perhaps a query; the status must be 200 to 299.
    Path(String),
    /// More.
    Table(HttpProbeTable),
}

/// A probe by a request, and what its answer must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HttpProbeTable {
    /// The path, and perhaps a query; what the upstream's url has before every path does not go before this one.
    pub path: String,
    /// The method. Default: `"GET"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Further fields; `Host` is the target's own unless it stands here. No secrets: these are not variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Statuses that are good: `"200"`, `"200-299"`. Default: `"200-299"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OneOrMany>,
    /// What the body must have in it; then it has at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
}

/// A probe by the health protocol of gRPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GrpcProbe {
    /// The service's name, with its package. Default: none, which is the server as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// When an upstream, or a target of it, is left alone because it fails. At least one of both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Circuit {
    /// The circuit of the upstream as a whole: while it is open, no target of it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<CircuitRule>,
    /// The circuit that each target has: while it is open, others are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<CircuitRule>,
}

/// When a circuit opens, and how it closes again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CircuitRule {
    /// It opens when so many of a hundred requests within `window` failed: 1 to 100. Failures are answers with a status of 500 or
    /// above, none, and those that are too slow. A component counts failures in a row instead. Default: 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_percent: Option<u32>,
    /// How many requests there must have been within `window`: 1 to 10000. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_requests: Option<u32>,
    /// The span in which requests count. Default: `"10s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<DurationText>,
    /// Answers that take so long to begin are failures, too. Default: none is too slow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<DurationText>,
    /// For how long it is open the first time; each further time in a row twice as long. Default: `"5s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<DurationText>,
    /// For how long at most. Default: `"1m"`, or `open` where that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_open: Option<DurationText>,
    /// How many requests are let pass then; when all of them succeeded, it recovers, and when one fails, it is open again: 1 to
    /// 1000. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<u32>,
    /// How long it recovers: the share of requests let pass grows linearly from nothing to all. `"off"`: all pass at once. Default:
    /// `"10s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<DurationText>,
}
