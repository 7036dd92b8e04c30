//! Moving requests from one upstream to another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rate_limit::KeyParts;
use super::route::Condition;
use super::text::{DurationText, SizeText};

/// Which of several upstreams answers: the first of `rules` that holds decides, else the weights of `to`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Split {
    /// Requests whose upstream is decided by what they are, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SplitRule>,
    /// The upstreams that share all other requests. The order counts: where callers are told apart `by` something, each
    /// upstream has its stretch of a line that all callers stand on, one stretch after the other as they are written here,
    /// so that whoever is with an upstream stays with it when its weight grows.
    pub to: Vec<SplitPart>,
    /// What callers are told apart by, so that each stays with its upstream: as `key` of a limit. Where a request does not
    /// have it, its client's address stands in. The same request goes to the same upstream at every instance and on every
    /// host. Default: nothing, and each request is shared out by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<KeyParts>,
    /// What goes into the hash beside `by`: splits with the same salt and the same weights send the same callers to the same
    /// side. Default: the id of the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// Requests that go to one upstream of a split: all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SplitRule {
    /// The name of the upstream.
    pub upstream: String,
    /// An expression in CEL that is true or false; one that cannot be evaluated for a request does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Conditions on header fields, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Condition>,
    /// Conditions on cookies, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, Condition>,
    /// Conditions on claims of the caller's token, by name; of a claim that is a list, one value must do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Condition>,
}

/// An upstream that shares requests with others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SplitPart {
    /// The name of the upstream.
    pub upstream: String,
    /// Its share of requests, compared with the others': 0 to 1000000; 0 for none. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The least weight that may be set while the gateway runs. Default: 0 where `max` is written; else the weight cannot be
    /// changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The greatest weight that may be set while the gateway runs. Default: 1000000 where `min` is written; else the weight
    /// cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Which upstream is asked where the first has nothing: the new service, and then what it replaces. The first answer is
/// dropped, and what the second says is the answer, whatever it says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The name of the upstream that is asked then.
    pub to: String,
    /// The statuses after which it is asked, 400 to 599. Default: `[404, 501]`, by which the first says that it has done
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<u16>>,
    /// Whether it is asked, too, where the first gives no answer: for idempotent methods and requests with
    /// `Idempotency-Key`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<bool>,
    /// The methods it is asked for. Default: the idempotent ones; another may be acted on twice if the first service says
    /// that it has not acted although it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// How much of a request's content is kept for it. With more, the first answer stands. Default: `"64KiB"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
}

/// Another upstream that gets requests too, when they have been answered, and whose answers nobody waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// The name of the upstream.
    pub to: String,
    /// The share of requests that it gets: `"10%"`, `"0.5%"`. Default: `"100%"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
    /// What callers are told apart by, so that it gets all requests of some callers: as `key` of a limit. Default: nothing,
    /// and the share is chosen by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<KeyParts>,
    /// The methods of requests that it gets. Default: the idempotent ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// How much content a request may have that it gets. Default: `"64KiB"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
    /// How long it may take, `"1s"` to `"1m"`. Default: `"10s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// How many requests of the route it is asked at once by one process, 1 to 1000; what comes on top it does not get. A
    /// component handles one at a time. Default: 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// Whether it gets what callers prove themselves by: `Authorization`, cookies and keys that go on to the first upstream.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<bool>,
    /// How its answers are compared with those that callers get. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
}

/// How the answers of a mirror are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Compare {
    /// Whether statuses must be equal. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<bool>,
    /// Header fields that must be equal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Whether contents must be equal as JSON: whatever the order of members and the form of numbers. Contents with a
    /// coding (`Content-Encoding`) are not compared. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<bool>,
    /// Places in the JSON that may differ: names with `.` between them, `[0]` for an element of an array and `[*]` for each
    /// of them, `["any name"]` for a name with other signs, or a JSON Pointer: `"meta.time"`, `"items[*].id"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// How much content is compared; of more, only status and header fields are. Default: `"256KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<SizeText>,
    /// The share of differences that are shown in full: written into the access log, and kept by a native server for its
    /// admin address. All are counted. Default: `"100%"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Whether what differs is shown with its values, which may be about callers. Default: false, and only where it differs
    /// is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_values: Option<bool>,
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
