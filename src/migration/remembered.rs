//! What a process remembers of splits and mirrors.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Shadow;

/// By the names of a split's parts.
type Weights = BTreeMap<Box<str>, u32>;

/// What a process remembers of splits and mirrors, by the ids of their routes.
#[derive(Debug, Default)]
pub struct Remembered {
    /// What was set for splits, where there is no live document: for this process alone, until it ends.
    weights: RwLock<BTreeMap<Box<str>, Arc<Weights>>>,
    /// Of each route that has had a mirror.
    shadows: RwLock<BTreeMap<Box<str>, Arc<Shadow>>>,
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

    /// What is remembered of the mirror of a route.
    pub fn shadow(&self, route: &str) -> Arc<Shadow> {
        if let Some(shadow) = self.shadows.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return Arc::clone(shadow);
        }
        let mut all = self.shadows.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(route.into()).or_default())
    }

    /// What is remembered of all mirrors, by the ids of their routes.
    pub fn shadows(&self) -> Vec<(Box<str>, Arc<Shadow>)> {
        let all = self.shadows.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(route, shadow)| (route.clone(), Arc::clone(shadow))).collect()
    }
}
