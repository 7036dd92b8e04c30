//! How the gateway shows an upstream that it may ask.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{OneOrMany, SizeText};

/// How the gateway shows an upstream that it may ask: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// Header fields with secrets in them, by name: `Authorization = "Bearer ${billing_token}"`. What a client sends
    /// under these names is removed, in any spelling that a server might read as the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// A name and a password (RFC 7617).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicCredentials>,
    /// A token that the gateway fetches for itself (OAuth 2.0, RFC 6749 section 4.4) and sends as bearer token. It is
    /// kept until shortly before its end: in memory natively, encrypted in the store of `[store]` where there is one.
    /// Where the upstream answers 401, it is fetched again, at most once a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_credentials: Option<ClientCredentials>,
    /// A signature over each request (AWS Signature Version 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsCredentials>,
}

/// A name and a password.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BasicCredentials {
    /// The name, without a colon; may be `"${name}"`.
    pub user: String,
    /// The variable with the password, `"${name}"`.
    pub password: String,
}

/// A token that the gateway fetches for itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// The address of the token endpoint.
    pub token_url: String,
    /// The gateway's identifier there; may be `"${name}"`.
    pub client_id: String,
    /// The variable with the gateway's secret there, `"${name}"`.
    pub client_secret: String,
    /// How the two are sent: `"basic"`, in `Authorization`, or `"post"`, in the body. Default: `"basic"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<ClientAuthentication>,
    /// Scopes to ask for. Default: none, and the server decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<OneOrMany>,
    /// `audience`, which some servers ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Further parameters of the token request, such as `resource` (RFC 8707).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// How a client shows who it is (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    /// In `Authorization`.
    Basic,
    /// In the body.
    Post,
}

/// A signature over each request (AWS Signature Version 4). `Host`, `Content-Type` and every `X-Amz-…` field are signed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AwsCredentials {
    /// Such as `"eu-central-1"`.
    pub region: String,
    /// The name that the service signs by, such as `"execute-api"`, `"lambda"` or `"s3"`.
    pub service: String,
    /// The access key's id; may be `"${name}"`.
    pub access_key_id: String,
    /// The variable with the secret access key, `"${name}"`.
    pub secret_access_key: String,
    /// The variable with the session token of temporary credentials, `"${name}"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// `"signed"`: the request's content is covered, and for that collected before it is sent. `"unsigned"`: it is passed
    /// on as it comes; S3 takes that over TLS, most other services do not. Default: `"signed"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<SignedContent>,
    /// The largest content that is collected; larger requests are refused. Default: `"1MiB"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_content: Option<SizeText>,
}

/// Whether a signature covers the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignedContent {
    /// It does.
    Signed,
    /// It does not.
    Unsigned,
}
