//! JSON Schemas, by name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON Schema, written in exactly one of `file`, `json` and `inline`. Others refer to it by its name
/// (`{"$ref": "user#/$defs/address"}`), by its `$id`, or from file to file. Nothing is ever fetched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Schema {
    /// A file with it, JSON (`.json`) or YAML (`.yaml`, `.yml`), beside this one or in a folder beneath: no path leads out
    /// of the configuration's directory. It is read with the configuration, and is part of it from then on. A file that is
    /// named here is no configuration file, wherever it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The schema as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// The schema as a table. TOML has no `null`: where one is needed, write `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline: Option<Map<String, Value>>,
    /// The draft that a schema is read by that has no `$schema`. Default: `"2020-12"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<SchemaDraft>,
    /// Whether `format` is checked. Default: as its draft has it, which is no for 2020-12 and yes for draft-07.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formats: Option<bool>,
}

/// A draft of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
pub enum SchemaDraft {
    /// Draft 2020-12.
    #[serde(rename = "2020-12")]
    Draft2020,
    /// Draft 7.
    #[serde(rename = "draft-07")]
    Draft7,
}
