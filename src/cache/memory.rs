//! What is kept in the memory of the process: bounded by weight.

use std::sync::Arc;

use super::purge::{InMemory, Order, Purges};

/// All answers kept in the memory of a process, with what was purged of them.
#[derive(Debug, Default)]
pub struct Shelves {
    purged: InMemory,
}

// === impl Shelves ===

impl Shelves {
    /// What was purged so far of the place that is this memory alone.
    pub fn purged(&self) -> Arc<Purges> {
        self.purged.known()
    }

    /// Purges this memory; the number of the purge.
    pub fn purge(&self, order: &Order) -> u64 {
        self.purged.purge(order)
    }

    /// How much may be kept from now on, in bytes.
    pub fn resize(&self, bytes: u64) {
        let _ = (self, bytes);
    }
}
