//! Which scripts of other origins may read answers.

use serde::{Deserialize, Serialize};

use super::text::{DurationText, OneOrMany};

/// Which scripts of other origins may read answers: a table, or `"off"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CorsSetting {
    /// None by the gateway: what an upstream says of it passes, and preflights go the way of any `OPTIONS`.
    Off(Off),
    /// Those of a table.
    Table(Cors),
}

/// The word for "not here".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Off {
    /// Not here, whatever `defaults` says.
    Off,
}

/// Which scripts of other origins may read answers, and what they may ask for: CORS, as in the Fetch standard.
///
/// The gateway answers preflights itself, before it looks at who is calling, and finds the route by the method that
/// the preflight asks about. What it has none of are the fields of the request to come: a route with conditions on
/// `headers` is found by preflights only if these hold for the preflight too. A refused preflight gets 204 without a
/// field that allows anything. Answers say who may read them, problems too; what upstreams say of it is replaced.
/// CORS keeps nobody out who is no browser.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Whose scripts: `"https://app.example.com"`, `"http://localhost:3000"`, `"https://*.example.com"` (one label or
    /// more before it), `"null"` (files and sandboxed frames, of anybody), or `"*"` alone, everybody's. Scheme, host
    /// and port must be the same. Needed, here or in `defaults`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origins: Option<OneOrMany>,
    /// Whether requests may carry cookies and what else the browser adds of its own. Not together with `"*"`
    /// anywhere, which would then mean a literal asterisk. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<bool>,
    /// Methods, or `"*"`. Default: those of the route, or `GET`, `HEAD` and `POST` where it takes any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<OneOrMany>,
    /// Request header fields, such as `"content-type"` for JSON; `"*"` is any but `Authorization`, which must be
    /// listed beside it. Default: those that browsers always send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<OneOrMany>,
    /// Fields of the answer that scripts may read, or `"*"`. Default: those that browsers always show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose: Option<OneOrMany>,
    /// How long a browser may keep the answer to a preflight, in whole seconds; `"off"`: not at all. Browsers have
    /// limits of their own, of 2 hours or a day. Default: not said, which means 5 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<DurationText>,
    /// Whether pages of a public network may call this gateway in a private one (Private Network Access). Default:
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_network: Option<bool>,
}
