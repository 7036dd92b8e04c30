//! An answer on its way to the client: its body is watched until it is over, and then the record is closed.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Alarm, Body, BodyError};
use crate::deadline::Deadline;
use crate::forward::trailers;
use crate::host::{Host, Tick};
use crate::plan::Patience;
use crate::telemetry::{Outcome, Record};

/// What a gateway answers.
pub type Reply<H> = Response<ReplyBody<H>>;

pin_project_lite::pin_project! {
    /// The body of an answer. Counts what passes, gives up when nothing does, and when it ends, or is dropped before
    /// its end, tells the host what the request came to.
    pub struct ReplyBody<H: Host> {
        #[pin]
        body: Body<<H as crate::host::HttpClient>::Stream>,
        #[pin]
        alarm: Alarm<H>,
        moved: Option<Tick>,
        ending: Ending<H>,
    }
}

/// What happens when a request is over. Dropped before, it was the client who went away.
#[derive(Debug)]
pub struct Ending<H: Host> {
    open: Option<Box<Open<H>>>,
}

#[derive(Debug)]
struct Open<H: Host> {
    host: H,
    record: Record,
    patience: Patience,
    deadline: Deadline,
}

// === impl ReplyBody ===

impl<H: Host> ReplyBody<H> {
    /// Watches `body`, and closes `record` with it.
    pub fn new(
        body: Body<H::Stream>,
        host: H,
        record: Record,
        patience: Patience,
        deadline: Deadline,
    ) -> Self {
        let mut ending = Ending { open: Some(Box::new(Open { host, record, patience, deadline })) };
        if body.is_end_stream() {
            // Nobody asks a body for more that says it has none.
            ending.end(Ok(()));
        }
        Self { body, alarm: Alarm::unset(), moved: None, ending }
    }

    /// The body, and what must be told of it, for a shell that has a faster way to pass bodies on than frame by
    /// frame.
    pub fn into_parts(self) -> (Body<H::Stream>, Ending<H>) {
        (self.body, self.ending)
    }
}

impl<H: Host> HttpBody for ReplyBody<H> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut this = self.project();
        let Poll::Ready(mut frame) = this.body.as_mut().poll_frame(cx) else {
            let Some(open) = &mut this.ending.open else { return Poll::Pending };
            // A timer only where the body lets us wait: most bodies are there with their head.
            let moved = *this.moved.get_or_insert_with(|| open.host.tick());
            let due = open.due(moved);
            ready!(this.alarm.poll_due(&open.host, due, cx));
            let error = open.expired(due);
            this.ending.end(Err(&error));
            return Poll::Ready(Some(Err(error)));
        };
        *this.moved = None;
        match &mut frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    trailers::keep_trailers(trailers);
                }
                this.ending.count(frame.data_ref().map_or(0, Bytes::len));
                if this.body.is_end_stream() {
                    this.ending.end(Ok(()));
                }
            }
            Some(Err(error)) => this.ending.end(Err(error)),
            None => this.ending.end(Ok(())),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

// === impl Ending ===

impl<H: Host> Ending<H> {
    /// `length` bytes more have passed.
    pub fn count(&mut self, length: usize) {
        if let Some(open) = &mut self.open {
            open.record.bytes_out += length as u64;
        }
    }

    /// When a body that has not moved since `moved` has been waited for long enough.
    pub fn due(&self, moved: Tick) -> Tick {
        self.open.as_ref().map_or(moved, |open| open.due(moved))
    }

    /// `due` has come, and the body has not moved.
    pub fn expire(&mut self, due: Tick) {
        if let Some(error) = self.open.as_ref().map(|open| open.expired(due)) {
            self.end(Err(&error));
        }
    }

    /// The body is over. Only the first call counts.
    pub fn end(&mut self, end: Result<(), &BodyError>) {
        let Some(mut open) = self.open.take() else { return };
        match end {
            Ok(()) => {}
            Err(BodyError::Idle) => open.record.outcome = Outcome::AnswerIdle,
            Err(BodyError::Deadline) => open.record.outcome = Outcome::AnswerDeadline,
            Err(error) => {
                open.record.outcome = Outcome::AnswerBroken;
                open.record.cause = Some(error.to_string());
            }
        }
        open.close();
    }
}

impl<H: Host> Drop for Ending<H> {
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.record.outcome = Outcome::ClientGone;
            open.close();
        }
    }
}

// === impl Open ===

impl<H: Host> Open<H> {
    fn due(&self, moved: Tick) -> Tick {
        self.deadline.or_after(moved, self.patience.idle)
    }

    fn expired(&self, due: Tick) -> BodyError {
        if self.deadline.has_passed(due) { BodyError::Deadline } else { BodyError::Idle }
    }

    fn close(mut self) {
        self.record.total = self.host.tick() - self.record.begun;
        self.host.observe(&self.record);
    }
}
