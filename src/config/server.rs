//! The native runner's listeners and their limits.

use serde::{Deserialize, Serialize};

use super::text::{DurationText, OneOrMany, SizeText};

/// The native runner's listeners and their limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Addresses for plain HTTP/1.1 and HTTP/2 (prior knowledge). Default: `"127.0.0.1:8080"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<OneOrMany>,
    /// Addresses for TLS, with HTTP/2 by ALPN. Needs `certificates`. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen_tls: Option<OneOrMany>,
    /// Certificates, chosen by the name the client asks for (SNI); the first serves clients that ask for none or
    /// for an unknown one. Read again when the files change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// Which clients are asked for certificates, and who must have signed these. A way in (`auth.NAME.certificate`)
    /// then says who they are. Read again when the files change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_certificates: Vec<ClientCertificates>,
    /// The operator's address: `/livez`, `/readyz`, `/metrics`, `/config`, `/upstreams`, and with `admin_token` also `/consumers`,
    /// `/keys` and `/revocations`; `"off"` for none. Keep it private. Default: `"127.0.0.1:9901"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// The token that whoever manages consumers, keys and revocations at the operator's address must have, as bearer
    /// token: exactly one variable, `"${admin_token}"`. Default: none, and nobody can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token: Option<String>,
    /// How long requests in flight may go on after SIGTERM. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<DurationText>,
    /// Limits on what clients may send and hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ServerLimits>,
}

/// A certificate chain and its key, as PEM files, relative to the configuration's directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The chain, the server's own certificate first.
    pub chain: String,
    /// The private key (PKCS #8, SEC1 or PKCS #1).
    pub key: String,
}

/// Asking clients for certificates (mutual TLS).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientCertificates {
    /// A file of PEM certificates of those who may have signed a client's, relative to the configuration's directory.
    pub ca: String,
    /// Which addresses of `listen_tls` ask. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<OneOrMany>,
    /// Whether a client may have none. Default: `"required"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ClientCertificateMode>,
}

/// Whether a client may have no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificateMode {
    /// The handshake fails without one.
    Required,
    /// One that is shown must be good; routes say whether one is needed.
    Optional,
}

/// Limits on what clients may send and hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ServerLimits {
    /// The longest request line (HTTP/1.1) or path (HTTP/2). 414 when it is longer. Default: `"8KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_line: Option<SizeText>,
    /// The size of all header fields together. 431 when they are larger. Default: `"32KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<SizeText>,
    /// The number of header fields. 431 when there are more. Default: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_count: Option<u32>,
    /// How long a client may take to send a request's head. 408 when it passes. Default: `"10s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_time: Option<DurationText>,
    /// How long a connection may be idle between requests. Default: `"75s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<DurationText>,
    /// Connections at once; further ones wait to be accepted. Default: 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// Requests at once; 503 with `Retry-After` beyond. Default: 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
}
