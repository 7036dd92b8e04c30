//! How much an upstream is asked at once.

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// How much an upstream is asked at once, and what happens to what comes on top. Counted by each native server for itself; a
/// component has no memory to count in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Admission {
    /// How many requests may be in flight, each from its beginning to the last byte of its answer. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Instead of `in_flight`: the limit is found by how long answers take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveLimit>,
    /// How many requests wait at most while as many are in flight as may be; 0 for none. The most important go first, and among
    /// equals those who came first. When so many wait, the least important of all is refused. Default: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<u32>,
    /// How long they wait at most. Default: `"1s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_timeout: Option<DurationText>,
    /// How many percent of the places the least important requests (`priority = "background"`, or 7) may not take, so that there is
    /// one for those that are more important; those in between in proportion. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserve: Option<u32>,
    /// How many requests may be in flight at one target; another target is asked then. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_target: Option<u32>,
    /// How many connections there are to one target at most, of all workers of a server together. Who finds none to use waits for
    /// one as long as the making of a connection may take. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
}

/// A limit that is found by how long answers take: it grows while they come nearly as fast as those of an idle upstream, and
/// shrinks when they do not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveLimit {
    /// The least it ever is, and what it is while the latency of an idle upstream is measured. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The most it ever is. Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// How much slower than those of an idle upstream answers may be, in percent. Default: 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer: Option<u32>,
    /// How often the limit is set anew. Default: `"100ms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<DurationText>,
    /// How often the latency of an idle upstream is measured. Default: `"60s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remeasure: Option<DurationText>,
    /// How many answers a measurement takes: 5 to 512. Default: 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u32>,
}

/// How important the requests of a route are where an upstream cannot take them all: a number, or its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Priority {
    /// 0, the most important, to 7, as the urgencies of RFC 9218.
    Number(u8),
    /// By its name.
    Name(PriorityName),
}

/// Priorities that have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PriorityName {
    /// The same as 0.
    Critical,
    /// The same as 3.
    Default,
    /// The same as 7.
    Background,
}
