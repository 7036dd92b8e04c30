//! How much callers may do: rate limits, quotas, and the plans that bundle them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::auth::Access;
use super::cors::Off;
use super::text::{DurationText, OneOrMany, SizeText};

/// How much may be done, counted for each key: exactly one of `rate`, `window`, `quota` and `concurrency`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// A rate with bursts (token bucket): `"100/s"`, `"5/m"`, `"10/2s"`. Permits come back evenly, one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateText>,
    /// With `rate`: how many permits there are at once when nothing was asked for long. Default: as many as come back in
    /// one span of the rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u64>,
    /// So many in each span of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// So many in each hour, day, week or month of the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// So many at the same time, until their answers have ended. Each native server counts its own; a component cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// Whose permits these are: one part or several together. Default: `"address"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyParts>,
    /// With `"address"` in `key`: how many bits of an IPv6 address are one client's, 1 to 128. Default: 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_prefix: Option<u8>,
    /// With `"address"` in `key`: how many bits of an IPv4 address are one client's, 1 to 32. Default: 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4_prefix: Option<u8>,
    /// How many permits a request takes. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// An expression in CEL: the limit counts only requests for which it is true. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Where is counted: `"memory"` (each native server for itself, forgotten when it stops), `"default"` for the store
    /// of `[store]`, or the name of one of `[stores]`. Default: `"memory"`, which a component does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Whether a store that cannot count exactly is refused (`"exact"`, the default) or taken (`"approximate"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
    /// How many permits a native server takes from the store at once, to spend them by itself: 2 or more, and a small part
    /// of the limit. Fewer store operations, a wider bound: `tollgate check` says which. Default: none are taken ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<u64>,
    /// Counts, logs, and refuses nobody. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<bool>,
    /// What happens when the store does not answer: `"allow"` the request, `"deny"` it with 503, or count with a
    /// `"local"` share in the memory of each native server. Default: `"allow"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_store_failure: Option<OnStoreFailure>,
    /// With `on_store_failure = "local"`: the part of the limit that each server allows by itself meanwhile, in percent,
    /// 1 to 100: 50 where there are two servers. Default: 100, so that each allows all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_share: Option<u8>,
    /// How long the store may take to answer, at most `"10s"`. Limits of a request that count in one store are asked
    /// together: the shortest of their times is for all of them. Default: `"50ms"`. A component waits for as long as its
    /// host does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_timeout: Option<DurationText>,
}

/// A rate: a whole number, a slash, and a span of time whose number may be left out where it is 1: `"100/s"`, `"10/2s"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "author", schemars(title = "rate"))]
#[cfg_attr(feature = "author", schemars(extend("pattern" = "^[0-9]+/[0-9]*(ms|s|m|h|d)$")))]
#[serde(transparent)]
pub struct RateText(pub String);

/// So many in each span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many.
    pub limit: u64,
    /// In how long.
    pub per: DurationText,
    /// Whether the span ends now (`true`: the count of the span before fades out evenly) or spans follow one another
    /// (`false`, the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliding: Option<bool>,
}

/// So many in each period of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many.
    pub limit: u64,
    /// In which period. A week begins on Monday.
    pub per: Period,
    /// The time zone in which periods begin, by its name in the IANA database: `"Europe/Berlin"`. Default: `"UTC"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// From the first of a month to its last day.
    Month,
}

/// One part of a key, or several that count together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum KeyParts {
    /// One part: something that every request may have.
    Name(KeyName),
    /// Several: each combination of values is counted for itself. Before the table, which serde would make of a list too.
    Many(Vec<KeyPart>),
    /// One part: something with a name of its own.
    Table(KeyTable),
}

/// A part of a key. Where a request does not have it, its client's address stands in, so that leaving something out wins
/// nobody anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum KeyPart {
    /// Something that every request may have.
    Name(KeyName),
    /// Something with a name of its own.
    Table(KeyTable),
}

/// Something that requests are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyName {
    /// The consumer.
    Consumer,
    /// Who calls in the words of the way in: the consumer, or a token's `sub`, with the name of the way in.
    Subject,
    /// The credential itself: each API key and each token by itself.
    Credential,
    /// The client's address, as far as `ipv6_prefix` and `ipv4_prefix` go.
    Address,
    /// The route.
    Route,
    /// The host that was asked for.
    Host,
    /// All requests together.
    Everybody,
}

/// Something that requests are told apart by, with a name: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct KeyTable {
    /// A claim of the caller's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// A header field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// The value of an expression in CEL: text, a number, or true or false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// How many permits a request takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Weight {
    /// Always so many.
    Constant(u64),
    /// It depends.
    Table(WeightTable),
}

/// How many permits a request takes, as the request says: exactly one of `header`, `body` and `expression`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WeightTable {
    /// The whole number in this header field. Only behind something that sets it: a client could write it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// One permit for each so many bytes of the request's body, begun ones too, and at least one. A body whose length is
    /// not announced gets 411.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
    /// The value of an expression in CEL: a whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What a request takes of which nothing can be said: no such field, no number, no value. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u64>,
    /// What a request takes at most. Default: as many as the limit has, so that a request that weighs more is refused for
    /// ever only where this says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
}

/// Whether a count may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Counting {
    /// It may not.
    Exact,
    /// It may, where the store cannot do better.
    Approximate,
}

/// What happens to a request when the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnStoreFailure {
    /// It goes through.
    Allow,
    /// It gets 503.
    Deny,
    /// It is counted in memory.
    Local,
}

/// A plan that consumers have: which limits they get.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConsumerPlan {
    /// The limits of those who have this plan, by name, on every route that does not say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<OneOrMany>,
    /// Groups whose members have this plan where their consumer names none. Who is in the groups of several plans has the
    /// first of them by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether everybody has it who has no other, also callers who are nobody in particular. One plan at most. Default:
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// What plans come to on a route. For each plan the nearest word counts: the route's own, that of `defaults`, the plan's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RoutePlans {
    /// `"off"`: no plan's limits count here.
    Off(Off),
    /// For the plans named, these limits instead of the plan's own; an empty list for none.
    Table(BTreeMap<String, OneOrMany>),
}

/// What all limits have in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RateLimiting {
    /// Which fields answers have: `"standard"` (`RateLimit-Policy` and `RateLimit` of
    /// draft-ietf-httpapi-ratelimit-headers, the default), `"legacy"` (`X-RateLimit-Limit`, `-Remaining` and `-Reset`, of
    /// the limit with the least left), `"both"` or `"off"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<RateLimitFields>,
    /// Where callers see what they have left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// How many keys each native server remembers at most in memory, some 100 bytes each. Beyond, those are forgotten that
    /// have the most left. Default: 1000000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_keys: Option<u64>,
}

/// Which fields answers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RateLimitFields {
    /// Those of the draft.
    Standard,
    /// Those that were there before it.
    Legacy,
    /// All of them.
    Both,
    /// None.
    Off,
}

/// Where callers see what they have left: a GET is answered with JSON. What `defaults` say of routes holds here too,
/// but for `rate_limits` and `plans`: to look takes nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// The path. Default: `"/.tollgate/usage"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// At which hosts, as in a route's `match`; a route with a host goes before one without, whatever their paths.
    /// Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<OneOrMany>,
    /// Who may ask; as on a route, but not `"public"`: a caller must be known. Default: that of `defaults`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Access>,
}
