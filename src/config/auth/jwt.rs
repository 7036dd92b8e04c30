//! A JSON Web Token of one issuer, as bearer token.

use serde::{Deserialize, Serialize};

/// A JSON Web Token of one issuer, as bearer token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Jwt {}
