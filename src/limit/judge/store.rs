//! One call of a store: bounded in time, and not made where the store has just failed.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::super::Ask;
use crate::body::Alarm;
use crate::deadline::Deadline;
use crate::host::{Host, Tick, UnixMillis};
use crate::plan::StorePlan;

/// The store did not answer, or was not asked because it had just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered;

/// How long a store may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long it has by itself.
    timeout: Duration,
    /// When it must have answered: no later than the request ends.
    pub(super) due: Tick,
}

// === impl Patience ===

impl Patience {
    /// From now on.
    pub(super) fn new<H: Host>(host: &H, timeout: Duration, deadline: Deadline) -> Self {
        Self { timeout, due: deadline.or_after(host.tick(), Some(timeout)) }
    }
}

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
    let Some(breakers) = host.memory().map(|memory| &memory.breakers) else {
        return within(host, patience.due, call).await?.map_err(|_| Unanswered);
    };
    let breaker = breakers.of(store);
    let begun = host.tick();
    let Some(pass) = breaker.pass(begun, patience.timeout) else {
        breakers.note_skipped();
        return Err(Unanswered);
    };
    let answer = within(host, patience.due, call).await;
    let ended = host.tick();
    match answer {
        Ok(Ok(answer)) => {
            breaker.succeeded(&pass);
            return Ok(answer);
        }
        // A store that had less than its time because the request had, or because others had their turn first, has
        // failed nobody: else a client could put it out of use with a request that has nearly no time left.
        Err(Unanswered) if ended < begun + patience.timeout => {}
        Ok(Err(_)) | Err(Unanswered) => {
            breaker.failed(&pass, ended);
            breakers.note_failed();
        }
    }
    Err(Unanswered)
}

/// What `future` comes to, where that is before `due`.
pub(super) async fn within<H: Host, F: Future>(
    host: &H,
    due: Tick,
    future: F,
) -> Result<F::Output, Unanswered> {
    let mut future = pin!(future);
    let mut alarm = pin!(Alarm::<H>::unset());
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => alarm.as_mut().poll_due(host, due, cx).map(|()| Err(Unanswered)),
    })
    .await
}
