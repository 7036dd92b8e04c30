//! Upstreams: the services behind the gateway.

use serde::{Deserialize, Serialize};

use super::admission::Admission;
use super::balance::{Balance, TargetSetting};
use super::credentials::Credentials;
use super::discovery::Discovery;
use super::health::{Circuit, Health};
use super::retry::{Hedge, Retries, TellDeadline};

/// A service behind the gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// `http://` or `https://`, a host and perhaps a port, and perhaps a path that goes before every request's path. With
    /// `discovery`, what all its targets have in common: the scheme, the path, and the port of those that come without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its targets, where there are several: each a url, or a table. They have the scheme and the path in common. With
    /// `discovery`, those that are in use until the first are found. Not together with `url`, except with `discovery`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetSetting>,
    /// Where its targets are found while the gateway runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// Which target a request goes to. Default: by chance, by their weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// Which targets are fit to be asked: probes, and what their answers show. Default: all always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// When a request is sent again. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// When a second request is sent beside the first. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
    /// When it is left alone because it fails. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<Circuit>,
    /// How much it is asked at once. Default: as much as comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
    /// How it is told how long the gateway will wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_deadline: Option<TellDeadline>,
    /// How the upstream is spoken to. Default: `"auto"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// How the upstream proves who it is; `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<UpstreamTls>,
    /// How the gateway shows the upstream that it may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// Send the client's `Host` instead of the upstream's own. Not possible in a component, whose host always sends
    /// the address it calls; `X-Forwarded-Host` tells upstreams everywhere. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_host: Option<bool>,
}

// === impl Upstream ===

impl Upstream {
    /// Every url that is written: of all targets, and what they have in common.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        let targets = self.targets.iter().map(|target| match target {
            TargetSetting::Url(url) => url.as_str(),
            TargetSetting::Table(table) => table.url.as_str(),
        });
        self.url.as_deref().into_iter().chain(targets)
    }
}

/// How an upstream is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/2 where TLS agrees on it (ALPN), else HTTP/1.1.
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2; over plain `http` with prior knowledge. Over plain `http`, a component cannot do this.
    Http2,
}

/// How an upstream proves who it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamTls {
    /// A file of PEM certificates that are trusted instead of the platform's, relative to the configuration's
    /// directory. Not possible in a component, whose host decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The name the certificate must be for. Default: the host of `url`. Not possible in a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}
