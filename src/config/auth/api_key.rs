//! A key that belongs to a consumer.

use serde::{Deserialize, Serialize};

/// A key that belongs to a consumer: of `[consumers]`, or of the key-value store. A key looks like `tgk_` and 49 letters
/// and digits; `tollgate keys create` makes one. Only its digest is kept. Two keys that differ in one request are 400.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ApiKey {
    /// The header field that is the key. Default: `"x-api-key"`, where no other place is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The scheme after which the key stands in `Authorization`: `"ApiKey"`, or `"Bearer"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// The parameter of the query that is the key. It ends up in the histories of browsers and in the logs of others;
    /// in the access log of this gateway it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The cookie that is the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// What keys begin with, before `_`, so that scanners for leaked secrets know them: words of lower-case letters and
    /// digits, with `_` between them. A key that begins otherwise is left to the next way in. Default: `"tgk"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What keys look like. Default: `"tollgate"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<KeyFormat>,
    /// Keys and consumers of the key-value store count too, those that `tollgate keys` and the operator's address
    /// manage while the gateway runs. Needs `[store]`. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// The upstream gets the key as well; else it is taken out of the request, wherever it stands. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<bool>,
}

/// What keys look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyFormat {
    /// Keys made by `tollgate keys create`: a prefix, 256 random bits and a checksum. Anything else is refused without
    /// a look-up.
    Tollgate,
    /// Keys made elsewhere too: 22 to 512 printable characters without spaces. They must be random: digests of keys
    /// that can be guessed can be undone.
    Any,
}
