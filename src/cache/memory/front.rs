//! Memory in front of a store: what was read from it lately.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::super::purge::Purges;
use super::MEMORY;
use crate::host::Tick;
use crate::plan::StorePlan;

/// Memory in front of a store. What was read is believed for as long as the author says, counted from when it was asked for.
#[derive(Debug)]
pub struct Front {
    /// Under which number its answers stand.
    pub(in crate::cache) place: u32,
    store: StorePlan,
    purges: RwLock<Option<(Arc<Purges>, Tick)>>,
}

/// How many stores have memory in front of them at most: many more than a configuration has. Beyond, what is kept for the
/// oldest is not found any more.
const MOST: usize = 64;

// === impl Front ===

impl Front {
    /// What was purged in the store, as far as that is believed at `now`.
    pub(in crate::cache) fn purges(&self, trust: Duration, now: Tick) -> Option<Arc<Purges>> {
        let held = self.purges.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|(_, read)| now < *read + trust).map(|(purges, _)| Arc::clone(purges))
    }

    /// This is what was purged in the store, as was read at `read`.
    pub(in crate::cache) fn learn(&self, purges: &Arc<Purges>, read: Tick) {
        let mut held = self.purges.write().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_none_or(|(_, before)| *before <= read) {
            *held = Some((Arc::clone(purges), read));
        }
    }
}

/// The memory in front of `store`.
pub(super) fn of(fronts: &RwLock<Vec<Arc<Front>>>, store: &StorePlan) -> Arc<Front> {
    let find = |fronts: &[Arc<Front>]| fronts.iter().find(|front| front.store == *store).map(Arc::clone);
    if let Some(front) = find(&fronts.read().unwrap_or_else(PoisonError::into_inner)) {
        return front;
    }
    let mut fronts = fronts.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(front) = find(&fronts) {
        return front;
    }
    // Numbers are not used again: what is kept under one that is gone is not found.
    let place = fronts.last().map_or(MEMORY, |front| front.place) + 1;
    if fronts.len() == MOST {
        fronts.remove(0);
    }
    let front = Arc::new(Front { place, store: store.clone(), purges: RwLock::default() });
    fronts.push(Arc::clone(&front));
    front
}
