//! Routes: what they match and what they do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::admission::Priority;
use super::auth::Access;
use super::batch::Batch;
use super::cache::CacheSetting;
use super::compose::Compose;
use super::compression::CompressionSetting;
use super::cors::CorsSetting;
use super::graphql::GraphQl;
use super::idempotency::Idempotency;
use super::identity::Identity;
use super::mapping::Mapping;
use super::migration::{Fallback, Mirror, Split};
use super::policy::{Addresses, BodyLimits, HeaderPolicy, Paths, Timeouts};
use super::rate_limit::RoutePlans;
use super::security_headers::SecurityHeadersSetting;
use super::text::OneOrMany;
use super::transform::Transform;
use super::validation::Validation;

/// One route: what it matches, and exactly one of `upstream`, `compose`, `redirect`, `respond` and `batch`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The route's name in logs, metrics and reports; letters, digits, `.`, `_`, `-`, `/`. Unique.
    pub id: String,
    /// Which requests are the route's. Default: all.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Match>,
    /// Who may use it: `"public"`, or what is asked of callers. A route must say so itself or inherit it from
    /// `defaults`: nothing is open by accident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Access>,
    /// From which addresses it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Addresses>,
    /// Limits that count before anybody is asked who they are, by name; they know addresses, header fields and the like,
    /// but no callers. They keep floods away from what is dear: signatures, passwords, questions to issuers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shield: Option<OneOrMany>,
    /// Limits that count once it is known who calls, by name. All count, and the strictest decides; a request that one
    /// refuses takes nothing from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<OneOrMany>,
    /// What the plans of consumers come to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plans: Option<RoutePlans>,
    /// What the upstream is told about the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The name of the upstream that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Which of several upstreams answers, instead of `upstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Makes one answer of several upstreams', instead of `upstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<Compose>,
    /// Which upstream is asked where the first has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// How important its requests are where an upstream cannot take them all (`admission`): `"critical"`, `"default"`,
    /// `"background"`, or a number from 0, the most important, to 7. Default: `"default"`, which is 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Another upstream that gets requests too, and whose answers nobody waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
    /// How the JSON of requests becomes that of the upstream, and the upstream's that of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// The upstream speaks GraphQL: what is asked of it, and what becomes of what it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graphql: Option<GraphQl>,
    /// What requests and answers must be like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<Validation>,
    /// What becomes of requests and answers on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// What becomes of requests with an `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// How the address changes on the way to the upstream. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
    /// Sends the client elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// Takes several requests of a client in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// A fixed answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Respond>,
    /// How long a request may take, and its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// How large a request may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BodyLimits>,
    /// What happens to paths that servers are known to read differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Paths>,
    /// Changes to header fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<HeaderPolicy>,
    /// What is kept of answers, and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheSetting>,
    /// Whether answers are compressed for clients that take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<CompressionSetting>,
    /// Which scripts of other origins may read answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsSetting>,
    /// Fields that tell browsers to be careful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_headers: Option<SecurityHeadersSetting>,
}

/// Which requests are the route's. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// Host names: `api.example.com`, or `*.example.com` for one label or more before it. Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<OneOrMany>,
    /// The whole path, as a pattern: `/users/{id}` (one segment), `/files/{name}.json` (part of a segment),
    /// `/static/{*rest}` (everything from there, at least one character). `{{` and `}}` are plain braces. Not
    /// together with `prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The path and everything under it, by whole segments: `/legacy` takes `/legacy`, `/legacy/` and `/legacy/a`,
    /// not `/legacyx`. Default, where there is no `path`: `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Methods. `GET` takes `HEAD` too, unless another route with the same conditions lists `HEAD`. Default: any
    /// but `CONNECT` and `TRACE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Conditions on header fields, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Condition>,
    /// Conditions on query parameters, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Condition>,
    /// The API in `apis` whose versions the route serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Which versions of the API: one (`"2"`), a range (`">=2"`, `"1.2"`, `"^1.2"`, `">=1 <3"`), or a list of these.
    /// Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<OneOrMany>,
}

/// A condition on one value: text to be equal to, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Condition {
    /// The value is exactly this.
    Exact(String),
    /// One of the conditions of a table.
    Table(ConditionTable),
}

/// A condition on one value: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConditionTable {
    /// The value is exactly this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// The value has a match for this regular expression (anchor it with `^` and `$`); linear time, no
    /// back-references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// `true`: there is such a value, whatever it is. `false`: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// How the address changes on the way to the upstream: `prefix` or `path`, and `query`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Rewrite {
    /// Replaces the route's prefix: with `prefix = "/old"` matched and `"/new"` here, `/old/a` becomes `/new/a`.
    /// Only on prefix routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Replaces the whole path; `{name}` puts in what the route's pattern captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Changes to the query: first `remove`, then `set`, then `add`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryEdits>,
}

/// Changes to the query: first `remove`, then `set`, then `add`. Values may hold `{name}`, what the route's pattern
/// captured, and are percent-encoded as needed. What is not changed stays byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct QueryEdits {
    /// Names to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Parameters to have exactly once with this value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Parameters to add at the end.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
}

/// Sends the client elsewhere: what is not said stays as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Redirect {
    /// `http` or `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Port. Default: with `scheme`, that scheme's own; else the one asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Replaces the whole path; `{name}` puts in what the route's pattern captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Replaces the route's prefix. Only on prefix routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// 301, 302, 303, 307 or 308. Default: 302.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// A fixed answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Respond {
    /// The status, 200 to 599. Default: 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body, as text. Default: empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body's media type. Default, where there is a body: `text/plain; charset=utf-8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}
