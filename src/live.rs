//! What may be changed while the gateway runs, and what was found out for components: one document in a store, the same for
//! all instances of a gateway.
//!
//! Nobody depends on it: where the store fails, is empty or holds what cannot be read, the last document that was read holds
//! on, and where there is none, what is compiled in. Whoever uses something of it holds it to the bounds of the plan.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::breaker::call::{self, Late, Missed, Patience};
use crate::deadline::Deadline;
use crate::host::{Clock, Host, KeyValue, StoreError, Tick};
use crate::plan::StorePlan;

mod document;
mod known;

pub use document::{Document, Endpoint, Endpoints, LARGEST, MOST_TARGETS, Unreadable};
pub use known::Known;

/// Where the document stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Its store.
    pub store: StorePlan,
    /// How often a host that remembers it reads it again.
    pub refresh: Duration,
    /// How long the store may take.
    pub timeout: Duration,
}

/// The key of the document. It is kept without end.
pub const KEY: &str = "tollgate/live";

/// How often the document is written anew because somebody else wrote it meanwhile: more often than operators and sources of
/// endpoints write at the same moment.
const TRIES: usize = 8;

/// By how much the upkeep may be late, beyond another [`Live::refresh`], before requests read the document themselves: it
/// works every second or so.
const LATE: Duration = Duration::from_secs(3);

/// The document in force; `None` where there is none. With memory, it is the one that [`refresh`] read, and only before the
/// first was read, or where nobody reads any more, is the store asked; without memory, the store is asked, so it is to be
/// called once a request at most.
pub async fn read<H: Host>(host: &H, live: &Live, deadline: Deadline) -> Option<Arc<Document>> {
    let Some(memory) = host.memory() else {
        return fetch(host, live, deadline).await.ok().flatten();
    };
    let now = host.tick();
    let patience = live.refresh + live.refresh + LATE;
    if memory.live.claim(&live.store, now, patience) {
        look(host, live, deadline).await;
    }
    memory.live.document(&live.store)
}

/// Reads the document where it is time to, into the memory of the host. To be called every second or so, by one worker.
pub async fn refresh<H: Host>(host: &H, live: &Live) {
    if let Some(memory) = host.memory()
        && memory.live.claim(&live.store, host.tick(), live.refresh)
    {
        look(host, live, Deadline::never()).await;
    }
}

/// Changes the document, and gives it back as it is then. `edit` is called for each try, and must come to the same when it is
/// done to its own result; what it leaves as it was is not written.
///
/// # Errors
/// The store did not answer in time, others always wrote it meanwhile, it would be too large, or it was written by a later
/// version of the gateway, which is not overwritten.
pub async fn change<H: Host>(
    host: &H,
    live: &Live,
    deadline: Deadline,
    edit: impl Fn(&mut Document),
) -> Result<Arc<Document>, StoreError> {
    let document = Arc::new(write(host, live, deadline, edit).await?);
    if let Some(memory) = host.memory() {
        memory.live.learn(&live.store, Some(Arc::clone(&document)));
    }
    Ok(document)
}

async fn write<H: Clock + KeyValue>(
    host: &H,
    live: &Live,
    deadline: Deadline,
    edit: impl Fn(&mut Document),
) -> Result<Document, StoreError> {
    let due = || deadline.or_after(host.tick(), Some(live.timeout));
    let mut written = false;
    for _ in 0..TRIES {
        let stored = within(host, due(), pin!(host.get(&live.store, KEY))).await?;
        let before = match stored.as_deref().map(Document::decode) {
            Some(Err(Unreadable::Version)) => return Err(failed("a later version of Tollgate wrote it")),
            Some(Ok(document)) => document,
            Some(Err(_)) | None => Document::default(),
        };
        let mut after = before.clone();
        edit(&mut after);
        // A store that compares and writes in two steps may have told somebody else the same, whose document has replaced
        // this one: what was written is looked at again.
        if after == before && (written || stored.is_some()) {
            return Ok(before);
        }
        after.serial = before.serial.saturating_add(1);
        let bytes = after.encode().ok_or_else(|| failed("it would be larger than any reader takes"))?;
        let swapped = pin!(host.swap(&live.store, KEY, stored.as_deref(), bytes, None));
        written |= within(host, due(), swapped).await?;
        if written && host.swaps_exactly(&live.store) {
            return Ok(after);
        }
    }
    Err(failed("others wrote it meanwhile, each time"))
}

/// Reads the document into memory. Where that fails, the last one holds on.
async fn look<H: Host>(host: &H, live: &Live, deadline: Deadline) {
    let found = fetch(host, live, deadline).await;
    if let (Ok(found), Some(memory)) = (found, host.memory()) {
        memory.live.learn(&live.store, found.or_else(|| Some(Arc::default())));
    }
}

/// The document in the store; `None` where there is none.
async fn fetch<H: Host>(host: &H, live: &Live, deadline: Deadline) -> Result<Option<Arc<Document>>, Missed> {
    let patience = Patience::new(host, live.timeout, deadline);
    let stored = call::guarded(host, &live.store, patience, host.get(&live.store, KEY)).await?;
    match stored.as_deref().map(Document::decode) {
        None => Ok(None),
        Some(Ok(document)) => Ok(Some(Arc::new(document))),
        Some(Err(_)) => Err(Missed::Failed),
    }
}

/// What a step comes to, in the time that it has.
async fn within<C: Clock, T>(
    clock: &C,
    due: Tick,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |Late| Err(failed("the store did not answer in time"));
    call::within(clock, due, step).await.unwrap_or_else(late)
}

fn failed(cause: &str) -> StoreError {
    StoreError { cause: format!("the live document: {cause}") }
}

#[cfg(test)]
mod tests;
