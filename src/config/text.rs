//! Scalars that are still text, and the shorthand "one or many".
//!
//! The `title` of a type with a pattern is what messages call it: `"30" is not a span of time`.

use serde::{Deserialize, Serialize};

/// A span of time: a whole number and a unit, `ms`, `s`, `m`, `h` or `d`: `"1500ms"`, `"30s"`. `"off"` where the
/// key says that there may be none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "author", schemars(title = "span of time"))]
#[cfg_attr(feature = "author", schemars(extend("pattern" = "^([0-9]+(ms|s|m|h|d)|off)$")))]
#[serde(transparent)]
pub struct DurationText(pub String);

/// A size: a whole number and a unit, `B`, `KiB`, `MiB`, `GiB` (1,024) or `kB`, `MB`, `GB` (1,000): `"2MiB"`.
/// `"off"` where the key says that there may be none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "author", schemars(title = "size"))]
#[cfg_attr(feature = "author", schemars(extend("pattern" = "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB)|off)$")))]
#[serde(transparent)]
pub struct SizeText(pub String);

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One value.
    One(String),
    /// A list of values.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values, in the order written.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}
