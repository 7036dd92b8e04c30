//! What upstreams are told about the caller.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// What upstreams are told about the caller. What a client sends under the name of any identity header of any route is
/// removed first, on every route, in any spelling: case, and `_`, `-` and other punctuation for one another, as servers
/// fold them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Header fields, by name: `"subject"`, `"consumer"`, `"scopes"` (with spaces between), `"roles"`, `"groups"` (with
    /// commas), `"authenticator"` (the name of the way in), or a table with `claim` or `metadata`. What is not known is
    /// not sent. `%`, and everything that is not visible ASCII or a space inside, is percent-encoded as UTF-8. At most
    /// 4 KiB each: a request that would need more is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, Told>>,
    /// A token of the gateway's own, signed with the first key of `[issuer]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// `"pass"`: `Authorization` goes to the upstream. `"drop"`: it does not, whatever it holds. Default: it goes on,
    /// but for a token that its issuer was asked about, which was meant for the gateway. What becomes of API keys and
    /// passwords is said by `forward` of their way in, and a session never goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
}

/// What becomes of `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Authorization {
    /// It goes to the upstream.
    Pass,
    /// It does not.
    Drop,
}

/// One thing that is told: a word, or a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Told {
    /// `"subject"`, `"consumer"`, `"authenticator"`, `"scopes"`, `"roles"` or `"groups"`.
    Word(String),
    /// A claim, or what is noted about the consumer.
    Table(ToldTable),
}

/// A claim, or what is noted about the consumer: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ToldTable {
    /// The place of a claim, as in the claims of ways in: `"email"`, `"realm_access.roles"`. In a header field: text,
    /// numbers and truth as they are, a list of these with commas between; anything else is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The name of something in the consumer's `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// A token of the gateway's own: a JSON Web Token with `iss`, `aud`, `sub` (the caller's subject, or else its consumer),
/// `iat`, `exp` and `jti`, and whatever else is chosen here. A table without keys takes every default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Token {
    /// The field that carries it; `Authorization` with `Bearer` before the token, in place of what came there.
    /// Default: `"Tollgate-Identity"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// `aud`: whom it is for. Default: the name of the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// From `iat` to `exp`, 2 seconds to 1 hour. Where the host has a memory, a token is given out again for half of
    /// this. Default: `"60s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<DurationText>,
    /// Further claims, by name; as `headers` of `identity`. Lists are JSON arrays (scopes one text), claims stay what
    /// they are. Default: `scope` and `consumer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<BTreeMap<String, Told>>,
}

/// The gateway as an issuer of tokens about its callers, for upstreams to verify.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// `iss`. Default: the `name` of `[telemetry]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Variables with private keys, each as `"${name}"`: Ed25519 (signs `EdDSA`), P-256 (`ES256`) or RSA from 2048 bits
    /// (`RS256`), in PKCS #8 PEM (`-----BEGIN PRIVATE KEY-----`); line ends may be written `\n`. Signing with Ed25519
    /// takes a tenth of the time of P-256, and a hundredth of RSA's. The first signs, all are published. To change keys:
    /// add the new one at the end, put it first once every upstream has seen it, and remove the old one a token's
    /// lifetime later.
    pub keys: Vec<String>,
    /// The path at which the public keys are published as a JSON Web Key Set, to everybody; `"off"` for nowhere.
    /// Default: `"/.well-known/tollgate/jwks.json"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
}
