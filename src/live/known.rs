//! The document that a process read last.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Document;
use crate::host::Tick;
use crate::plan::StorePlan;

/// The document that was read last, and where.
#[derive(Debug, Default)]
pub struct Known(RwLock<Option<Reading>>);

#[derive(Debug)]
struct Reading {
    store: StorePlan,
    /// When somebody last set out to read it.
    begun: Tick,
    /// What was read; `None` before anything could be.
    document: Option<Arc<Document>>,
}

// === impl Known ===

impl Known {
    /// What was read last in `store`.
    pub fn document(&self, store: &StorePlan) -> Option<Arc<Document>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| known.store == *store)?.document.clone()
    }

    /// Whether nobody has set out to read it for `span`: the caller has now, and must.
    pub(super) fn claim(&self, store: &StorePlan, now: Tick, span: Duration) -> bool {
        let due = |known: Option<&Reading>| {
            known.is_none_or(|known| known.store != *store || now.since(known.begun) >= span)
        };
        if !due(self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref()) {
            return false;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !due(known.as_ref()) {
            return false;
        }
        match &mut *known {
            Some(known) if known.store == *store => known.begun = now,
            known => *known = Some(Reading { store: store.clone(), begun: now, document: None }),
        }
        true
    }

    /// Has `document` in force, unless the gateway has gone on to another store.
    pub(super) fn learn(&self, store: &StorePlan, document: Option<Arc<Document>>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match &mut *known {
            Some(known) if known.store == *store => known.document = document,
            Some(_) => {}
            none => *none = Some(Reading { store: store.clone(), begun: Tick(0), document }),
        }
    }
}
