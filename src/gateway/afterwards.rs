//! What no answer waits for.

use std::sync::Arc;

use http::request::Parts;
use http_body::Body as _;

use super::{Gateway, Peer};
use crate::auth::Admitted;
use crate::cache::flight::Lead;
use crate::cache::keeping::{Kept, Sought};
use crate::forward::client::Client;
use crate::host::Host;

/// Work that goes on after an answer, handed to the host by [`crate::host::Defer`] and done by [`settle`].
#[derive(Debug)]
pub struct Afterwards(pub(super) Work);

#[derive(Debug)]
pub(super) enum Work {
    /// Writes an answer into its store.
    Keep(Box<Kept>),
    /// Asks the upstream for an answer in place of one that is no longer fresh.
    Refresh(Box<Refresh>),
}

/// A request that is asked again, for the sake of those who come later.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) sought: Sought,
    pub(super) head: Parts,
    pub(super) peer: Peer,
    pub(super) client: Client,
    pub(super) admitted: Admitted,
    pub(super) stale: Arc<crate::cache::Entry>,
    /// Nobody else fetches it meanwhile, where the host remembers who does.
    pub(super) lead: Option<Lead>,
}

// === impl Afterwards ===

impl Afterwards {
    /// Writes `kept` into its store.
    pub fn keep(kept: Kept) -> Self {
        Self(Work::Keep(Box::new(kept)))
    }

    /// Whether it should be done before the answer's last byte is sent, where a host is gone after it: what the next
    /// request looks for.
    pub fn is_for_the_next(&self) -> bool {
        matches!(self.0, Work::Keep(_))
    }
}

/// Does what was left to do.
pub async fn settle<H: Host>(host: &H, work: Afterwards) {
    match work.0 {
        Work::Keep(kept) => kept.store(host).await,
        Work::Refresh(refresh) => {
            let gateway =
                Gateway { plan: Arc::clone(&refresh.sought.plan), host: host.clone(), assumed: None };
            gateway.refresh(*refresh).await;
        }
    }
}
