//! Where targets are found while the gateway runs.

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// Where an upstream's targets are found: exactly one of `dns`, `file` and `etcd`, and what becomes of what is found. The
/// upstream's `url` says what all of them have in common: the scheme, the path, and the port of those that are found
/// without.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Discovery {
    /// Names are resolved again and again. The native runner only: a component has no DNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsSetting>,
    /// A file that changes. The native runner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileSetting>,
    /// Keys of etcd, watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etcd: Option<Etcd>,
    /// Which targets may be found, each `[scheme://]host[:port]`: the host is a name, `*.suffix` for all names below it, an
    /// address, a network (`10.0.0.0/8`), or `*`; without a port, any. Others are left out. Default: any, but for addresses
    /// of the machine itself, link-local ones (those of clouds' metadata), multicast and the like, which must be allowed by
    /// address or network. A component needs it: where it may connect to stands in its manifest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Whether a source that says that there are no targets is believed. Default: false, and the last targets that were found
    /// stay in force: a mistake in a registry should not take a service away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,
    /// How often a source is asked that cannot say when something changes, and at least how long there is between two
    /// questions to one that can say how long its answer is good. Default: depends on the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<DurationText>,
    /// How long one question may take. Default: `"5s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// Where a component keeps what it was told when it asks the source itself. Not for `dns` and `file`. On the native
    /// runner, which watches, it has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<DiscoveryCache>,
}

/// Where a component keeps what a source told it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DiscoveryCache {
    /// The name of a store. Default: `"default"`, which is `[store]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// After how long the source is asked again. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<DurationText>,
}

/// DNS, by a name or with more said about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum DnsSetting {
    /// The name.
    Name(String),
    /// More.
    Table(Dns),
}

/// A name that is resolved again and again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// The name; one that does not end with a dot is one all the same: no search list is used.
    pub name: String,
    /// Which records are asked for: `"address"` (A and AAAA; the port is that of `url`) or `"srv"` (RFC 2782: ports,
    /// priorities and weights). Default: `"srv"` where the name begins with `_`, else `"address"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<DnsRecord>,
    /// Which addresses are used. Default: `"both"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<DnsFamily>,
    /// The servers that are asked, each an address and perhaps a port. Default: those of the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nameservers: Vec<String>,
    /// An answer is good for at most this long, whatever its time to live. Default: `"5m"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<DurationText>,
}

/// Which records are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DnsRecord {
    /// A and AAAA.
    Address,
    /// SRV, and the addresses of their targets.
    Srv,
}

/// Which addresses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DnsFamily {
    /// IPv4 and IPv6.
    Both,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// A file that changes, by its path or with more said about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FileSetting {
    /// The path, relative to the configuration's directory.
    Path(String),
    /// More.
    Table(TargetFile),
}

/// A file with a list of targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The path, relative to the configuration's directory, but not directly in it, where it would be read as configuration.
    /// The name ends with `.json`, `.yaml`, `.yml` or `.toml`.
    pub path: String,
}

/// Keys of etcd (version 3) under a prefix, each of which is a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Etcd {
    /// The addresses of its members, `"http://etcd-0:2379"`; asked one after the other where one does not answer.
    pub urls: Vec<String>,
    /// What the keys begin with: `"/services/orders/"`.
    pub prefix: String,
    /// The user, where etcd wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password, in a variable: `"${etcd_password}"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A token instead of user and password, in a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The gateway's own registry, where services register themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// A place for its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
