//! The stores that instances of the gateway share.

use serde::{Deserialize, Serialize};

/// A store that instances of the gateway share. `[store]` is for issuers' key sets, verdicts, consumers and keys that are
/// managed while the gateway runs, and for the limits that name it; `[stores.NAME]` for limits only. At most one of
/// `label`, `file` beside it, and `redis`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The label of Spin's key-value store. Default: `"default"`, and for one of `[stores]` its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The native runner's file, relative to the configuration's directory; it is made where there is none. Several
    /// servers on one machine may share it. Default: none, and what is stored is gone with the process. On Spin, the
    /// store is its host's, and this has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Redis (or a server that speaks its protocol) instead of both: on every host, also on Spin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisSetting>,
}

/// A Redis server, by its address or with more said about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RedisSetting {
    /// Its address: `"redis://127.0.0.1:6379"`.
    Address(String),
    /// More.
    Table(Redis),
}

/// A Redis server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Its address: `redis://HOST:PORT/DATABASE`, or `rediss://` for TLS. The port is 6379 and the database 0 unless said.
    /// A user and a password stand beside it, not in it.
    pub address: String,
    /// The user (Redis' ACL). Default: the default user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password, in a variable: `"${redis_password}"`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether it is one node of a cluster, whose others are asked of it. A component cannot. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<bool>,
    /// A file of PEM certificates to trust instead of the platform's, relative to the configuration's directory. A
    /// component cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// What goes before each key. Default: `"tollgate:"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}
