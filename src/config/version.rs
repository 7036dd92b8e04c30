//! APIs that have versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::consumer::MomentText;
use super::text::DurationText;

/// An API that has versions: how they are asked for, which there are, and what becomes of each. Routes name it in
/// `match.api`, and the versions that they serve in `match.versions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// How a version is asked for, in order: the first that says something decides, and a request in which two of them say
    /// different versions is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<VersionWay>,
    /// What versions are called: `integer` (`2`), `date` (`2026-11-21`) or `semver` (`1.2.0`, where parts left out are 0).
    /// Default: `integer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<VersionNames>,
    /// How what is asked for is compared with the versions that there are. `exact`: it is one of them. `ranges`: it may also
    /// be `latest`, the beginning of one (`1.2`), or a range (`^1.2`, `~1.2`, `>=1 <3`), of which the newest that is there is
    /// meant. `not-after`, for dates: the newest that is not after what is asked for, or `latest`. Default: `exact` for
    /// integers, `ranges` for `semver`, `not-after` for dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching: Option<VersionMatching>,
    /// What who asks for none gets: `latest`, `oldest`, one of the versions, or `required`: a problem. Default: `required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Tells upstreams which version is meant, whichever way it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell: Option<TellVersion>,
    /// The versions, by name: at least one, at most 64.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, ApiVersion>,
}

/// One way in which a version is asked for: exactly one key, and `content_type` beside `vendor`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct VersionWay {
    /// What the patterns of routes capture under this name: `version` for `/v{version}/orders/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The value of a header field: `X-API-Version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value of a query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// A parameter of the media types in `Accept`, and in `Content-Type` but for safe methods: `version` for
    /// `application/json;version=2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The vendor's part of media types in the same fields: `acme.orders` for `application/vnd.acme.orders.v2+json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// `true`: where `Accept` asks by the vendor's type, `application/json` in the answer's `Content-Type` becomes that type.
    /// Default: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<bool>,
    /// A part of the host's name: `v{version}.api.example.com`. Hosts that do not look like it say nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// What versions are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VersionNames {
    /// `2`.
    Integer,
    /// `2026-11-21`.
    Date,
    /// `1.2.0`.
    Semver,
}

/// How what is asked for is compared with the versions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VersionMatching {
    /// It is one of them.
    Exact,
    /// The newest of a range.
    Ranges,
    /// The newest that is not after a date.
    NotAfter,
}

/// Tells upstreams which version is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TellVersion {
    /// The header field that the upstream gets, with the version in its normal form; what the client sent in it is replaced.
    pub header: String,
}

/// One version: from when to when it is there. Dates are `2026-11-21` or `2026-11-21T12:00:00Z`, in UTC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ApiVersion {
    /// Before this date it is as if there were no such version. Default: it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduced: Option<MomentText>,
    /// From this date on nobody should begin to use it: `Deprecation` says so (RFC 9745), before the date too, and who still
    /// uses it after the date is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<MomentText>,
    /// From this date on nobody may count on it: `Sunset` says so (RFC 8594). It is answered until `retired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset: Option<MomentText>,
    /// From this date on it is gone: 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<MomentText>,
    /// The version to use in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<VersionLinks>,
    /// Announced whiles between its deprecation and its retirement in which it is not there, so that those notice who still
    /// use it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brownouts: Vec<Brownout>,
}

/// What `Link` fields of answers lead to (RFC 8288).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct VersionLinks {
    /// A page about the deprecation (`rel="deprecation"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<String>,
    /// A page about the sunset (`rel="sunset"`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset: Option<String>,
    /// The version to use in its place (`rel="successor-version"`, RFC 5829).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// A while in which a version is not there: `from`, and either `to` or `for`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Brownout {
    /// Its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<MomentText>,
    /// When it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<MomentText>,
    /// How long it lasts.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<DurationText>,
    /// For how many requests it is, `"1%"` to `"100%"`; which ones is left to chance. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
    /// 410, the default, or 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}
