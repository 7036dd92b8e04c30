//! What a source said, kept in a store: for hosts that keep nothing between requests, and ask the source themselves.
//!
//! Whoever finds that what is kept is no longer good goes on with it all the same, and asks the source when its answer has been
//! sent; it writes down that it does before it asks, so that others do not. Only where nothing is kept does a request wait.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::found::Taken;
use super::publish::{endpoint, found};
use super::watcher::Watcher;
use super::{Fault, News, Source, Watch};
use crate::breaker::call::{Patience, guarded, within};
use crate::deadline::Deadline;
use crate::host::{Host, UnixMillis};
use crate::live::Endpoint;
use crate::plan::{StorePlan, Target};

/// Where what a source said is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The store.
    pub store: StorePlan,
    /// After how long the source is asked again.
    pub ttl: Duration,
}

/// What is asked, and for whom: all that is needed when the request is over.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The upstream's name.
    pub upstream: Box<str>,
    /// The source.
    pub source: Source,
    /// What all targets have in common.
    pub template: Target,
}

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Until when it is good, in milliseconds since 1970; after it, whoever finds it asks again.
    until: u64,
    /// What the source said last; `None` where it never said anything.
    targets: Option<Vec<Endpoint>>,
}

/// What is kept of a source, and whether it should be asked again.
#[derive(Debug)]
pub struct Looked {
    /// The targets.
    pub taken: Option<Taken>,
    /// The source should be asked when nobody waits any more.
    pub again: bool,
}

/// How long the store may take.
const STORE_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a source that failed is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// The largest value that is read, in bytes; as [`crate::live::LARGEST`], because it is the same kind of store.
const LARGEST: usize = crate::live::LARGEST;

// === impl Asking ===

impl Asking {
    /// What is kept; where nothing is, the source is asked, and the answer kept.
    pub async fn look<H: Host>(&self, host: &H, cached: &Cached, deadline: Deadline) -> Looked {
        let none = Looked { taken: None, again: false };
        // A store that is out of order is no reason to ask the source for each request.
        let Ok(before) = self.read(host, cached, deadline).await else { return none };
        let now = host.unix();
        let Some((kept, raw)) = before else {
            return Looked { taken: self.ask(host, cached, None, deadline).await, again: false };
        };
        let again = kept.until <= now.0 && self.claim(host, cached, &kept, &raw, deadline).await;
        Looked { taken: self.taken(kept.targets.as_deref().unwrap_or_default()), again }
    }

    /// Asks the source, and keeps what it says; what was kept before stays where it says nothing.
    pub async fn again<H: Host>(&self, host: &H, cached: &Cached) {
        if let Ok(Some((kept, _))) = self.read(host, cached, Deadline::never()).await {
            self.ask(host, cached, kept.targets, Deadline::never()).await;
        }
    }

    async fn ask<H: Host>(
        &self,
        host: &H,
        cached: &Cached,
        before: Option<Vec<Endpoint>>,
        deadline: Deadline,
    ) -> Option<Taken> {
        let answer = self.question(host, deadline).await.and_then(|found| {
            let taken = self.source.targets(&self.template, found)?;
            Ok(taken)
        });
        let (targets, good) = match &answer {
            Ok(taken) => (Some(taken.set.members.iter().map(endpoint).collect()), cached.ttl),
            Err(_) => (before, LEFT_ALONE),
        };
        self.write(host, cached, &Kept { until: later(host.unix(), good), targets }).await;
        answer.ok()
    }

    async fn question<H: Host>(&self, host: &H, deadline: Deadline) -> Result<Vec<super::Found>, Fault> {
        let Some(mut watcher) = Watcher::<H>::of(&self.source) else {
            return Err(Fault::new("it is not asked over HTTP"));
        };
        let due = deadline.or_after(host.tick(), Some(self.source.timeout));
        match within(host, due, watcher.next(host)).await {
            Ok(Ok(News::Found(found))) => Ok(found),
            Ok(Ok(News::Same)) => Err(Fault::new("it said that nothing had changed")),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::new("no answer in time")),
        }
    }

    fn taken(&self, targets: &[Endpoint]) -> Option<Taken> {
        self.source.targets(&self.template, targets.iter().map(found).collect()).ok()
    }

    /// Writes down that the source is being asked, where nobody else has meanwhile.
    async fn claim<H: Host>(
        &self,
        host: &H,
        cached: &Cached,
        kept: &Kept,
        raw: &[u8],
        deadline: Deadline,
    ) -> bool {
        let until = later(host.unix(), self.source.timeout + LEFT_ALONE);
        let claimed = encoded(&Kept { until, targets: kept.targets.clone() });
        let key = self.key();
        let patience = Patience::new(host, STORE_TIMEOUT, deadline);
        let swap = host.swap(&cached.store, &key, Some(raw), claimed, None);
        guarded(host, &cached.store, patience, swap).await == Ok(true)
    }

    async fn read<H: Host>(
        &self,
        host: &H,
        cached: &Cached,
        deadline: Deadline,
    ) -> Result<Option<(Kept, Bytes)>, ()> {
        let key = self.key();
        let patience = Patience::new(host, STORE_TIMEOUT, deadline);
        let read = guarded(host, &cached.store, patience, host.get(&cached.store, &key)).await;
        let Some(raw) = read.map_err(drop)? else { return Ok(None) };
        // What cannot be read is as if it were not there.
        let small = Some(raw).filter(|raw| raw.len() <= LARGEST);
        Ok(small.and_then(|raw| Some((serde_json::from_slice(&raw).ok()?, raw))))
    }

    async fn write<H: Host>(&self, host: &H, cached: &Cached, kept: &Kept) {
        let value = encoded(kept);
        if value.is_empty() || value.len() > LARGEST {
            return;
        }
        let key = self.key();
        let patience = Patience::new(host, STORE_TIMEOUT, Deadline::never());
        // What could not be kept is asked for again by the next request.
        let _ = guarded(host, &cached.store, patience, host.set(&cached.store, &key, value)).await;
    }

    fn key(&self) -> String {
        format!("tollgate/discovery/{}", self.upstream)
    }
}

fn later(now: UnixMillis, span: Duration) -> u64 {
    now.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

fn encoded(kept: &Kept) -> Bytes {
    serde_json::to_vec(kept).unwrap_or_default().into()
}
