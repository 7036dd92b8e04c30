//! What an old version of an API says in the words of a newer one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{OneOrMany, SizeText};

/// How the JSON of requests becomes that of the upstream, and the upstream's that of answers: an old version of an API,
/// served by a newer one.
///
/// Steps are done in the order in which they are written; what none of them names stays as it was, digit for digit. Places
/// are written `customer.name`, with `[*]` for each element of an array (`items[*].price`), `[0]` for one of them, and
/// `["any name"]` for names with one of `.`, `[`, `]`, `"` or a space in them; or as JSON Pointers (`/customer/name`).
/// Where nothing stands at a place, a step does nothing. Content that is not JSON passes as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// What becomes of the content of requests, before it goes to the upstream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request: Vec<MappingStep>,
    /// What becomes of the content of answers, before it goes to the client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<MappingStep>,
    /// What becomes of both: written as it is done to answers, before `response`; requests get the inverse, after `request`.
    /// Only `rename`, `move`, and `values` without two that become the same one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub both: Vec<MappingStep>,
    /// The largest content, before and after. Default: 1 MiB. A larger request is answered 413, a larger answer is 502;
    /// nothing is ever cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<SizeText>,
    /// Whether answers with an error status (400 and more) are changed too. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<bool>,
}

/// One change: exactly one of these keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MappingStep {
    /// Gives a member of an object another name, in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename: Option<RenameMember>,
    /// Puts a value somewhere else.
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    pub moves: Option<MoveValue>,
    /// Adds a member to objects that have none of its name. `null` is a value: it stays.
    #[serde(rename = "default", skip_serializing_if = "Option::is_none")]
    pub add: Option<DefaultMember>,
    /// Takes away what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<OneOrMany>,
    /// Puts other values in place of some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<MapValues>,
    /// Gives a query parameter another name; only in `request`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename_query: Option<RenameParameter>,
}

/// A member gets another name. Another member of that name is taken away; nothing happens where there is none of the old.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameMember {
    /// Where the member is: `"customer.name"`.
    pub from: String,
    /// Its new name, without the place: `"full_name"`.
    pub to: String,
}

/// A value goes somewhere else. What stands there is taken away; objects that are missing on the way are made, and those
/// that have nothing in them any more go. Where something that is no object is in the way, nothing happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveValue {
    /// Where it is: `"items[*].price.amount"`.
    pub from: String,
    /// Where it goes: `"items[*].amount"`. Both begin with the same, as far as the last `[*]`.
    pub to: String,
}

/// A member that is added where there is none. The object that it is a member of must be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DefaultMember {
    /// Where: `"currency"`, `"items[*].unit"`.
    pub at: String,
    /// Its value: text, a whole number, `true` or `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
    /// Its value as JSON, instead of `value`: `'{"amount": 1.10}'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
}

/// Values that others come in place of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MapValues {
    /// Where: `"status"`, `"items[*].state"`, `"tags[*]"`.
    pub at: String,
    /// By text, what comes in its place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, Scalar>,
    /// The same for other values, as JSON: a list of pairs, `'[[1, "one"], [null, "none"], [true, 1.0]]'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// What becomes of values that are not listed. Default: `"keep"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<OtherValues>,
}

/// What becomes of values that are not listed: a word, or a table with what comes in their place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OtherValues {
    /// A word.
    Word(OtherWord),
    /// What comes in their place.
    Table(OtherValue),
}

/// A word for what becomes of values that are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OtherWord {
    /// They stay as they are.
    Keep,
    /// They are taken away.
    Drop,
}

/// What comes in place of values that are not listed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OtherValue {
    /// Text, a whole number, `true` or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
    /// The same as JSON, instead of `value`: `'null'`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
}

/// A query parameter gets another name. Another parameter of that name is taken away. What `rewrite` says of the query is
/// done afterwards; the key of a cache has what the client sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameParameter {
    /// The name that clients use.
    pub from: String,
    /// The name that the upstream gets.
    pub to: String,
}

/// Text, a whole number, `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Whole(i64),
}
