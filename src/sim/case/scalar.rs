//! Scalars of case files: spans of time and sizes, read where they stand so that a mistake has a line.

use std::time::Duration;

use serde::Deserialize;

use crate::plan::scalar;

/// A span of time: `"10ms"`, `"5s"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

/// A size: `"1MiB"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Size(pub u64);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        scalar::duration(&text)
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is not a span of time, such as \"10ms\""))
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        scalar::size(&text).map(Self).ok_or_else(|| format!("\"{text}\" is not a size, such as \"1MiB\""))
    }
}
