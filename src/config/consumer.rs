//! Consumers: known callers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A known caller: a customer, a partner, a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Consumer {
    /// Groups that it belongs to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The name of its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What else is known of it: texts by name, for policies and for upstreams.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Keys that it signs requests with (RFC 9421), for ways in of the kind `signature`. Several at once make it easy
    /// to change one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signature_keys: Vec<SignatureKey>,
    /// Its API keys. To change one, add a second, and remove the first when it is no longer used: both count meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<ConsumerKey>,
    /// The digest of its password for `basic`, never the password: `"$argon2id$v=19$m=19456,t=2,p=1$…"`, as the program
    /// `argon2` writes it. It may take 7 to 64 MiB of memory, and as much work as 35 to 256 MiB with one pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Switches it off: its credentials are refused. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A key that requests are signed with: one of `ed25519` and `secret`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignatureKey {
    /// What signatures say as their `keyid`. No other key has it.
    pub id: String,
    /// A public key for `ed25519`: PEM (`BEGIN PUBLIC KEY`), or base64 of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ed25519: Option<String>,
    /// A secret for `hmac-sha256`, in a variable: `"${name}"`. At least 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether the variable has the secret in base64. Default: false, the bytes of its text are the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<bool>,
}

/// An API key of a consumer: its digest, never the key. `tollgate keys create --print` makes one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsumerKey {
    /// `sha256:` and the SHA-256 digest of the key as 64 hexadecimal digits: `printf %s KEY | sha256sum`.
    pub digest: String,
    /// What the key is called, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// From when it counts: `"2026-11-21"` or `"2026-11-21T12:00:00Z"`. Default: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<MomentText>,
    /// From when it counts no more. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<MomentText>,
    /// Switches it off. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A moment in UTC: a date, `"2026-11-21"`, which is its first second, or a date and a time, `"2026-11-21T12:00:00Z"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "author", schemars(title = "moment"))]
#[cfg_attr(
    feature = "author",
    schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"))
)]
#[serde(transparent)]
pub struct MomentText(pub String);
