//! Upstreams that speak GraphQL.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::SizeText;

/// The upstream speaks GraphQL: a request becomes this operation, and what it comes to becomes an answer of the route's own.
/// The upstream is asked at the route's path behind its own; `rewrite` says another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GraphQl {
    /// The document: one query or mutation, or several of which `operation` names one, and fragments.
    pub query: String,
    /// The name of the operation, where the document has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Its variables, by name without `$`, in CEL: `{ id = "request.params.id" }`. All that the operation requires must be
    /// here, and none that it does not declare. One that is `null` is sent as `null`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// `"POST"`, or `"GET"` for a query: then the operation is in the address, and may be sent again where `retries` say so.
    /// Default: `"POST"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What of `data` is the answer: `"user"`, `"user.orders"`. Default: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The status of an answer that is `null`, such as 404; then it is a problem. Default: 200, with `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_status: Option<u16>,
    /// The status of a failure, by the `extensions.code` of an error: `{ NOT_FOUND = 404, UNAUTHENTICATED = 401 }`. The first
    /// error with one of these decides. Default, and for all others: 502.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, u16>,
    /// Whether the messages of errors are told to clients. Default: false: they may say more than is meant for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<bool>,
    /// Whether an answer with data and errors is one, marked with `Tollgate-Completed: false`. Default: false: it is a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<bool>,
    /// The largest answer of the upstream. Default: 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<SizeText>,
}
