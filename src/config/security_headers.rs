//! Fields that tell browsers to be careful.

use serde::{Deserialize, Serialize};

use super::text::DurationText;

/// Fields that tell browsers to be careful: `true` for all, with values for an API; `false` for none; or a table of
/// what is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SecurityHeadersSetting {
    /// All as they are by default, or none; whatever `defaults` says.
    Switch(bool),
    /// What is different.
    Table(SecurityHeaders),
}

/// Fields that tell browsers to be careful, on every answer of a route, problems too. Each key is a value, `true` for
/// its default or `false` for no such field. The gateway's replaces what an upstream says and what `headers.response`
/// sets; with `false`, these pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`: browsers come back over TLS only. Sent over TLS only, as RFC 6797 has it; behind
    /// a trusted proxy, what counts is how the client came to that. Default: for a year, this host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hsts: Option<HstsSetting>,
    /// `X-Content-Type-Options: nosniff`: browsers believe `Content-Type`. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nosniff: Option<bool>,
    /// `X-Frame-Options`: whose pages may show an answer in a frame. The default of `csp` says the same. Default:
    /// `"deny"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<FrameSetting>,
    /// `Referrer-Policy`: what following a link tells. Default: `"no-referrer"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<ReferrerSetting>,
    /// `Content-Security-Policy`: what a page may load. Default: `"default-src 'none'"` and the `frame-ancestors`
    /// that `frame` means, which suits an API and breaks most pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csp: Option<TextSetting>,
    /// `Permissions-Policy`: what a page may use, such as `"camera=(), microphone=()"`. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<TextSetting>,
}

/// `true`, `false`, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum HstsSetting {
    /// The default, or none.
    Switch(bool),
    /// Another value.
    Table(Hsts),
}

/// `Strict-Transport-Security` (RFC 6797).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Hsts {
    /// How long browsers keep to it, in whole seconds; `"off"`: they forget it. Default: `"365d"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<DurationText>,
    /// For every host below this one too. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_subdomains: Option<bool>,
    /// Agrees to the list that browsers are shipped with, which a host does not get off for months. Needs
    /// `include_subdomains` and a `max_age` of a year or more. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preload: Option<bool>,
}

/// `true`, `false`, or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FrameSetting {
    /// The default, or none.
    Switch(bool),
    /// One of the words.
    Word(Frame),
}

/// Whose pages may show an answer in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Frame {
    /// Nobody's.
    Deny,
    /// Pages of the same origin.
    SameOrigin,
}

/// `true`, `false`, or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ReferrerSetting {
    /// The default, or none.
    Switch(bool),
    /// One of the words.
    Word(Referrer),
}

/// What following a link tells (Referrer Policy, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Referrer {
    /// Nothing.
    NoReferrer,
    /// The whole address, but nothing from a page over TLS to one without.
    NoReferrerWhenDowngrade,
    /// The origin.
    Origin,
    /// The whole address within the origin, else the origin.
    OriginWhenCrossOrigin,
    /// The whole address within the origin, else nothing.
    SameOrigin,
    /// The origin, but nothing from a page over TLS to one without.
    StrictOrigin,
    /// The whole address within the origin, else the origin, but nothing from a page over TLS to one without.
    StrictOriginWhenCrossOrigin,
    /// The whole address, to everybody.
    UnsafeUrl,
}

/// `true`, `false`, or text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum TextSetting {
    /// The default, or none.
    Switch(bool),
    /// The field's value.
    Text(String),
}
