//! What a host keeps between requests, where it keeps anything: bounded, and never the only copy of anything.
//!
//! Nothing in here outlives its meaning: an entry is found by a digest of everything that it depends on, and whoever
//! takes one looks at the time again.

use std::sync::Arc;

use crate::auth::remembered::Remembered;
use crate::breaker::Breakers;
use crate::cache::Shelves;
use crate::cache::fetches::Fetches;
use crate::credentials::tokens::Tokens;
use crate::identity::ring::Ring;
use crate::limit::Counters;
use crate::limit::concurrency::Flights;
use crate::limit::lease::Leases;
use crate::live;
use crate::migration;
use crate::pool::Pools;

/// The memory of one process, shared by all its workers and kept when the plan changes.
#[derive(Debug, Default)]
pub struct Memory {
    /// What authentication remembers.
    pub auth: Remembered,
    /// The gateway's own keys, and tokens signed with them.
    pub identity: Ring,
    /// Tokens that the gateway fetched for itself.
    pub tokens: Tokens,
    /// Answers that are kept.
    pub cache: Shelves,
    /// Fetches that are under way, for those who want the same.
    pub fetches: Arc<Fetches>,
    /// What is counted in memory.
    pub limits: Counters,
    /// Permits taken from stores ahead of use.
    pub leases: Leases,
    /// Requests in flight.
    pub flights: Arc<Flights>,
    /// Upstreams: their targets, and how they are doing.
    pub pools: Pools,
    /// What was set for splits, and what mirrors answered.
    pub migration: migration::Remembered,
    /// What was read of the live document.
    pub live: live::Known,
    /// Which stores just failed.
    pub breakers: Breakers,
}
