//! A limit on the time a guest spends on a core.
//!
//! Wall time would end long streams, and a guest that waits costs nothing. The epoch clock makes a busy guest return to
//! its caller every few milliseconds; here that time is added up.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The guest used up its time.
#[derive(Debug, PartialEq, Eq)]
pub struct Exhausted;

/// A future that may spend only so much time being polled.
pub struct Metered<F> {
    inner: Pin<Box<F>>,
    left: Duration,
}

// === impl Metered ===

impl<F: Future> Metered<F> {
    /// `inner` may be polled for `limit` in all.
    pub fn new(inner: F, limit: Duration) -> Self {
        Self { inner: Box::pin(inner), left: limit }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "what is measured is the time of a processor, not of the runtime"
)]
impl<F: Future> Future for Metered<F> {
    type Output = Result<F::Output, Exhausted>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let start = Instant::now();
        if let Poll::Ready(output) = self.inner.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        self.left = self.left.saturating_sub(start.elapsed());
        if self.left.is_zero() { Poll::Ready(Err(Exhausted)) } else { Poll::Pending }
    }
}
