//! What came of steps, for records.

use std::time::Duration;

use super::Reason;

/// What came of a step, for records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it came to.
    pub came: Came,
    /// Why it has no answer of its own, or not for all elements.
    pub reason: Option<Reason>,
    /// How many requests there were for it.
    pub requests: u32,
    /// How often upstreams were asked for them.
    pub attempts: u32,
    /// How long it took.
    pub took: Duration,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// An answer of its own.
    Answered,
    /// Something stands in for it, or for that to some element.
    Fallback,
    /// Nothing.
    Failed,
    /// It was left out.
    Skipped,
    /// It was under way when the whole was lost.
    GivenUp,
    /// Its turn did not come, or it was not needed.
    NotAsked,
}

// === impl Came ===

impl Came {
    /// Its name in logs and metrics: one of a closed set.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Fallback => "fallback",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::GivenUp => "given-up",
            Self::NotAsked => "not-asked",
        }
    }
}
