//! Upstreams: the services behind the gateway.

use serde::{Deserialize, Serialize};

use super::credentials::Credentials;

/// A service behind the gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// `http://` or `https://`, a host and perhaps a port, and perhaps a path that goes before every request's path.
    pub url: String,
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
