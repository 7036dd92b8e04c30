//! How many permits a request takes.

use std::sync::Arc;

use http::header::HeaderName;

use super::sight::Sight;
use crate::expression::Expression;

/// How many permits a request takes.
#[derive(Debug, Clone)]
pub enum Weight {
    /// Always so many.
    Constant(u64),
    /// The number in a header field.
    Header {
        /// The field.
        name: HeaderName,
        /// Where there is none.
        default: u64,
        /// At most.
        most: u64,
    },
    /// One for each so many bytes of the body.
    Body {
        /// So many bytes.
        bytes: u64,
        /// At most.
        most: u64,
    },
    /// The value of an expression.
    Expression {
        /// The expression.
        expression: Arc<Expression>,
        /// Where it has none.
        default: u64,
        /// At most.
        most: u64,
    },
}

/// The length of the body must be known, and is not announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unannounced;

// === impl Weight ===

impl Weight {
    /// The expression whose value it is.
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Expression { expression, .. } => Some(expression),
            _ => None,
        }
    }

    /// How many permits a request takes; 0 for one that does not count.
    pub fn of(&self, sight: &Sight<'_>) -> Result<u64, Unannounced> {
        Ok(match self {
            Self::Constant(weight) => *weight,
            Self::Header { name, default, most } => number(sight, name).unwrap_or(*default).min(*most),
            Self::Body { bytes, most } => {
                let length = sight.asking.length.ok_or(Unannounced)?;
                length.div_ceil((*bytes).max(1)).max(1).min(*most)
            }
            Self::Expression { expression, default, most } => {
                sight.number(expression).unwrap_or(*default).min(*most)
            }
        })
    }
}

/// The whole number that a header field is. Two lines are none, not even if they are the same.
fn number(sight: &Sight<'_>, name: &HeaderName) -> Option<u64> {
    let mut lines = sight.asking.head.headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?.as_bytes().trim_ascii();
    let digits = !line.is_empty() && line.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(line).ok().filter(|_| digits)?;
    // More than any limit has is no less for being more than fits.
    Some(text.parse().unwrap_or(u64::MAX))
}
