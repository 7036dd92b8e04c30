//! Answers made smaller on their way to the client.

use serde::{Deserialize, Serialize};

use super::text::SizeText;

/// Whether answers are compressed for clients that take it: `true` for the defaults, `false` for not at all, or a table of
/// what is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CompressionSetting {
    /// As it is by default, or not at all; whatever `defaults` says.
    Switch(bool),
    /// What is different.
    Table(Compression),
}

/// Answers made smaller on their way to clients that say in `Accept-Encoding` that they take it: the last of all that is done
/// to them, as they pass. What a cache keeps is not compressed. Answers that are coded already, that are parts, or that say
/// `Cache-Control: no-transform` stay as they are, and so does gRPC. Do not compress what has a secret beside something that
/// the client may choose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Compression {
    /// The codings, of which the first is used that the client likes best. Default: `["br", "zstd", "gzip"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codings: Option<Vec<CodingName>>,
    /// The smallest length that is worth it. Answers whose length is not known are compressed. Default: `"1KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<SizeText>,
    /// Media types: `application/json`, all of a kind (`text/*`), or all of a syntax (`*+json`). Server-sent events
    /// (`text/event-stream`) only where they are listed themselves. Default: `["text/*", "application/json", "*+json",
    /// "application/xml", "*+xml", "application/javascript", "application/x-ndjson", "application/wasm"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
}

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CodingName {
    /// Brotli: the smallest, and the dearest to make.
    Br,
    /// Zstandard: quick to make and to read.
    Zstd,
    /// What every client takes.
    Gzip,
    /// The same with less around it.
    Deflate,
}
