//! Whose turn it is to fetch an answer: within the process ([`Lead`]), and among the instances that share a store
//! ([`Leased`]).

use std::sync::Arc;

use super::Caching;
use super::fetches::{Landing, Lead};
use super::key::Digest;
use super::lease::{self, Lease, Token};
use super::policy::{Place, Policy};
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
    /// Takes the turn among the instances that share the policy's store; false where it is another one's. Where that cannot
    /// be found out it is everybody's.
    pub async fn take<H: Host>(
        &mut self,
        host: &H,
        plan: &Arc<Plan>,
        policy: &Policy,
        key: Digest,
        deadline: Deadline,
    ) -> bool {
        let Place::Store(index) = policy.place else { return true };
        let caching = &plan.caching;
        let Some(store) = caching.stores.get(index).filter(|_| !policy.coalesce.is_zero()) else {
            return true;
        };
        match lease::take(host, caching, store, &key, policy.coalesce, deadline).await {
            Lease::Unknown => true,
            Lease::Theirs => false,
            Lease::Mine(token) => {
                self.lease = Some(Leased { plan: Arc::clone(plan), store: index, key, token });
                true
            }
        }
    }

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
