//! What requests are balanced by.

use crate::limit::KeyPart;
use crate::limit::key::Values;
use crate::limit::sight::Sight;
use crate::transform::query;

/// A part of what a request is balanced by.
#[derive(Debug, Clone)]
pub enum Part {
    /// What limits tell requests apart by too.
    Known(KeyPart),
    /// The path, in normal form.
    Path,
    /// The first parameter of the query that has this name, decoded.
    Query(Box<str>),
}

// === impl Part ===

impl PartialEq for Part {
    /// In the words of who wrote it.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => one.to_string() == other.to_string(),
            (Self::Path, Self::Path) => true,
            (Self::Query(one), Self::Query(other)) => one == other,
            _ => false,
        }
    }
}

/// The hash of what a request is balanced by. The client's address stands in for what the request does not have; `None` where that is
/// not known either, so that such requests go to no target in particular.
pub fn of(parts: &[Part], sight: &Sight<'_>) -> Option<u64> {
    let mut values = Values::default();
    for part in parts {
        let found = match part {
            Part::Known(part) => sight.look(part, |said| said.is_some_and(|said| values.add(&said))),
            Part::Path => {
                values.text(sight.asking.path);
                true
            }
            Part::Query(name) => query::values(sight.asking.head.uri.query(), name)
                .next()
                .map(|value| values.text(&value))
                .is_some(),
        };
        if !found && !values.add(&sight.stand_in(&[])) {
            return None;
        }
    }
    Some(values.finish())
}
