//! Reading and changing the documents of the registry in their store.

use std::time::Duration;

use bytes::Bytes;

use super::document::{Document, Instance, Put};
use super::{Registry, Service};
use crate::breaker::call::{Missed, Patience, guarded};
use crate::deadline::Deadline;
use crate::host::{Host, StoreError};
use crate::plan::StorePlan;

/// How often a document is written anew because another instance registered meanwhile. With as many that register in the very
/// same moment, the unluckiest is told to come again.
const TRIES: u32 = 16;

/// How long is waited before the second try, and as much more before each further one, at most and by chance.
const PAUSE: Duration = Duration::from_millis(5);

/// Where the document of a service stands. The number is the version of its form.
fn key(service: &str) -> String {
    format!("tollgate/registry/1/{service}")
}

/// What is registered of `service`.
///
/// # Errors
/// The store did not say in time.
pub async fn read<H: Host>(
    host: &H,
    store: &StorePlan,
    service: &str,
    timeout: Duration,
    deadline: Deadline,
) -> Result<Document, StoreError> {
    Ok(stored(host, store, service, timeout, deadline).await?.1)
}

/// Registers an instance, or takes its heartbeat.
///
/// # Errors
/// The store did not take it in time.
pub async fn register<H: Host>(
    host: &H,
    registry: &Registry,
    service: &Service,
    instance: &Instance,
    deadline: Deadline,
) -> Result<Put, StoreError> {
    for tried in 0..TRIES {
        pause(host, tried).await;
        let (before, mut document) = stored_in(host, registry, service, deadline).await?;
        let put = document.put(instance.clone(), host.unix(), registry.most);
        if put == Put::Full || write(host, registry, service, before, &document, deadline).await? {
            return match put == Put::Full || is_there(host, registry, service, instance, deadline).await? {
                true => Ok(put),
                false => continue,
            };
        }
    }
    Err(contended())
}

/// Takes an instance out.
///
/// # Errors
/// The store did not take it in time.
pub async fn remove<H: Host>(
    host: &H,
    registry: &Registry,
    service: &Service,
    name: &str,
    deadline: Deadline,
) -> Result<(), StoreError> {
    for tried in 0..TRIES {
        pause(host, tried).await;
        let (before, mut document) = stored_in(host, registry, service, deadline).await?;
        if !document.remove(name, host.unix()) {
            return Ok(());
        }
        if write(host, registry, service, before, &document, deadline).await? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Whether what was written is there: a store that compares and writes in two steps may have told somebody else the same, whose
/// document has replaced this one.
async fn is_there<H: Host>(
    host: &H,
    registry: &Registry,
    service: &Service,
    instance: &Instance,
    deadline: Deadline,
) -> Result<bool, StoreError> {
    if host.swaps_exactly(&registry.store) {
        return Ok(true);
    }
    let (_, document) = stored_in(host, registry, service, deadline).await?;
    Ok(document.instances.iter().any(|other| other.name == instance.name && other.until >= instance.until))
}

async fn stored_in<H: Host>(
    host: &H,
    registry: &Registry,
    service: &Service,
    deadline: Deadline,
) -> Result<(Option<Bytes>, Document), StoreError> {
    stored(host, &registry.store, &service.name, registry.timeout, deadline).await
}

/// The document, with the bytes that it was read from. What cannot be read is as good as not there.
async fn stored<H: Host>(
    host: &H,
    store: &StorePlan,
    service: &str,
    timeout: Duration,
    deadline: Deadline,
) -> Result<(Option<Bytes>, Document), StoreError> {
    let key = key(service);
    let patience = Patience::new(host, timeout, deadline);
    let stored = guarded(host, store, patience, host.get(store, &key)).await.map_err(missed)?;
    let document = stored.as_deref().and_then(Document::decode).unwrap_or_default();
    Ok((stored, document))
}

/// Writes a document in place of `before`; whether that was still there.
async fn write<H: Host>(
    host: &H,
    registry: &Registry,
    service: &Service,
    before: Option<Bytes>,
    document: &Document,
    deadline: Deadline,
) -> Result<bool, StoreError> {
    let key = key(&service.name);
    let keep = Some(document.keep(host.unix()));
    let patience = Patience::new(host, registry.timeout, deadline);
    let swap = host.swap(&registry.store, &key, before.as_deref(), document.encode(), keep);
    guarded(host, &registry.store, patience, swap).await.map_err(missed)
}

/// Those who met once do not meet again.
async fn pause<H: Host>(host: &H, tried: u32) {
    if tried == 0 {
        return;
    }
    let mut chance = [0; 2];
    host.fill(&mut chance);
    let share = f64::from(u16::from_le_bytes(chance)) / f64::from(u16::MAX);
    host.sleep_until(host.tick() + (PAUSE * tried).mul_f64(share)).await;
}

fn missed(missed: Missed) -> StoreError {
    let cause = match missed {
        Missed::Skipped => "the store of the registry failed just now, and is left alone for a while",
        Missed::Failed => "the store of the registry failed, or did not answer in time",
        Missed::Hurried => "the request had less time than the store of the registry",
    };
    StoreError { cause: cause.to_owned() }
}

fn contended() -> StoreError {
    StoreError { cause: format!("others registered meanwhile, {TRIES} times") }
}
