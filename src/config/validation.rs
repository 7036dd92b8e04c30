//! What requests and answers must be like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::SizeText;

/// What requests and answers must be like. Requests are judged when it is known who calls and that they may, and before
/// anything is asked of an upstream or found in a cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Validation {
    /// An operation of an OpenAPI document that says it all: the name of one of `[openapi]`, a `#`, and the operation's
    /// `operationId` (`"pets#createPet"`), or its method and path (`"pets#POST /pets"`). What else is written here counts
    /// beside it; `body` and `answers.bodies` are the operation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The content of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyValidation>,
    /// What the path captures, by name: the name of a schema, a schema as JSON text (`'{"type": "integer"}'`), or a table.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParameterSetting>,
    /// Parameters of the query, by name; written as in `params`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, ParameterSetting>,
    /// Header fields, by name; written as in `params`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, ParameterSetting>,
    /// Cookies, by name; written as in `params`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, ParameterSetting>,
    /// Whether parameters of the query that are not in `query` are refused. Default: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<bool>,
    /// How heavy JSON may be. It is weighed before anything is made of it, so that nobody can fill the gateway's memory with
    /// little content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<JsonLimits>,
    /// The largest content that is judged; requests with more are refused. Where `limits` of the route are lower, those
    /// count. Default: `"1MiB"`; at most `"64MiB"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<SizeText>,
    /// Answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswerValidation>,
}

/// What the content of requests must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct BodyValidation {
    /// The name of a schema, or a schema as JSON text. Without one, only `types` and `required` are looked at, and content
    /// passes as it arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Whether there must be content, in requests whose method gives it a meaning: not in `GET`, `HEAD`, `DELETE`,
    /// `OPTIONS` and `TRACE`. Default: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Media types that are taken: `application/json`, `application/*+json`, `text/*`. Default, with `schema`:
    /// `application/json` and `application/*+json`; else any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// One parameter, header field or cookie: the name of a schema, a schema as JSON text, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ParameterSetting {
    /// The name of a schema, or a schema as JSON text.
    Schema(String),
    /// More about it.
    Table(ParameterRule),
}

/// One parameter, header field or cookie.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ParameterRule {
    /// The name of a schema, or a schema as JSON text. Its `type` says what the text is read as: a number, `true` or
    /// `false`, a list, an object, or text.
    pub schema: String,
    /// Whether there must be one. Default: `false`; what a path captures is always there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// How lists and objects are written. Default: `"repeated"` in the query, `"commas"` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<ParameterStyle>,
}

/// How lists and objects are written in a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ParameterStyle {
    /// Lists are the parameter several times (`id=1&id=2`), members of objects parameters of their own (`form` with
    /// `explode` in OpenAPI). Only in the query.
    Repeated,
    /// `id=1,2`; objects are `name,value,name,value` (`form` without `explode`, and `simple`).
    Commas,
    /// `id=1%202` (`spaceDelimited`). Only in the query.
    Spaces,
    /// `id=1|2` (`pipeDelimited`). Only in the query.
    Pipes,
    /// Objects are `filter[name]=value` (`deepObject`). Only in the query.
    Deep,
    /// The value is JSON (`content` in OpenAPI).
    Json,
}

/// How heavy JSON may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct JsonLimits {
    /// How many arrays and objects may be within each other. Default: 32; at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// How many members one object may have. Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// How many elements one array may have. Default: 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<u32>,
    /// How long one text or name may be, as it is written. Default: as long as the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<SizeText>,
}

/// What answers must be like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerValidation {
    /// What happens to answers that are not as they should be.
    pub mode: AnswerMode,
    /// Schemas by statuses: `"200"`, `"2xx"`, or `"default"` for all others. Each is the name of a schema, or a schema as
    /// JSON text. Answers whose status is not among them are not judged. Left out where `operation` says them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bodies: BTreeMap<String, String>,
}

/// What happens to answers that are not as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AnswerMode {
    /// They pass, as they arrive; the access log and the metrics say so.
    Report,
    /// They are kept from the client, who is told that the upstream failed. Answers are read as a whole before any of them
    /// is sent.
    Enforce,
}
