//! One call of a store, and what is counted of calls that fail.

use std::future::Future;

use super::super::Ask;
use crate::breaker::{self, Missed, Patience};
use crate::deadline::Deadline;
use crate::host::{Host, Tick, UnixMillis};
use crate::plan::StorePlan;

/// The store did not answer, or was not asked because it had just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered;

/// Asks `store` once.
pub(super) async fn count<H: Host>(
    host: &H,
    store: &StorePlan,
    asks: &mut [Ask<'_>],
    now: UnixMillis,
    patience: Patience,
) -> Result<(), Unanswered> {
    guarded(host, store, patience, host.count(store, asks, now)).await
}

/// Gives back to `store`, as well as that can be done in the time that its limits give it; else the permits are lost.
pub(super) async fn give_back<H: Host>(host: &H, store: &StorePlan, asks: &[Ask<'_>], now: UnixMillis) {
    let timeout = asks.iter().map(|ask| ask.limit.timeout).min().unwrap_or_default();
    let patience = Patience::new(host, timeout, Deadline::never());
    let given = guarded(host, store, patience, host.give_back(store, asks, now)).await;
    if let (Err(Unanswered), Some(memory)) = (given, host.memory()) {
        memory.breakers.note_lost(asks.iter().map(|ask| ask.verdict.taken).sum());
    }
}

async fn guarded<H: Host, T, E>(
    host: &H,
    store: &StorePlan,
    patience: Patience,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Unanswered> {
    breaker::guarded(host, store, patience, call).await.map_err(|missed| {
        match (missed, host.memory()) {
            (Missed::Skipped, Some(memory)) => memory.breakers.note_skipped(),
            (Missed::Failed, Some(memory)) => memory.breakers.note_failed(),
            (Missed::Hurried, _) | (_, None) => {}
        }
        Unanswered
    })
}

/// What `future` comes to, where that is before `due`.
pub(super) async fn within<H: Host, F: Future>(
    host: &H,
    due: Tick,
    future: F,
) -> Result<F::Output, Unanswered> {
    breaker::within(host, due, future).await.map_err(|_| Unanswered)
}
