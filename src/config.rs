//! What an author writes: plain serde types, one doc comment a key.
//!
//! The JSON Schema (`docs/schema.json`) and the reference page (`docs/configuration.md`) are generated from these
//! types and their comments, so a comment here is written for the author of a configuration. Nothing in this module
//! is parsed further than TOML, YAML and JSON go: durations, sizes, addresses and patterns are still text, and
//! [`crate::plan::Plan::compile`] reads them, so that a mistake in one is reported together with all the others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub mod admission;
pub mod auth;
pub mod balance;
pub mod batch;
pub mod cache;
pub mod compose;
pub mod compression;
pub mod consumer;
pub mod cors;
pub mod credentials;
pub mod discovery;
pub mod format;
pub mod graphql;
pub mod health;
pub mod idempotency;
pub mod identity;
pub mod mapping;
pub mod merge;
pub mod migration;
pub mod openapi;
pub mod policy;
pub mod rate_limit;
pub mod retry;
pub mod route;
pub mod schema;
pub mod security_headers;
pub mod server;
pub mod shape;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod transform;
pub mod upstream;
pub mod validation;
pub mod version;

pub use admission::{AdaptiveLimit, Admission, Priority, PriorityName};
pub use auth::{Access, AccessTable, Authenticator};
pub use balance::{
    Balance, BalancePolicy, HashKey, HashName, HashPart, HashTable, StickySessions, TargetSetting,
};
pub use batch::Batch;
pub use cache::{Cache, CacheCallers, CacheKey, CacheQuery, CacheSetting, Caching, Purge};
pub use compose::{
    Compose, ComposeLimits, Each, EachBatch, Partial, StatedFailure, Step, StepBody, StepFailure,
    StepFailureWord, StepFallback,
};
pub use compression::{CodingName, Compression, CompressionSetting};
pub use consumer::{Consumer, SignatureKey};
pub use cors::{Cors, CorsSetting, Off};
pub use credentials::Credentials;
pub use discovery::{
    Discovery, DiscoveryCache, DnsFamily, DnsRecord, DnsSetting, FileSetting, Registry, TargetFile,
};
pub use format::{
    Csv, CsvColumn, CsvNamedColumn, CsvNested, Form, SoapVersion, Xml, XmlMixed, XmlNames, XmlNamespaces,
    XmlNulls,
};
pub use graphql::GraphQl;
pub use health::{Circuit, Health};
pub use idempotency::{Idempotency, OnIdempotencyFailure};
pub use identity::{Identity, Issuer};
pub use mapping::{
    DefaultMember, MapValues, Mapping, MappingStep, MoveValue, OtherValue, OtherValues, OtherWord,
    RenameMember, RenameParameter, Scalar,
};
pub use merge::{Merge, MergeArrays, MergeArraysBy, MergeArraysWord, MergeCollision, MergeObjects};
pub use migration::{Compare, Fallback, Live, Mirror, Split, SplitPart, SplitRule};
pub use openapi::OpenapiDocument;
pub use policy::{Addresses, BodyLimits, HeaderEdits, HeaderPolicy, Paths, Rule, Timeouts};
pub use rate_limit::{
    ConsumerPlan, Counting, KeyName, KeyPart, KeyParts, KeyTable, OnStoreFailure, Period, Quota, RateLimit,
    RateLimitFields, RateLimiting, RateText, RoutePlans, Usage, Weight, WeightTable, Window,
};
pub use retry::{Hedge, Retries, RetryBudget, TellDeadline};
pub use route::{Condition, ConditionTable, Match, QueryEdits, Redirect, Respond, Rewrite, Route};
pub use schema::{Schema, SchemaDraft};
pub use security_headers::{
    Frame, FrameSetting, Hsts, HstsSetting, Referrer, ReferrerSetting, SecurityHeaders,
    SecurityHeadersSetting, TextSetting,
};
pub use server::{Certificate, ClientCertificateMode, ClientCertificates, Server, ServerLimits};
pub use shape::{
    CollectValues, ConcatLists, FlattenSetting, FlattenTable, GroupMembers, PatchOperation, PatchSetting,
    PatchWord, SetValue, ShapeStep, WrapSetting, WrapTable,
};
pub use store::{Redis, RedisSetting, Store};
pub use telemetry::{AccessLog, Telemetry};
pub use text::{DurationText, OneOrMany, SizeText};
pub use transform::{
    ContentFormat, CookieChange, CookieEdits, CookieSite, ErrorContent, ErrorProblem, ErrorWord, NewCookie,
    SetCookieEdits, TextEdits, Transform, TransformBody, TransformRequest, TransformResponse,
};
pub use upstream::{Protocol, Upstream, UpstreamTls};
pub use validation::{
    AnswerMode, AnswerValidation, BodyValidation, JsonLimits, ParameterRule, ParameterSetting,
    ParameterStyle, Validation,
};
pub use version::{
    Api, ApiVersion, Brownout, TellVersion, VersionLinks, VersionMatching, VersionNames, VersionWay,
};

/// One configuration file. Several files in a directory make one configuration: routes are put together in the order of
/// the file names, and so are upstreams, consumers, limits and whatever else has names; any other table may stand in one
/// file only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    /// Where this file's JSON Schema is; for editors, ignored by the gateway.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What every route does unless it says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    /// The services behind the gateway, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub upstreams: BTreeMap<String, Upstream>,
    /// Ways in, by name: how callers prove who they are. Routes name those that they accept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub auth: BTreeMap<String, Authenticator>,
    /// Policies, by name: expressions in CEL, which routes name in `auth`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, String>,
    /// Known callers, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub consumers: BTreeMap<String, Consumer>,
    /// How much may be done, by name: rates, windows, quotas and concurrency, counted for each key. Routes and plans
    /// name those that count there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rate_limits: BTreeMap<String, RateLimit>,
    /// Plans that consumers have, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, ConsumerPlan>,
    /// What all limits have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limiting: Option<RateLimiting>,
    /// What all routes that keep answers have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caching: Option<Caching>,
    /// The store that instances of the gateway share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    /// Further stores that instances share, by name, for limits and kept answers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stores: BTreeMap<String, Store>,
    /// APIs that have versions, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub apis: BTreeMap<String, Api>,
    /// JSON Schemas, by name: what `validate` of a route names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub schemas: BTreeMap<String, Schema>,
    /// OpenAPI documents, by name: `validate.operation` of a route names what they describe.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub openapi: BTreeMap<String, OpenapiDocument>,
    /// What stands in the files that this one names, as JSON, by their names: put here when the configuration is read.
    #[cfg_attr(feature = "author", schemars(skip))]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// The gateway's own registry, where services register themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// What may be changed while the gateway runs, and where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// The gateway as an issuer of tokens about its callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Issuer>,
    /// What the gateway answers. The order in the file decides only between routes that nothing else tells apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Who is believed about the client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<Clients>,
    /// Request identifiers, traces and the access log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<Telemetry>,
    /// The native runner's listeners and their limits. A Spin application's listener belongs to its host, which has
    /// limits of its own; there this table has no effect, and `tollgate build` says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
}

/// What every route does unless it says otherwise. A route's own setting replaces the one here key by key (`auth` as a
/// whole); header edits of both are applied, the defaults first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Who may use the routes that say nothing of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Access>,
    /// From which addresses the routes may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Addresses>,
    /// Limits that count before anybody is asked who they are, by name; they know addresses, header fields and the like,
    /// but no callers. They keep floods away from what is dear: signatures, passwords, questions to issuers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shield: Option<OneOrMany>,
    /// Limits that count once it is known who calls, by name. All count, and the strictest decides; a request that one
    /// refuses takes nothing from the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<OneOrMany>,
    /// What the plans of consumers come to on the routes that say nothing of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Option<RoutePlans>,
    /// What upstreams are told about the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// How long a request may take, and its parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// How large a request may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<BodyLimits>,
    /// What happens to paths that servers are known to read differently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Paths>,
    /// Changes to header fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<HeaderPolicy>,
    /// What is kept of answers, and for how long: for routes with an upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheSetting>,
    /// Whether answers are compressed for clients that take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<CompressionSetting>,
    /// Which scripts of other origins may read answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<CorsSetting>,
    /// Fields that tell browsers to be careful.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_headers: Option<SecurityHeadersSetting>,
}

/// Who is believed about the client's address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Clients {
    /// Addresses and networks (CIDR) of proxies in front of this gateway. `Forwarded` and `X-Forwarded-*` that come
    /// from any other address are removed; behind these, the client is the last address in the chain that is not
    /// itself trusted. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<String>,
    /// Instead: how many proxies stand in front of this gateway, where their addresses are not known. The client is
    /// then the address that the farthest of them saw: with 2, the second from the right in `X-Forwarded-For`. Only
    /// where nobody reaches the gateway without passing through all of them: whoever does is believed. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_hops: Option<u32>,
}
