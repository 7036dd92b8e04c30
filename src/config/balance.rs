//! Targets of an upstream, and which of them is asked.

use serde::{Deserialize, Serialize};

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
    /// Its share of requests, compared with the others': 0 to 65535; 0 for none. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Its tier: those of a tier are asked when not enough of the tiers before it are fit. Default: 0, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Where it runs.
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
}

/// How a target is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BalancePolicy {
    /// By chance, by weight.
    Random,
}
