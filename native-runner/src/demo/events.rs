//! Server-sent events: a body that arrives piece by piece.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Interval, MissedTickBehavior};
use tollgate::body::BodyError;

/// Events that are sent one after the other.
#[derive(Debug)]
pub struct Events {
    left: VecDeque<Bytes>,
    interval: Interval,
}

// === impl Events ===

impl Events {
    /// Sends `events`, the first at once and each of the others `pause` after the one before.
    pub fn new(events: impl IntoIterator<Item = String>, pause: Duration) -> Self {
        let mut interval = tokio::time::interval(pause);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { left: events.into_iter().map(Bytes::from).collect(), interval }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if this.left.is_empty() {
            return Poll::Ready(None);
        }
        ready!(this.interval.poll_tick(cx));
        Poll::Ready(this.left.pop_front().map(|event| Ok(Frame::data(event))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }
}
