//! What a process remembers of splits.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What was set for splits, where there is no live document: for this process alone, until it ends.
#[derive(Debug, Default)]
pub struct Remembered {
    weights: RwLock<BTreeMap<Box<str>, Arc<BTreeMap<Box<str>, u32>>>>,
}

// === impl Remembered ===

impl Remembered {
    /// The weights that were set for the split of a route.
    pub fn weights_of(&self, route: &str) -> Option<Arc<BTreeMap<Box<str>, u32>>> {
        self.weights.read().unwrap_or_else(PoisonError::into_inner).get(route).map(Arc::clone)
    }

    /// Sets them; none, for those that are written.
    pub fn set_weights(&self, route: &str, weights: BTreeMap<Box<str>, u32>) {
        let mut all = self.weights.write().unwrap_or_else(PoisonError::into_inner);
        if weights.is_empty() {
            all.remove(route);
        } else {
            all.insert(route.into(), Arc::new(weights));
        }
    }
}
