//! Bodies that arrive: a client's, or an upstream's with the connection it comes over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tollgate::body::BodyError;

use super::pool::Lease;
use crate::serve::body::fault;

/// A body that arrives.
#[derive(Debug)]
pub struct NativeBody {
    incoming: Incoming,
    /// The HTTP/1.1 connection the body comes over. Nobody else moves it: whoever polls the body polls the
    /// connection, in one task, so that no message has to pass from task to task.
    lease: Option<Box<Lease>>,
}

// === impl NativeBody ===

impl NativeBody {
    /// A body whose connection is moved by somebody else: a client's, or one over HTTP/2.
    pub fn inbound(incoming: Incoming) -> Self {
        Self { incoming, lease: None }
    }

    /// An upstream's body and the connection it comes over.
    pub fn upstream(incoming: Incoming, lease: Box<Lease>) -> Self {
        Self { incoming, lease: Some(lease) }
    }

    /// Gives the connection back when the body is over.
    fn give_back(&mut self, cx: &mut Context<'_>) {
        if let Some(lease) = self.lease.take() {
            lease.give_back(cx);
        }
    }
}

impl Body for NativeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let mut polled = Pin::new(&mut this.incoming).poll_frame(cx);
        if polled.is_pending()
            && let Some(lease) = &mut this.lease
        {
            if lease.drive(cx).is_ready() {
                // The connection has ended; what it read before is in the body, and so is its error.
                this.lease = None;
            }
            polled = Pin::new(&mut this.incoming).poll_frame(cx);
        }
        let frame = ready!(polled);
        match frame {
            None => this.give_back(cx),
            Some(Ok(_)) if this.incoming.is_end_stream() => this.give_back(cx),
            _ => {}
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| broken(&error))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

fn broken(error: &hyper::Error) -> BodyError {
    match fault(error) {
        Some(ambiguity) => BodyError::Malformed(ambiguity.reason().to_owned()),
        None => BodyError::Aborted(describe(error)),
    }
}

/// An error with what lies under it.
pub fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
