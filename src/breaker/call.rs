//! One call of a store: bounded in time, and not made where the store has just failed.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::body::Alarm;
use crate::deadline::Deadline;
use crate::host::{Clock, Host, Tick};
use crate::plan::StorePlan;

/// Why there is no answer of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It was not asked, because it had just failed.
    Skipped,
    /// It failed, or had all its time.
    Failed,
    /// The request had less time than the store.
    Hurried,
}

/// How long a store may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long it has by itself.
    timeout: Duration,
    /// When it must have answered: no later than the request ends.
    pub due: Tick,
}

/// What `future` did not come to in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late;

// === impl Patience ===

impl Patience {
    /// From now on.
    pub fn new<H: Host>(host: &H, timeout: Duration, deadline: Deadline) -> Self {
        Self { timeout, due: deadline.or_after(host.tick(), Some(timeout)) }
    }
}

/// What `call` of `store` comes to, where the store may be asked and answers in time.
///
/// # Errors
/// Why there is no answer.
pub async fn guarded<H: Host, T, E>(
    host: &H,
    store: &StorePlan,
    patience: Patience,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Missed> {
    let Some(breakers) = host.memory().map(|memory| &memory.breakers) else {
        return match within(host, patience.due, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(Late) => Err(Missed::Failed),
        };
    };
    let breaker = breakers.of(store);
    let begun = host.tick();
    let pass = breaker.pass(begun, patience.timeout).ok_or(Missed::Skipped)?;
    let answer = within(host, patience.due, call).await;
    let ended = host.tick();
    match answer {
        Ok(Ok(answer)) => {
            breaker.succeeded(&pass);
            Ok(answer)
        }
        // A store that had less than its time because the request had, or because others had their turn first, has
        // failed nobody: else a client could put it out of use with a request that has nearly no time left.
        Err(Late) if ended < begun + patience.timeout => Err(Missed::Hurried),
        Ok(Err(_)) | Err(Late) => {
            breaker.failed(&pass, ended);
            Err(Missed::Failed)
        }
    }
}

/// What `future` comes to, where that is before `due`.
///
/// # Errors
/// It is not.
pub async fn within<C: Clock, F: Future>(clock: &C, due: Tick, future: F) -> Result<F::Output, Late> {
    let mut future = pin!(future);
    let mut alarm = pin!(Alarm::<C>::unset());
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => alarm.as_mut().poll_due(clock, due, cx).map(|()| Err(Late)),
    })
    .await
}
