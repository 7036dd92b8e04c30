//! Where a host's memory keeps documents: one slot each, and one turn each to fetch.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_lock::Mutex;
use quick_cache::sync::Cache;

use super::record::Record;

/// The documents of a kind, by the digest of what each depends on.
pub struct Slots<D>(Cache<[u8; 32], Arc<Slot<D>>>);

/// The place of one document.
pub struct Slot<D> {
    held: RwLock<Arc<Held<D>>>,
    /// Whoever has it may fetch. Given up by being dropped, so that a request that is cancelled gives it to the next.
    pub turn: Arc<Mutex<()>>,
}

/// A document as it is held: its record, what it was read as, and why the last fetch was in vain.
pub struct Held<D> {
    /// What was fetched, and when.
    pub record: Record,
    /// What it was read as.
    pub document: Option<Arc<D>>,
    /// Why the last fetch brought nothing; empty where it brought something.
    pub cause: String,
}

/// How many documents of a kind are kept: many more than a configuration has issuers, so that those of the last few
/// configurations are there too.
const MOST: usize = 1024;

// === impl Slots ===

impl<D> Slots<D> {
    /// The slot of this digest.
    pub fn slot(&self, id: &[u8; 32]) -> Arc<Slot<D>> {
        if let Some(slot) = self.0.get(id) {
            return slot;
        }
        let slot: Result<_, std::convert::Infallible> =
            self.0.get_or_insert_with(id, || Ok(Arc::new(Slot::default())));
        match slot {
            Ok(slot) => slot,
        }
    }
}

impl<D> Default for Slots<D> {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl<D> fmt::Debug for Slots<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("documents", &self.0.len()).finish()
    }
}

// === impl Slot ===

impl<D> Slot<D> {
    /// What is in it.
    pub fn held(&self) -> Arc<Held<D>> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `held` in it.
    pub fn hold(&self, held: Arc<Held<D>>) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

impl<D> Default for Slot<D> {
    fn default() -> Self {
        Self { held: RwLock::default(), turn: Arc::default() }
    }
}

// === impl Held ===

impl<D> Default for Held<D> {
    fn default() -> Self {
        Self { record: Record::default(), document: None, cause: String::new() }
    }
}
