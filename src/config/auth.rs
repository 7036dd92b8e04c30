//! Who may call: ways in, and what a route asks of its callers.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod api_key;
pub mod basic;
pub mod certificate;
pub mod external;
pub mod fetch;
pub mod introspection;
pub mod jwt;
pub mod login;
pub mod signature;

use super::text::OneOrMany;

/// One way in: exactly one of its keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Authenticator {
    /// A JSON Web Token of one issuer, as bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<jwt::Jwt>,
    /// A key that belongs to a consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<api_key::ApiKey>,
    /// A name and a password (RFC 7617), which belong to a consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<basic::Basic>,
    /// A bearer token that its issuer is asked about (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection: Option<introspection::Introspection>,
    /// A signature over the request (RFC 9421), with a key of a consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<signature::Signature>,
    /// A client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<certificate::Certificate>,
    /// A browser's session, begun by logging in with OpenID Connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<login::Login>,
    /// A service that is asked about each request. Named by `external` of a route, not by `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<external::External>,
}

/// Who may use a route: `"public"`, the name of a way in, a list of names of which one is enough, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Access {
    /// `"public"`, or the name of a way in.
    Name(String),
    /// Ways in, of which one is enough.
    Names(Vec<String>),
    /// Ways in, and what the caller must be allowed to do.
    Table(AccessTable),
}

/// Ways in, and what the caller must be allowed to do. Everything that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AccessTable {
    /// Names of ways in, of which one is enough, in the order in which they are looked for. The first of which the
    /// request has credentials decides. May be left out where `external` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<OneOrMany>,
    /// Lets requests without any credentials in, as nobody in particular; wrong credentials are refused all the same.
    /// Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// The name of an external service that has the last word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<String>,
    /// Scopes that the caller must have been granted, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Scopes of which the caller must have been granted one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_scope: Vec<String>,
    /// Roles of which the caller must have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Groups of which the caller must belong to one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// A policy that must hold: an expression in CEL, or the name of one of `[policies]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

// === impl Access ===

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Names(names) => f.write_str(&names.join(" or ")),
            Self::Table(table) => table.fmt(f),
        }
    }
}

// === impl AccessTable ===

impl fmt::Display for AccessTable {
    /// Everything that is asked for, in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        let any = self.any.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        if !any.is_empty() {
            words.push(any.join(" or "));
        }
        if self.optional == Some(true) {
            words.push("or nobody".to_owned());
        }
        words.extend(self.external.as_ref().map(|name| format!("asks {name}")));
        let lists = [
            ("scopes", &self.scopes, " "),
            ("scope", &self.any_scope, " or "),
            ("role", &self.roles, " or "),
            ("group", &self.groups, " or "),
        ];
        for (what, values, between) in lists {
            if !values.is_empty() {
                words.push(format!("{what} {}", values.join(between)));
            }
        }
        words.extend(self.policy.as_ref().map(|policy| format!("policy {policy}")));
        f.write_str(&words.join(", "))
    }
}
