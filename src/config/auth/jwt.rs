//! A JSON Web Token of one issuer, as bearer token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::text::{DurationText, OneOrMany, SizeText};
use super::fetch::Fetch;

/// A JSON Web Token of one issuer, as bearer token. It is judged with the keys of this issuer alone. Where the keys are
/// is said by one of `discovery`, `jwks`, `keys` and `secret`; by default the issuer is asked for them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// `iss` of its tokens, to the letter. Tokens of others are left to the other ways in that a route accepts.
    pub issuer: String,
    /// Whom a token must be for: `aud` has one of them. Must be given, or `any_audience`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<OneOrMany>,
    /// Takes tokens that were issued for somebody else too. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any_audience: Option<bool>,
    /// How the issuer, which then is an address, says where its keys are. Default: `"openid"`, if none of `jwks`,
    /// `keys` and `secret` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// Origins beside the issuer's own where its keys may be, such as `"https://keys.example.com"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The address of the issuer's key set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// How key sets are fetched and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<Fetch>,
    /// The issuer's public keys. Each text is a public key or a certificate in PEM, or a JSON Web Key or Key Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<OneOrMany>,
    /// A secret that the issuer signs with, a variable: `"${token_secret}"`. It is at least as long as the hash: 32
    /// bytes for HS256. Several, where one is being replaced by another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<OneOrMany>,
    /// How the secret is written in the variable. Default: `"text"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_encoding: Option<SecretEncoding>,
    /// Signatures that are taken, of those that the keys can make. Default: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Algorithm>,
    /// What `typ` in a token's header must say, such as `"at+jwt"` for access tokens of RFC 9068. Default: nothing,
    /// `"JWT"` or `"at+jwt"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// How far the issuer's clock may be from this one, at most `"10m"`. Default: `"60s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<DurationText>,
    /// Whether a token must have an end, `exp`. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_exp: Option<bool>,
    /// The longest time from `iat` to `exp`, both of which a token must have then. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<DurationText>,
    /// Claims that a token must have, whatever they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_claims: Vec<String>,
    /// What claims must say, by name: one of these values, or a list that has one. `realm.tenant` is the member
    /// `tenant` of the claim `realm` where no claim has the whole name. Numbers, `true` and `false` are written as
    /// text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, OneOrMany>,
    /// The claim that says what the token is good for: a text with spaces, or a list. Default: `scope`, and `scp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The claim that says which roles the caller has, such as `"realm_access.roles"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// The claim that says which groups the caller belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// The claim that says who the caller is. Default: `"sub"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A token may be revoked before it expires, at the operator's address (`/revocations`). It must have a `jti` then, and
    /// the key-value store is asked for each request. Needs `[store]`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocable: Option<bool>,
    /// The claim that says which of `[consumers]` the caller is, such as `"client_id"`. A token of a consumer that is
    /// switched off is refused, and one that names none of them is taken. Default: it is none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// The longest token. Default: `"8KiB"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeText>,
}

/// How an issuer says where its keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// OpenID Connect Discovery 1.0: `/.well-known/openid-configuration`.
    Openid,
    /// RFC 8414: `/.well-known/oauth-authorization-server`.
    Oauth,
}

/// How a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SecretEncoding {
    /// As it is.
    Text,
    /// In base64url without padding.
    Base64url,
    /// As a JSON Web Key or Key Set.
    Jwk,
}

/// A signature of a token (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[allow(clippy::upper_case_acronyms, reason = "the names are those of the registry")]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// EdDSA on Ed25519.
    EdDSA,
}
