//! Where targets are found while the gateway runs.

use serde::{Deserialize, Serialize};

use super::auth::Access;
use super::text::{DurationText, OneOrMany};

/// Where an upstream's targets are found: exactly one of `dns`, `file`, `etcd`, `consul`,
/// `kubernetes`, `eureka` and `registry`, and what becomes of what is found. The
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
    /// A service of Consul, watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consul: Option<Consul>,
    /// The endpoints of a service of Kubernetes, watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    /// An application of Eureka.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eureka: Option<Eureka>,
    /// Instances that registered themselves in the gateway's own registry, `[registry]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registered>,
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

/// A service of Consul: its instances whose checks pass, from the health API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Consul {
    /// The address of Consul or of an agent: `"http://127.0.0.1:8500"`.
    pub url: String,
    /// The name of the service.
    pub service: String,
    /// Tags that instances must have, all of them. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<OneOrMany>,
    /// The datacenter. Default: that of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The token, in a variable: `"${consul_token}"`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether instances with a warning are asked too, with the weight that they have for that. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<bool>,
    /// How long Consul may hold a question until something changes: at most `"10m"`. Default: `"55s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<DurationText>,
}

/// The endpoints of a service of Kubernetes that are ready, from its EndpointSlices. The gateway's account needs the verbs
/// `list` and `watch` for `endpointslices` of the group `discovery.k8s.io`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// The name of the service.
    pub service: String,
    /// Its namespace. Default: `"default"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the port, where the service has several. Default: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The address of the API. Default: `"https://kubernetes.default.svc"`, which it has for pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The token, in a variable: `"${kubernetes_token}"`. It is read for each question; with
    /// `TOLLGATE_VARIABLE_KUBERNETES_TOKEN_FILE`, from the file that Kubernetes replaces. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A file of PEM certificates that are trusted instead of the platform's. Not possible in a component. Default: where
    /// `url` is not given, the one that pods find at `/var/run/secrets/kubernetes.io/serviceaccount/ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// An application of Eureka: its instances that are up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Eureka {
    /// The addresses of its servers, with the path that the API is under: `"http://eureka-0:8761/eureka"`; asked one after
    /// the other where one does not answer.
    pub urls: Vec<String>,
    /// The name of the application.
    pub application: String,
    /// Whether instances are asked by the name of their host, and not by their address. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<bool>,
}

/// A service of the gateway's own registry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The name of the service.
    pub service: String,
}

/// The gateway's own registry. Instances of services register themselves with `PUT {path}/SERVICE/INSTANCE`, again and again,
/// and vanish when they stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Who may register, and see what is registered; never the public.
    pub auth: Access,
    /// What may be registered, each `[scheme://]host[:port]`: the host is a name, `*.suffix` for all names below it, an
    /// address, a network (`10.0.0.0/8`), or `*` for all that is neither the machine itself nor link-local. Whoever may
    /// register decides where requests go, among these.
    pub allow: Vec<String>,
    /// Where it is. Default: `"/.tollgate/registry"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Hosts where that path is. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<OneOrMany>,
    /// Where it is kept: the name of a store. Default: `"default"`, which is `[store]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Services that may register beyond those that an upstream of this configuration discovers here: for gateways with
    /// another configuration and the same store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// How long an instance stays after it registered last; it may ask for less. At most `"1h"`. Default: `"30s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<DurationText>,
    /// How many instances a service may have: at most 1000. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// Whether a consumer registers, and takes out, instances of the service that has its own name only. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_name_only: Option<bool>,
    /// How long the store may take for each step. Default: `"1s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
}
