//! A client's certificate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::text::OneOrMany;

/// A client's certificate: that of its connection, where a listener asks for one (`server.client_certificates`), or with
/// `from_proxies` the one that a trusted proxy saw.
///
/// Whether a certificate was revoked is looked up by nobody: give out short-lived ones, or list in `allow` who is let in.
/// A policy finds in `claims`: `subject`, `common_name`, `san_dns`, `san_uri`, `san_email`, `issuer`, `serial`,
/// `fingerprint` and `not_after`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "author", schemars(rename = "CertificateAuth"))]
#[serde(deny_unknown_fields, default)]
pub struct Certificate {
    /// Which of a certificate's names says who the caller is. One without such a name is refused. Default:
    /// `"subject"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<CertificateName>,
    /// Names that are let in: exact ones, and except for `"subject"` and `"fingerprint"` with an asterisk at the
    /// beginning or the end, for one character or more: `"spiffe://example.org/ns/shop/*"`. Where a certificate has
    /// several names of the kind, the first of these is the caller. Default: all that the authorities signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<OneOrMany>,
    /// Known callers: the name of the consumer by the name in the certificate.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub consumers: BTreeMap<String, String>,
    /// Whether the field `Client-Cert` (RFC 9440) of a trusted proxy (`clients.trusted_proxies`) is believed. Such a
    /// proxy must check certificates, and must remove what clients themselves write into that field. From anybody
    /// else the field is removed. For requests of trusted proxies the certificate of the connection then does not
    /// count. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_proxies: Option<bool>,
}

/// One of a certificate's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CertificateName {
    /// The subject, as RFC 4514 writes it: `"CN=billing,O=Example"`.
    Subject,
    /// The subject's common name, where it has exactly one.
    CommonName,
    /// A name of the DNS among the alternative names, in lower case.
    SanDns,
    /// A URI among the alternative names, such as a SPIFFE ID.
    SanUri,
    /// A mail address among the alternative names.
    SanEmail,
    /// SHA-256 of the whole certificate, 64 hexadecimal digits in lower case.
    Fingerprint,
}
