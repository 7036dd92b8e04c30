//! Where documents are: one in the memory of a process, one in each store.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;

use super::{Order, Purges};
use crate::body::Alarm;
use crate::cache::policy::{Caching, Place};
use crate::deadline::Deadline;
use crate::host::{Host, StoreError, Tick};
use crate::plan::StorePlan;

/// The key of a store's document. It is kept without end: without it, nothing in the store is found.
pub const KEY: &str = "tollgate/cache/purges";

/// How often a document is written anew because somebody else wrote it meanwhile: more often than instances purge at the
/// same moment.
const TRIES: usize = 8;

/// What was purged of a process' own memory.
#[derive(Debug, Default)]
pub struct InMemory(RwLock<Arc<Purges>>);

/// What came of purging one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub place: Place,
    /// The number of the purge there; or why it could not be written, so that answers there are as they were.
    pub serial: Result<u64, StoreError>,
}

/// Purges every place in which answers are kept: the memory of this process, and each store. No store has longer than
/// `caching.timeout` for each of its steps.
pub async fn purge<H: Host>(host: &H, caching: &Caching, order: &Order, deadline: Deadline) -> Vec<Done> {
    let mut done = Vec::with_capacity(1 + caching.stores.len());
    if let Some(memory) = host.memory() {
        done.push(Done { place: Place::Memory, serial: Ok(memory.cache.purge(order)) });
    }
    for (index, store) in caching.stores.iter().enumerate() {
        let serial = in_store(host, caching, store, order, deadline).await;
        done.push(Done { place: Place::Store(index), serial: serial.map(|purges| purges.serial()) });
    }
    done
}

/// What was purged of `store`, as its document says that is there now. Where there is none, or none that can be read, one is
/// made: whatever is in the store is gone.
///
/// # Errors
/// The store did not answer in time. What was purged is not known, and nothing in the store may be given.
pub async fn known<H: Host>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    deadline: Deadline,
) -> Result<Purges, StoreError> {
    for _ in 0..TRIES {
        let stored = within(host, due(host, caching, deadline), host.get(store, KEY)).await?;
        if let Some(purges) = stored.as_ref().and_then(Purges::decode) {
            return Ok(purges);
        }
        let purges = fresh(host);
        let written = host.swap(store, KEY, stored.as_deref(), purges.encode(), None);
        if within(host, due(host, caching, deadline), written).await? {
            return Ok(purges);
        }
    }
    Err(contended())
}

/// Writes `order` into the document of `store`, and gives it back as it is then.
async fn in_store<H: Host>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    order: &Order,
    deadline: Deadline,
) -> Result<Purges, StoreError> {
    for _ in 0..TRIES {
        let stored = within(host, due(host, caching, deadline), host.get(store, KEY)).await?;
        let before = stored.as_ref().and_then(Purges::decode).unwrap_or_else(|| fresh(host));
        let after = before.with(order);
        let written = host.swap(store, KEY, stored.as_deref(), after.encode(), None);
        if !within(host, due(host, caching, deadline), written).await? {
            continue;
        }
        // A store that compares and writes in two steps may have told somebody else the same, whose document has
        // replaced this one: then the purge would be forgotten.
        let stored = within(host, due(host, caching, deadline), host.get(store, KEY)).await?;
        match stored.as_ref().and_then(Purges::decode) {
            Some(now) if !now.covers(&after, order) => {}
            Some(now) => return Ok(now),
            // Without a document everything is gone, which is more than was asked for.
            None => return Ok(after),
        }
    }
    Err(contended())
}

/// A document that no answer in the store knows of.
fn fresh<H: Host>(host: &H) -> Purges {
    let mut epoch = [0; 4];
    host.fill(&mut epoch);
    Purges::new(u32::from_le_bytes(epoch))
}

fn contended() -> StoreError {
    StoreError { cause: format!("others wrote the list of purges meanwhile, {TRIES} times") }
}

fn due<H: Host>(host: &H, caching: &Caching, deadline: Deadline) -> Tick {
    deadline.or_after(host.tick(), Some(caching.timeout))
}

async fn within<H: Host, T>(
    host: &H,
    due: Tick,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut call = pin!(call);
    let mut alarm = pin!(Alarm::<H>::unset());
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(output),
        Poll::Pending => alarm
            .as_mut()
            .poll_due(host, due, cx)
            .map(|()| Err(StoreError { cause: "the store did not answer in time".to_owned() })),
    })
    .await
}

// === impl InMemory ===

impl InMemory {
    /// What was purged so far.
    pub fn known(&self) -> Arc<Purges> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Purges; the number of the purge.
    pub fn purge(&self, order: &Order) -> u64 {
        let mut purges = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *purges = Arc::new(purges.with(order));
        purges.serial()
    }
}
