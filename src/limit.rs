//! How much callers may do: rate limits, quotas, and how many requests at once.
//!
//! Two places in a request's life. [`shield`] counts before anybody is asked who they are, by what every request has;
//! [`admit`] counts once it is known who calls: the route's limits and those of the caller's plan. In either place all
//! limits are judged together and the strictest decides: a request that one of them refuses takes nothing from the
//! others. Limits in shadow are judged and told of, and refuse nobody.
//!
//! What a limit counts is a function of its [`Algorithm`], a [`State`] and the time ([`algorithm`]); where the state is
//! kept is the host's affair ([`crate::host::Count`]).

use std::sync::Arc;
use std::time::Duration;

use crate::expression::Expression;
use crate::plan::StorePlan;

pub mod algorithm;
pub mod ask;
pub mod bound;
pub mod concurrency;
pub mod counters;
pub mod decision;
pub mod fields;
pub mod judge;
pub mod judged;
pub mod key;
pub mod lease;
mod local;
pub mod redis;
mod refusal;
pub mod sight;
pub mod slots;
pub mod spans;
mod stage;
pub mod tier;
pub mod usage;
pub mod wanted;
pub mod weight;
pub mod wording;

pub use algorithm::{Algorithm, Span, State, Verdict, Zone};
pub use ask::Ask;
pub use concurrency::Held;
pub use counters::Counters;
pub use judge::{Judgement, Ruling, judge};
pub use judged::{Judged, Outcome};
pub use key::{Key, KeyPart};
use refusal::refusal;
pub use sight::Sight;
pub use stage::{Toll, admit, applying, shield};
pub use wanted::{Wanted, wanted};
pub use weight::Weight;

/// Everything that is configured about limits.
#[derive(Debug, Default)]
pub struct Limits {
    /// All limits, in the order of their names.
    pub all: Vec<Limit>,
    /// The plans of consumers, in the order of their names.
    pub tiers: Vec<Tier>,
    /// Stores that some limit counts in.
    pub stores: Vec<StorePlan>,
    /// Which fields answers have.
    pub fields: Fields,
    /// What clients are told of each limit, as far as it is always the same: of [`fields::Told::of_all`].
    pub told: Vec<Option<fields::Told>>,
    /// How many keys are remembered in memory at most.
    pub most_keys: usize,
}

/// One limit, ready to be judged.
#[derive(Debug)]
pub struct Limit {
    /// Its name.
    pub name: Box<str>,
    /// What it counts.
    pub algorithm: Algorithm,
    /// Whose permits they are; several parts count together.
    pub key: Vec<KeyPart>,
    /// How many permits a request takes.
    pub weight: Weight,
    /// For which requests it counts; `None` for all.
    pub when: Option<Arc<Expression>>,
    /// Where is counted.
    pub place: Place,
    /// How many permits are taken from the store at once; 1 for none ahead.
    pub lease: u64,
    /// Whether it refuses nobody.
    pub shadow: bool,
    /// What happens when the store does not answer.
    pub on_failure: OnFailure,
    /// With [`OnFailure::Local`], what is counted in memory then: [`Limit::local_share`].
    pub local: Option<Box<Self>>,
    /// How long the store may take.
    pub timeout: Duration,
}

/// Where is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In this process.
    Memory,
    /// In a store that instances share: its index in [`Limits::stores`].
    Store(usize),
}

/// What happens when a store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The request goes through.
    Allow,
    /// It gets 503.
    Deny,
    /// It is counted in memory, against so many percent of the limit.
    Local(u8),
}

/// Which fields answers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// `RateLimit-Policy` and `RateLimit`.
    pub standard: bool,
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset`.
    pub legacy: bool,
}

/// A plan of consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: Box<str>,
    /// Its limits: indices in [`Limits::all`].
    pub limits: Vec<usize>,
    /// Groups whose members have it.
    pub groups: Vec<Box<str>>,
    /// Whether everybody has it who has no other.
    pub default: bool,
}

/// What a route says of limits: indices in [`Limits::all`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteLimits {
    /// Judged before anybody is asked who they are.
    pub shield: Vec<usize>,
    /// Judged once it is known who calls.
    pub own: Vec<usize>,
    /// What each plan comes to here, in the order of [`Limits::tiers`].
    pub tiers: Vec<Vec<usize>>,
}

// === impl Fields ===

impl Default for Fields {
    fn default() -> Self {
        Self { standard: true, legacy: false }
    }
}

#[cfg(test)]
mod tests;
