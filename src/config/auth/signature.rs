//! A signature over the request (RFC 9421), with a key of a consumer.

use serde::{Deserialize, Serialize};

use crate::config::{DurationText, SizeText};

/// A signature over the request (RFC 9421), with a key of a consumer (`signature_keys`). The algorithm is the key's:
/// `ed25519` or `hmac-sha256`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Signature {
    /// The label that the signature must have. Without it, the first signature that fits is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the signature must cover: `@method`, `@target-uri`, `@authority`, `@scheme`, `@request-target`, `@path`,
    /// `@query`, and names of header fields. Parts count: `@authority`, `@path` and `@query` together are as good as
    /// `@target-uri`, and this covers each of them. Default: `["@method", "@target-uri"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<String>>,
    /// Whether the signature must cover `Content-Digest` (RFC 9530: `sha-256` or `sha-512`) where the request has
    /// content. Where it does, asked for or not, the content is read and compared before anything goes upstream, and
    /// its trailers, which no signature covers, are dropped. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_digest: Option<bool>,
    /// How much content may be held in memory to be compared with its digest; the route's own limit holds besides.
    /// Default: `"1MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_content: Option<SizeText>,
    /// How old the signature may be, by its `created`. `"off"`: as old as it likes, and it need not say. Default:
    /// `"5m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<DurationText>,
    /// How far the clocks of clients may be off; `"off"`: not at all. Default: `"60s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<DurationText>,
    /// The `tag` that the signature must have. A signature with another one is left to the next way in. Default: any,
    /// or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether the signature must have a `nonce`, which is let through once. Nonces are remembered in the `store`.
    /// Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<bool>,
}
