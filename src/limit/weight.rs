//! How many permits a request takes.

use std::sync::Arc;

use http::header::HeaderName;

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

// === impl Weight ===

impl Weight {
    /// The expression whose value it is.
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Expression { expression, .. } => Some(expression),
            _ => None,
        }
    }
}
