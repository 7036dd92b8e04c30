//! What becomes of requests and answers on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::{Csv, Form, Xml};
use super::shape::ShapeStep;
use super::text::{DurationText, SizeText};

/// Changes requests before they go to the upstream, and answers before they go to the client.
///
/// Values are text with holes: `{id}` is what the route's path captured, `{claims.tenant}` any other expression in CEL, `{{` and
/// `}}` are braces. All of it is about the request, or the answer, as it came: everything is calculated before anything is
/// changed. What a `mapping` says is done to requests before, and to answers after this.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Transform {
    /// What becomes of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<TransformRequest>,
    /// What becomes of answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<TransformResponse>,
}

/// What becomes of requests. A request for which something cannot be calculated is answered 400.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TransformRequest {
    /// A condition in CEL: requests for which it does not hold go on as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The method: text with holes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, behind that of the upstream: text with holes, whose values are percent-encoded and may not be empty, `.` or
    /// `..`. Instead of `rewrite.path` and `rewrite.prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Changes to query parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<TextEdits>,
    /// Changes to header fields. What `headers` says is done afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<TextEdits>,
    /// Changes to cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<CookieEdits>,
    /// What becomes of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TransformBody>,
}

/// What becomes of answers. An answer for which something cannot be calculated is a 502.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TransformResponse {
    /// A condition in CEL: answers for which it does not hold go on as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Which status comes in place of which: `{ "404" = 204, "5xx" = 502 }`. A single status goes before its class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub status: BTreeMap<String, u16>,
    /// Changes to header fields. What `headers` says is done afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<TextEdits>,
    /// Changes to the cookies that clients are to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<SetCookieEdits>,
    /// What becomes of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TransformBody>,
    /// What becomes of the content of answers with an error status (400 and more, after `status`). Default: `"keep"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorContent>,
    /// In which formats the answer may be had, by the client's `Accept`; the first is for those who do not care. A client that
    /// takes none of them is answered 406.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<ContentFormat>,
}

/// Changes to query parameters or header fields, by name: first those to take away, then those to have exactly once, then those
/// to add.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TextEdits {
    /// Names to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// What to have exactly once: text with holes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// What to add: text with holes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
}

/// Changes to the cookies of requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CookieEdits {
    /// Names to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Cookies to have exactly once: text with holes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// Changes to the cookies that an answer has clients keep (`Set-Cookie`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SetCookieEdits {
    /// Names of cookies that the answer does not set any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// What becomes of cookies that the upstream sets, by name; `"*"` is for those that have no entry of their own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub change: BTreeMap<String, CookieChange>,
    /// Cookies that are set, in place of the upstream's of these names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, NewCookie>,
}

/// What becomes of a cookie's attributes. What is not written stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CookieChange {
    /// `Domain`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `Path`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `Secure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// `HttpOnly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_only: Option<bool>,
    /// `SameSite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_site: Option<CookieSite>,
}

/// A cookie that clients are to keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCookie {
    /// Its value: text with holes.
    pub value: String,
    /// For how long. Default: until the browser is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<DurationText>,
    /// `Domain`. Default: none, for this host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `Path`. Default: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `Secure`. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// `HttpOnly`. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_only: Option<bool>,
    /// `SameSite`. Default: `lax`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<CookieSite>,
}

/// With which requests of other sites a cookie is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CookieSite {
    /// With none.
    Strict,
    /// When a user follows a link.
    Lax,
    /// With all of them; only together with `Secure`.
    None,
}

/// What becomes of content: `shape`, `value` or `template` make another of it, `to` writes it in another format.
///
/// Content is read as a whole before any of it goes on, decoded where it is in a content coding. What cannot be read is answered
/// 415 where it is a client's, and is a 502 where it is an upstream's; nothing is ever passed on half changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TransformBody {
    /// What the content is read as, whatever its type says. Default: by `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<ContentFormat>,
    /// Operations on the JSON that the content is read as, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<ShapeStep>,
    /// Instead of `shape`: the whole of it, in CEL: `"{'id': request.params.id, 'items': request.body.items}"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Instead of `shape`: a template in the language of Jinja, which sees what expressions see: `request`, `response`,
    /// `steps`, `claims`, `caller`, `consumer`, `client`. Values are escaped as `to` wants it; what is not there is a mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The format that it is written in. Default: that it was read in, and `text` with `template`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<ContentFormat>,
    /// Its type. Default: the usual one of the format, or what it was where the format stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How XML and JSON become each other; also SOAP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<Xml>,
    /// How JSON becomes CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<Csv>,
    /// How forms and JSON become each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// The largest content, before and after. Default: 1 MiB. A larger request is answered 413, a larger answer is a 502.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<SizeText>,
    /// Only for answers whose `shape` begins with `pick`: the largest content that arrives, of which what is picked may come to
    /// `most`. Memory is in proportion to what is picked. Default: 64 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arriving: Option<SizeText>,
}

/// A format of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ContentFormat {
    /// `application/json`.
    Json,
    /// `application/xml`.
    Xml,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/csv`: a list of objects, one a line.
    Csv,
    /// `application/x-ndjson`: the elements of a list, one a line.
    Ndjson,
    /// `text/plain`: one text.
    Text,
}

/// What becomes of the content of answers with an error status: a word, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ErrorContent {
    /// A word.
    Word(ErrorWord),
    /// A problem, in more words.
    Problem(ErrorProblem),
}

/// A word for what becomes of the content of answers with an error status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ErrorWord {
    /// It stays as it is.
    Keep,
    /// It is changed as that of any other answer.
    Change,
    /// It becomes a problem of `application/problem+json` (RFC 9457), with nothing of the original in it.
    Problem,
}

/// A problem (RFC 9457) in place of the content of an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ErrorProblem {
    /// Its `type`, an address. Default: `about:blank`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its `title`. Default: what the status is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its `detail`, in CEL: `"response.body.error.message"`. Where it has no value, the problem has no detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The name of a member that gets the original content, where that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}
