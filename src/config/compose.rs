//! One answer made of several.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cache::CacheSetting;
use super::graphql::GraphQl;
use super::mapping::Mapping;
use super::merge::Merge;
use super::migration::{Fallback, Split};
use super::policy::{HeaderPolicy, Timeouts};
use super::shape::ShapeStep;
use super::text::{DurationText, OneOrMany, SizeText};
use super::transform::Transform;
use super::validation::Validation;

/// Makes one answer of several upstreams'. Steps that do not need each other's answers are asked at once; one that names
/// another (`steps.NAME` in an expression, or `needs`) waits for it. What becomes of the answers is JSON, put together in the
/// order in which the steps are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Compose {
    /// What is asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// How the answers of steps become one. Default: each stands in the result under the step's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// What the client gets when a required step fails. Default: `"problem"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<StepFailure>,
    /// What is done with an answer from which an optional step is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// How many requests to upstreams one request may have under way at once, 1 to 64. Default: 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// How large answers of steps may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ComposeLimits>,
}

/// How large answers of steps may be: they are in memory until the answer is made of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ComposeLimits {
    /// One answer: a step fails whose answer is larger. At most `"64MiB"`. Default: `"1MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<SizeText>,
    /// All answers together, and what is made of them. At most `"256MiB"`. Default: `"8MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<SizeText>,
}

/// One request to an upstream, or one for each element of a list.
///
/// A step is a route of its own that no client reaches: what upstreams do (balancing, retries, circuits, credentials), and
/// what is said here about time-outs, fields, caching and mappings, holds for it as for any route. Nothing of the client's
/// request goes to the upstream but what is said here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The step's name, in expressions and in the answer: a lower-case letter, then lower-case letters, digits and `_`.
    pub name: String,
    /// The name of the upstream that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Which of several upstreams is asked, instead of `upstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Which upstream is asked where the first has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Fallback>,
    /// The method. Default: `GET`, with `body` `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, behind that of the upstream: text with holes (`/users/{id}`, `/users/{steps.order.body.user}`), whose
    /// values are percent-encoded. Default: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Query parameters, by name; text with holes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Header fields, by name; text with holes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Header fields of the client's request that are passed on as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<String>,
    /// The content. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<StepBody>,
    /// A condition in CEL: the step is left out where it does not hold, and nothing is missing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Steps that must have ended before, whatever came of them, beside those that expressions name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Asks once for each element of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Whether there is no answer without this step. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Which statuses are success: `"200"`, `"2xx"`, or a list of these. Default: `"2xx"`. An answer without content is `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<OneOrMany>,
    /// How long the step may take, with all its requests and their retries, within the time of the whole request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// What stands in for the step's answer where it fails; it counts as answered then. With `each`, for that of an element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<StepFallback>,
    /// What becomes of the answer on its way into the result, in order; with `each`, of each answer by itself. Other steps see
    /// it as it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<ShapeStep>,
    /// Where the answer goes in the result: a name, a path (`"user.orders"`), or `"."` for the top, where its members become
    /// those of the result. Default: the step's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Whether the answer is only for other steps, and no part of the result. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// The parts of the time that a request may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// Changes to header fields, with variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<HeaderPolicy>,
    /// What is kept of the step's answers, and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheSetting>,
    /// How the JSON of the request becomes that of the upstream, and the upstream's that of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// What becomes of the request and of the answer on the way: expressions see them as those of a route of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// The upstream speaks GraphQL: what is asked of it, and what becomes of what it answers. Variables see the content of
    /// `body` as `request.body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graphql: Option<GraphQl>,
    /// What answers must be like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<Validation>,
}

/// The content of a step's request: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct StepBody {
    /// JSON: an expression in CEL, `"{'user': request.params.user, 'cart': steps.cart.body.items}"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// A form: text with holes, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<BTreeMap<String, String>>,
    /// Text with holes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The client's own content, with its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// Asks once for each element of a list: `item` and `index` in the step's expressions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// The list, in CEL: `"steps.orders.body.items"`.
    #[serde(rename = "in")]
    pub list: String,
    /// How many requests are under way at once, 1 to 64. Default: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// The longest list, 1 to 1000: the step fails where it is longer. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// What two elements are the same by, in CEL: the same is asked for once. Default: the whole element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Puts each answer into the element that it was asked for, as a member of this name. The list must be one of a step's
    /// answer (`steps.NAME.body…`, members only). Then there is nothing else of the step in the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<String>,
    /// Asks for several elements with one request: `items` in the step's expressions, in place of `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<EachBatch>,
}

/// Several elements with one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EachBatch {
    /// How many elements one request is for at most.
    pub size: u32,
    /// Where in the answer the list of what was asked for is. Default: the answer is the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The member of each of its elements that is equal to what `by` of `each` says of an element.
    pub by: String,
}

/// What stands in for a step's answer: exactly one key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct StepFallback {
    /// A value, as JSON: `"[]"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// The answer of another step, which is asked only then, and is no part of the result by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What the step's `cache` still has, although it is stale by up to so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<DurationText>,
}

/// What the client gets when a required step fails: a word, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum StepFailure {
    /// A word.
    Word(StepFailureWord),
    /// A stated status.
    Table(StatedFailure),
}

/// A word for what the client gets when a required step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepFailureWord {
    /// A problem of the gateway's: 504 where the upstream did not answer in time, else 502, with the step's name.
    Problem,
    /// What the upstream answered, with its status and its content; a problem of the gateway's where it did not answer.
    Pass,
}

/// A stated failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StatedFailure {
    /// The status, 400 to 599.
    pub status: u16,
    /// What is said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What is done with an answer from which an optional step is missing. It says `Tollgate-Completed: false`, and names what is
/// missing and why in `Tollgate-Missing`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Partial {
    /// Its status. Default: 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether caches may keep it. Default: false: it says `Cache-Control: no-store`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<bool>,
}
