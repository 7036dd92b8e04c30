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
