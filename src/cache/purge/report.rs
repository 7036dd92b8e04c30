//! What whoever purges is told.

use std::fmt;

use serde_json::{Value, json};

use super::{Done, Order, What};
use crate::cache::policy::{Caching, Place};

/// Some place could not be purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Which places.
    places: Vec<String>,
    /// Why, for the operator.
    pub causes: String,
}

/// What was purged, and where: `{"purged": "tags", "soft": false, "places": ["memory", "default"]}`.
///
/// # Errors
/// Answers in some place are as they were.
pub fn report(caching: &Caching, order: &Order, done: &[Done]) -> Result<Value, Incomplete> {
    let failed = done.iter().filter_map(|done| Some((done.place, done.serial.as_ref().err()?)));
    let (places, causes): (Vec<_>, Vec<_>) =
        failed.map(|(place, error)| (name(caching, place).to_owned(), &*error.cause)).unzip();
    if !places.is_empty() {
        return Err(Incomplete { places, causes: causes.join("; ") });
    }
    let what = match &order.what {
        What::All => "all",
        What::Prefix { .. } => "prefix",
        What::Address { .. } => "address",
        What::Tags(_) => "tags",
    };
    let places: Vec<_> = done.iter().map(|done| name(caching, done.place)).collect();
    Ok(json!({ "purged": what, "soft": order.soft, "places": places }))
}

/// What a place is called: `memory`, or what the configuration calls the store.
pub fn name(caching: &Caching, place: Place) -> &str {
    match place {
        Place::Memory => "memory",
        Place::Store(index) => caching.stores.get(index).map_or("", |store| &*store.label),
    }
}

// === impl Incomplete ===

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answers are as they were in {}; everywhere else they are purged", self.places.join(", "))
    }
}
