//! Settings that stand in `defaults` and in a route alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{DurationText, OneOrMany, SizeText};

/// How long a request may take, and its parts. A part that would end after the whole request ends with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// The whole request, from its head to the last byte of the answer; `"off"` for answers without an end, such as
    /// server-sent events. When it passes before the answer has begun, the client gets 504; afterwards the transfer
    /// is broken off. Default: `"5m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<DurationText>,
    /// Making a connection to the upstream, TLS included. 504 when it passes. Default: `"5s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<DurationText>,
    /// From the last byte of the request to the first of the answer. 504 when it passes. Default: `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<DurationText>,
    /// Between two pieces of a body, in either direction; `"off"` for none. A client that stops sending gets 408; an
    /// upstream that stops sending breaks the transfer off. Default: `"60s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<DurationText>,
}

/// From which addresses a route may be used, by anybody. The address is the client's, behind the proxies that `clients`
/// trusts. Where it is not known, as on a host that does not say, nobody may use the route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Addresses {
    /// Addresses and networks (CIDR) from which the route may be used; `[]` for all. IPv4 written as IPv6 is IPv4.
    /// Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Addresses and networks from which it may not, whatever `allow` says. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
}

/// How large a request may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct BodyLimits {
    /// The largest request body, announced or not; `"off"` for none. 413 when it is larger. Default: `"10MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
}

/// Whether a path with something ambiguous in it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Answer 400.
    Reject,
    /// Take the path; how it is read for matching is said at each setting. The upstream gets the bytes as they came.
    Allow,
}

/// What happens to paths that servers are known to read differently, so that what this gateway protects and what an
/// upstream serves could come apart. Each is `"reject"` (400, the default) or `"allow"`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// An encoded slash, `%2F`. Allowed, it is an ordinary character inside its segment, never a separator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_slash: Option<Rule>,
    /// A backslash, plain or encoded (`%5C`). Allowed, it is an ordinary character, never a separator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backslash: Option<Rule>,
    /// An encoded NUL or another encoded control character (`%00` to `%1F`, `%7F`). Allowed, it is an ordinary
    /// character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Rule>,
    /// A segment `.` or `..`. Allowed, the segments are resolved for matching (RFC 3986, 5.2.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dot_segments: Option<Rule>,
    /// An encoded dot, `%2E`. Allowed, it is a dot (and then perhaps a dot segment, which has its own setting).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_dot: Option<Rule>,
    /// An empty segment, `//`. Allowed, several slashes are one for matching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_segments: Option<Rule>,
    /// A percent sign that two hexadecimal digits do not follow. Allowed, it is an ordinary character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_encoding: Option<Rule>,
}

/// Changes to header fields, for each direction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HeaderPolicy {
    /// What the upstream gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<HeaderEdits>,
    /// What the client gets, on every answer of the route that is not a problem of the gateway's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<HeaderEdits>,
}

/// Changes to header fields: first `remove`, then `set`, then `add`. A value may hold `${name}`, a variable that is
/// read when the request comes, so that secrets stand in no file: `"Bearer ${billing_token}"`; `$${` is a plain `${`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HeaderEdits {
    /// Names to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Fields to have exactly once with this value (or, for a list, once for each), whatever was there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, OneOrMany>,
    /// Fields to add beside what is there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, OneOrMany>,
}
