//! Expressions in CEL, wherever they are written.

use std::sync::Arc;

use super::compile::{Context, Pointer};
use crate::expression::{Expression, Kind};
use crate::route::pattern::Pattern;

impl Context<'_> {
    /// An expression whose value can be of a kind; every mistake in it is reported.
    pub(super) fn expression(&mut self, at: &Pointer, source: &str, kind: Kind) -> Option<Arc<Expression>> {
        match Expression::compile(source, kind) {
            Ok(expression) => Some(Arc::new(expression)),
            Err(mistakes) => {
                for mistake in mistakes {
                    let reported = self.error(at, mistake.message);
                    if let Some(help) = mistake.help {
                        reported.help(help);
                    }
                }
                None
            }
        }
    }
}

/// What a path captures, where `name` is not among it.
pub(super) fn not_captured(pattern: &Pattern, name: &str) -> Option<String> {
    if pattern.captures().any(|captured| captured == name) {
        return None;
    }
    let captures: Vec<_> = pattern.captures().map(|name| format!("{{{name}}}")).collect();
    Some(match captures.as_slice() {
        [] => "it captures nothing".to_owned(),
        all => format!("it captures {}", all.join(", ")),
    })
}
