//! A browser's session, begun by logging in with OpenID Connect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::text::{DurationText, OneOrMany};
use super::fetch::Fetch;

/// A browser's session, begun by logging in with OpenID Connect: the authorisation code flow with PKCE, and a sealed
/// cookie. A person who goes to a page without a session is sent to the provider and comes back to that page; a script
/// or a program gets 401.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The gateway's own origin, as browsers write it: `"https://app.example.com"`. The provider sends browsers back
    /// to it, and requests that change something must come from its pages. The gateway must be asked by this host. With
    /// `http`, which only `localhost` and loopback addresses may have, cookies are not for TLS only.
    pub origin: String,
    /// The provider: what `iss` of its tokens is, to the letter.
    pub issuer: String,
    /// Origins, beside the issuer's, of the addresses that its discovery document may name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The provider's addresses, where it has no discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<LoginEndpoints>,
    /// How the provider's keys and its discovery document are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<Fetch>,
    /// The client's identifier at the provider. `ORIGIN/.tollgate/login/NAME/callback` (or `callback`, where it is
    /// given) must be registered there as its redirect address.
    pub client_id: String,
    /// The client's secret, a variable: `"${login_client_secret}"`. Default: none, a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// How the secret is shown to the provider. Default: `"basic"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthentication>,
    /// The secret that sessions are sealed with, a variable of 32 characters or more: `"${session_secret}"`. Of a
    /// list, the first seals and all open: to change it, put the new one first, and take the old one away after
    /// `lifetime`.
    pub session_secret: OneOrMany,
    /// What is asked for; `openid` always is. Default: `["openid", "email", "profile"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Further parameters of the authorisation request, such as `prompt` or `audience`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The path that the provider sends browsers back to. Default: `"/.tollgate/login/NAME/callback"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// The path of the logout: `POST` from a page of the origin, or a link there; whoever comes from elsewhere is
    /// asked first. Default: `"/.tollgate/login/NAME/logout"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logout: Option<String>,
    /// The path to go to after the logout. Where the provider has a logout, this address must be registered there.
    /// Default: `"/"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_logout: Option<String>,
    /// How long a session lasts, whatever happens. Default: `"8h"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<DurationText>,
    /// How long a session lasts without a request. Default: `"1h"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<DurationText>,
    /// The claims of the ID token that a session keeps, beside `iss` and `sub`. All of a session must find room in
    /// three cookies. Default: `["email", "email_verified", "name", "preferred_username"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<String>>,
    /// The claim with the person's roles: `"roles"`, or a path such as `"realm_access.roles"`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// The claim with the person's groups. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// Whether the session keeps the ID token, so that the provider's logout need not ask. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_id_token: Option<bool>,
    /// Whether the session keeps the refresh token, and the provider is asked again when its access token is over: a
    /// person who was locked out there is locked out here then. It is asked when the person goes to a page, not for
    /// what the page fetches. Needs the scope that the provider gives refresh tokens for, often `offline_access`.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<bool>,
    /// Audiences that an ID token may have beside the client. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_audiences: Vec<String>,
    /// How far the provider's clock may be from this one. Default: `"60s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<DurationText>,
}

/// How a client shows its secret to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in `Authorization`.
    Basic,
    /// `client_secret_post`: in the form.
    Post,
}

/// A provider's addresses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginEndpoints {
    /// Where browsers are sent to log in.
    pub authorization: String,
    /// Where the code is exchanged.
    pub token: String,
    /// Where the provider's keys are.
    pub jwks: String,
    /// Where browsers are sent to log out. Default: nowhere; only the session here ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session: Option<String>,
}
