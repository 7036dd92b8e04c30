//! How much an upstream is asked at once: requests in flight, and those that wait for one to end.

use std::sync::Arc;

use crate::deadline::Deadline;
use crate::host::Host;
use crate::problem::Failure;
use crate::retry::Outcome;

/// How much an upstream is asked at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {}

/// Who is in flight and who waits, for one upstream.
#[derive(Debug, Default)]
pub struct Gate {}

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub struct Ticket {}

// === impl Gate ===

impl Gate {
    /// A place for a request of this `priority` (0 is the most important), as soon as there is one.
    ///
    /// # Errors
    /// There is none, and there are as many waiting as may, or the wait was too long.
    pub async fn enter<H: Host>(
        self: &Arc<Self>,
        host: &H,
        admission: &Admission,
        priority: u8,
        deadline: Deadline,
    ) -> Result<Ticket, Failure> {
        let _ = (host, admission, priority, deadline);
        Ok(Ticket {})
    }
}

// === impl Ticket ===

impl Ticket {
    /// Takes note of how the exchange went, for limits that adapt.
    pub fn note(&self, admission: &Admission, outcome: &Outcome) {
        let _ = (admission, outcome);
    }
}
