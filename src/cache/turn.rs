//! Whose turn it is to fetch an answer: within the process ([`Lead`]), and among the instances that share a store
//! ([`Leased`]).

use std::sync::Arc;

use super::Caching;
use super::fetches::{Landing, Lead};
use super::key::Digest;
use super::lease::{self, Token};
use crate::deadline::Deadline;
use crate::gateway::Afterwards;
use crate::host::Host;
use crate::plan::Plan;

/// The duty to fetch, towards those who wait. Dropped without a word, those in the process have another who leads, and those
/// elsewhere wait until the lease ends.
#[derive(Debug, Default)]
pub struct Turn {
    /// Within the process.
    pub lead: Option<Lead>,
    /// Among instances.
    pub lease: Option<Leased>,
}

/// A lease that is held.
#[derive(Debug)]
pub struct Leased {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The index of the store in it.
    pub store: usize,
    /// What is fetched.
    pub key: Digest,
    /// What the holder is known by.
    pub token: Token,
}

// === impl Turn ===

impl Turn {
    /// Tells those who wait what came of it.
    pub fn land<H: Host>(self, host: &H, landing: Landing) {
        if let Some(lead) = self.lead {
            lead.land(landing);
        }
        if let Some(lease) = self.lease {
            host.defer(Afterwards::give_back(lease));
        }
    }
}

// === impl Leased ===

impl Leased {
    /// Gives it back.
    pub async fn give_back<H: Host>(self, host: &H) {
        let caching: &Caching = &self.plan.caching;
        if let Some(store) = caching.stores.get(self.store) {
            lease::give_back(host, caching, store, &self.key, self.token, Deadline::never()).await;
        }
    }
}
