//! Targets of an upstream, and which of them is asked.

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// A target: its url, or a table that says more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum TargetSetting {
    /// Its url.
    Url(String),
    /// More.
    Table(Target),
}

/// A target of an upstream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://` or `https://`, a host and perhaps a port, and the path that all targets have in common.
    pub url: String,
    /// What tells it apart in hashes, metrics and reports; letters, digits, and any of `.`, `_`, `-`, `:`. Default: host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its share of requests, compared with the others': 0 to 65535; 0 for none but those of clients that stay with it.
    /// Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Its tier: those of a tier are asked when not enough of the tiers before it are fit. Default: 0, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Where it runs: for `zone` in `balance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Which target a request goes to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Balance {
    /// The policy. Default: `"random"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<BalancePolicy>,
    /// With the policies `"maglev"` and `"rendezvous"`: what makes requests go to the same target. Where a request does not
    /// have it, its client's address stands in. Default: `"address"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<HashKey>,
    /// With `"maglev"`: how many places the table has, a prime number up to 5000011; a hundred for each target make shares
    /// even to a hundredth. Another number is another table, in which most keys have another target. Default: 65537.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<u32>,
    /// Where this gateway runs: within a tier, targets of the same `zone` are asked before the others, as long as enough of
    /// them are fit. Default: zones make no difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where fewer than so many percent of the targets of a tier are fit, and no other tier can stand in, all are asked:
    /// 0 to 100, 0 for never. Default: 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<u8>,
    /// Over how long a target that joins while the gateway runs comes to its share. Not with `"maglev"` and
    /// `"rendezvous"`. A component, which remembers nothing, gives it its share at once. Default: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_start: Option<DurationText>,
    /// Has each client stay with a target, by a cookie. Not for routes that keep answers. Default: clients do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<StickySessions>,
}

/// How a target is chosen, always by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BalancePolicy {
    /// By chance.
    Random,
    /// In turn. Needs memory: a component chooses by chance.
    RoundRobin,
    /// Of two that are drawn by chance, the one with fewer requests in flight. Needs memory: a component chooses by chance.
    LeastRequests,
    /// Of two that are drawn by chance, the one that is expected to answer sooner, by how long its answers took and how many
    /// requests it has in flight. Needs memory: a component chooses by chance.
    PeakEwma,
    /// By `key`, from a table: quick with any number of targets.
    Maglev,
    /// By `key`, from a score of each target: fewer keys move when targets change, and shares are exact.
    Rendezvous,
}

/// What makes requests go to the same target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum HashKey {
    /// One part: something that every request may have.
    Name(HashName),
    /// Several: requests that agree in all of them go to the same target. Before the table, which serde would make of a list
    /// too.
    Many(Vec<HashPart>),
    /// One part: something with a name of its own.
    Table(HashTable),
}

/// A part of what makes requests go to the same target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum HashPart {
    /// Something that every request may have.
    Name(HashName),
    /// Something with a name of its own.
    Table(HashTable),
}

/// Something that every request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HashName {
    /// The client's address; of IPv6, the first 64 bits.
    Address,
    /// The consumer.
    Consumer,
    /// Who calls in the words of the way in.
    Subject,
    /// The host that was asked for.
    Host,
    /// The path, without the query.
    Path,
}

/// Something with a name: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HashTable {
    /// A header field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// A claim of the caller's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// A parameter of the query; of several, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The value of an expression in CEL: text, a number, or true or false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// Has each client stay with a target: the first answer sets a cookie that names it, unreadable to anybody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StickySessions {
    /// The secret that the cookie is signed with, at least 32 characters: exactly one variable, such as
    /// `"${sticky_secret}"`.
    pub secret: String,
    /// The name of the cookie, which no upstream gets. Default: `tollgate-` and the upstream's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// The paths that clients send it for. Default: `"/"`, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How long clients keep it, from when their target was chosen; whole seconds. Default: until the browser is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<DurationText>,
}
