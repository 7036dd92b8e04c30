//! How often a store is asked for one request.

use super::policy::{Place, Policy};
use super::shelf::{ATTEMPTS, MOST_TRIES};

/// How often a store is asked for one request: usually, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Reads to look for an answer: what stands at the address and what was purged, at the same time, and then each variant
    /// that may be the one. A hit asks no more than this.
    pub looking: Often,
    /// Reads to keep an answer that was not there: what stands there now, once more where others write too, and once more
    /// each time on a store that cannot compare and write in one step.
    pub reads: Often,
    /// Writes to keep it: the answer, and what tells variants apart; and a lease, taken and given back, so that others wait.
    /// Whoever waits for somebody else's fetch looks again and again, for as long as `coalesce` says.
    pub writes: Often,
}

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Often {
    /// Where answers do not vary, and nobody else writes at the same address at the same time.
    pub usually: usize,
    /// In the worst case.
    pub most: usize,
}

// === impl Cost ===

impl Cost {
    /// Of the answers of a route; `None` where no store is asked.
    pub fn of(policy: &Policy) -> Option<Self> {
        let Place::Store(_) = policy.place else { return None };
        // What the key adds is told apart beneath the address, as what `Vary` names is.
        let apart = usize::from(!policy.key.is_empty());
        let lease = if policy.coalesce.is_zero() { 0 } else { 2 };
        Some(Self {
            looking: Often { usually: 2 + apart, most: 2 + MOST_TRIES },
            reads: Often { usually: 1, most: 2 * ATTEMPTS },
            writes: Often { usually: 1 + apart + lease, most: 2 * ATTEMPTS + lease },
        })
    }
}
