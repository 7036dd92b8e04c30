//! Descriptions of APIs.

use serde::{Deserialize, Serialize};

/// An OpenAPI document, 3.0 or 3.1, in exactly one of `file` and `json`. `validate.operation` of a route names its
/// operations. References within the document are followed, and none that lead out of it: nothing is ever fetched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OpenapiDocument {
    /// A file with it, JSON (`.json`) or YAML (`.yaml`, `.yml`), beside this one or in a folder beneath: no path leads out
    /// of the configuration's directory. It is read with the configuration, and is part of it from then on. A file that is
    /// named here is no configuration file, wherever it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The document as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
}
