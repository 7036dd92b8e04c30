//! What is kept of answers, and for how long.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::auth::Access;
use super::text::{DurationText, OneOrMany, SizeText};

/// Whether answers are kept: `true` or `false`, or a table that says more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CacheSetting {
    /// As upstreams say (RFC 9111), or not at all.
    Switch(bool),
    /// As upstreams and this table say.
    Table(Box<Cache>),
}

/// A shared cache of answers (RFC 9111). Answers to `GET` are kept as long as their fields say, and for nobody whom they
/// are not meant for. What may influence an answer is in its key, named in `vary`, kept from the upstream, or excused by
/// name in `unkeyed`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Where answers are kept: `"memory"`, `"default"` for the store of `[store]`, or the name of one in `[stores]`.
    /// Default: the store of `[store]` where there is one, else memory. A component has no memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// For how long answers with a status that may be kept are fresh, whatever the upstream says of lifetimes; `no-store`
    /// and `private` still keep them out. `"off"`, the default: as the upstream says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<DurationText>,
    /// For how long answers are fresh that say nothing of it. Default: a tenth of the time since they changed
    /// (`Last-Modified`), at most a day, where the RFC allows it (section 4.2.2), else not at all; `"off"`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_lifetime: Option<DurationText>,
    /// For how long errors are kept, by status (`"404"`) or class (`"5xx"`), where they say nothing themselves.
    /// `"off"` for one that is not. Default: none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative: Option<BTreeMap<String, DurationText>>,
    /// How long after it is no longer fresh an answer may be given at once, while a new one is fetched
    /// (RFC 5861 section 3). What the upstream says counts before it. Default: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_while_revalidate: Option<DurationText>,
    /// How long after it is no longer fresh an answer may be given where the upstream fails (RFC 5861 section 4). What
    /// the upstream says counts before it. Default: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_if_error: Option<DurationText>,
    /// Whether clients' `Cache-Control` and `Pragma` have no effect, so that nobody can make the gateway ask the upstream.
    /// Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_client: Option<bool>,
    /// What tells answers apart beside host, path and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<CacheKey>,
    /// Request fields that the upstream gets, and names in `Vary` where an answer depends on them. `Accept`,
    /// `Accept-Encoding` and `Accept-Language` always are. Default: no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vary: Option<Vec<String>>,
    /// What the upstream gets although neither key nor `Vary` has it, because its answers do not depend on it: names of
    /// request fields, `"address"` (the client's, in `Forwarded` and `X-Forwarded-For`), `"caller"` (what `identity` and
    /// ways in tell of it), or `"*"` for every request field but `Authorization` and `Cookie`, which are named by themselves.
    /// Everything else is withheld from the upstream when it is asked for an answer that might be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unkeyed: Option<Vec<String>>,
    /// Whether every caller has answers of its own: `"isolated"`, `"shared"` where answers do not depend on who asks, or
    /// `"auto"`: isolated where the upstream is told anything about the caller. Default: `"auto"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callers: Option<CacheCallers>,
    /// Whether answers with `Set-Cookie` are kept, cookie and all. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_cookie: Option<bool>,
    /// Whether answers without `ETag` get one, made of their content, so that clients need not fetch them again.
    /// Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<bool>,
    /// The largest answer that is kept. In a store: at most `"1000KiB"`. Default: `"1000KiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<SizeText>,
    /// How long a request may wait for another one that fetches the same answer; `"off"` for not at all.
    /// Default: `"5s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coalesce: Option<DurationText>,
}

/// What tells answers apart beside host, path and query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CacheKey {
    /// Which query parameters count. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<CacheQuery>,
    /// Request fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<String>>,
    /// Cookies. Of all cookies, the upstream gets these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Vec<String>>,
    /// Claims of the caller, by path: `"tenant"`, `"org.id"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<String>>,
    /// The consumer that the caller is. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<bool>,
}

/// Which query parameters count, either by what counts or by what does not. The upstream does not get those that do not
/// count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CacheQuery {
    /// Only these; `[]` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// All but these; `utm_*` for all that begin so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// Whose answers are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CacheCallers {
    /// Isolated where the upstream is told anything about the caller.
    Auto,
    /// Each caller's.
    Isolated,
    /// Nobody's: answers do not depend on who asks.
    Shared,
}

/// What all routes that keep answers have in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Caching {
    /// How much memory answers may take in a process, where they are kept in memory or in front of a store.
    /// Default: `"64MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<SizeText>,
    /// How many answers a store holds that forgets nothing by itself, as Spin's; each has a fixed place, and a newer one
    /// replaces it. Default: 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<u32>,
    /// How long an answer that was read from a store, or written to one, is given from memory without asking the store
    /// whether it has been purged or made invalid elsewhere; `"0s"` for never. Default: `"0s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_memory: Option<DurationText>,
    /// How long a store may take, before the request goes on as if there were none. Default: `"100ms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_timeout: Option<DurationText>,
    /// How answers are purged over HTTP. Default: not at all; the native runner's admin address can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge: Option<Purge>,
}

/// How answers are purged over HTTP: `PURGE` at their address, or `POST` with a JSON object to a path of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// Who may; never the public.
    pub auth: Access,
    /// Where orders are posted. Default: `"/.tollgate/purge"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Hosts where that path is. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<OneOrMany>,
}
