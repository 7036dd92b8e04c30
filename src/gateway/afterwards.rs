//! What no answer waits for.

use std::sync::Arc;

use super::Gateway;
use super::refreshing::Refresh;
use crate::cache::keeping::Kept;
use crate::cache::turn::Leased;
use crate::discovery::cached::Asking;
use crate::health::sharing::{self, Noted};
use crate::host::Host;
use crate::idempotency;
use crate::migration::Mirroring;

/// Work that goes on after an answer, handed to the host by [`crate::host::Defer`] and done by [`settle`].
#[derive(Debug)]
pub struct Afterwards(Work);

#[derive(Debug)]
enum Work {
    /// Writes an answer into its store.
    Keep(Box<Kept>),
    /// Writes what came of a request under its key.
    Settle(Box<idempotency::Kept>),
    /// Gives back the turn to fetch an answer.
    GiveBack(Box<Leased>),
    /// Asks the upstream for an answer in place of one that is no longer fresh.
    Refresh(Box<Refresh>),
    /// Tells other instances how a target is doing.
    Tell(Box<Noted>),
    /// Asks a mirror.
    Mirror(Box<Mirroring>),
    /// Asks where the targets of an upstream are.
    Discover(Box<Asking>),
}

// === impl Afterwards ===

impl Afterwards {
    /// Writes `kept` into its store.
    pub fn keep(kept: Kept) -> Self {
        Self(Work::Keep(Box::new(kept)))
    }

    /// Writes `kept` under its key.
    pub fn settle_key(kept: idempotency::Kept) -> Self {
        Self(Work::Settle(Box::new(kept)))
    }

    /// Gives `lease` back.
    pub fn give_back(lease: Leased) -> Self {
        Self(Work::GiveBack(Box::new(lease)))
    }

    /// Asks again.
    pub(super) fn refresh(refresh: Refresh) -> Self {
        Self(Work::Refresh(Box::new(refresh)))
    }

    /// Tells others.
    pub(super) fn tell(noted: Noted) -> Self {
        Self(Work::Tell(Box::new(noted)))
    }

    /// Asks a mirror.
    pub fn mirror(mirroring: Box<Mirroring>) -> Self {
        Self(Work::Mirror(mirroring))
    }

    /// Asks where the targets of an upstream are.
    pub(super) fn discover(asking: Asking) -> Self {
        Self(Work::Discover(Box::new(asking)))
    }

    /// Whether it should be done before the answer's last byte is sent, where a host is gone after it: what the next
    /// request looks for.
    pub fn is_for_the_next(&self) -> bool {
        matches!(self.0, Work::Keep(_) | Work::Settle(_))
    }
}

/// Does what was left to do.
pub async fn settle<H: Host>(host: &H, work: Afterwards) {
    match work.0 {
        Work::Keep(kept) => kept.store(host).await,
        Work::Settle(kept) => kept.store(host).await,
        Work::GiveBack(lease) => lease.give_back(host).await,
        Work::Refresh(refresh) => {
            let gateway = Gateway::again(Arc::clone(refresh.plan()), host.clone());
            gateway.refresh(*refresh).await;
        }
        Work::Tell(noted) => sharing::tell(host, &noted).await,
        Work::Mirror(mirroring) => {
            let gateway = Gateway::again(Arc::clone(&mirroring.plan), host.clone());
            gateway.mirror(*mirroring).await;
        }
        Work::Discover(asking) => {
            if let Some(cached) = &asking.source.cached {
                asking.again(host, cached).await;
            }
        }
    }
}
