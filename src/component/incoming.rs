//! A body that arrives: a client's or an upstream's.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap, TRAILER};
use http_body::{Body as HttpBody, Frame, SizeHint};
use wasip2::http::types::{FutureTrailers, IncomingBody, http_error_code};
use wasip2::io::error::Error as IoError;
use wasip2::io::streams::{InputStream, StreamError};

use super::executor::Ready;
use super::fields;
use crate::body::BodyError;

/// The largest piece read at once: what comes into this instance's memory is paid for page by page.
const PIECE: u64 = 64 << 10;

/// A body that arrives.
pub struct Incoming {
    // Before what it waits for: hosts want children dropped before their parents.
    waiting: Option<Ready>,
    state: State,
    /// Bytes still to come, where a length was announced.
    left: Option<u64>,
}

enum State {
    Data {
        /// What was read to find out whether there is a body at all.
        first: Option<Bytes>,
        stream: InputStream,
        body: IncomingBody,
    },
    Trailers(FutureTrailers),
    Ended,
}

// === impl Incoming ===

impl Incoming {
    /// None.
    pub fn empty() -> Self {
        Self { waiting: None, state: State::Ended, left: Some(0) }
    }

    /// The body of a message with `headers`.
    ///
    /// Where they announce no length, whether there is a body can only be found out by looking, because the host keeps
    /// `Transfer-Encoding` to itself. An expectation announces a body (RFC 9110 section 10.1.1), and a look would make
    /// the host ask the client for it before it is known to be welcome.
    pub fn new(body: IncomingBody, headers: &HeaderMap) -> Self {
        let left = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if left == Some(0) {
            return Self::empty();
        }
        let Ok(stream) = body.stream() else { return Self::empty() };
        let mut first = None;
        if left.is_none() && !headers.contains_key(EXPECT) {
            match stream.read(PIECE) {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => first = Some(Bytes::from(piece)),
                Err(StreamError::Closed) if !has_trailers(headers) => return Self::empty(),
                // Said again to whoever reads on.
                Err(_) => {}
            }
        }
        Self { waiting: None, state: State::Data { first, stream, body }, left }
    }

    /// What has been read already, and the stream of what has not; none where the data has ended.
    pub fn data(&mut self) -> Option<(Option<Bytes>, &InputStream)> {
        match &mut self.state {
            State::Data { first, stream, .. } => Some((first.take(), stream)),
            _ => None,
        }
    }

    /// The data has ended, as the stream said: on to the trailers.
    pub fn end_data(&mut self) {
        self.waiting = None;
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Data { stream, body, .. } => {
                drop(stream);
                State::Trailers(IncomingBody::finish(body))
            }
            other => other,
        };
    }

    /// The next trailers; none where there are none, or no more.
    pub async fn trailers(&mut self) -> Result<Option<HeaderMap>, BodyError> {
        match poll_fn(|cx| self.poll_trailers(cx)).await {
            Some(frame) => Ok(frame?.into_trailers().ok()),
            None => Ok(None),
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            ready!(self.poll_waiting(cx));
            let State::Data { first, stream, .. } = &mut self.state else { return Poll::Ready(None) };
            if let Some(first) = first.take() {
                return Poll::Ready(Some(Ok(self.count(first))));
            }
            match stream.read(PIECE) {
                Ok(piece) if piece.is_empty() => self.waiting = Some(Ready::new(stream.subscribe())),
                Ok(piece) => return Poll::Ready(Some(Ok(self.count(Bytes::from(piece))))),
                Err(StreamError::Closed) => self.end_data(),
                Err(StreamError::LastOperationFailed(error)) => {
                    self.state = State::Ended;
                    return Poll::Ready(Some(Err(broken(&error))));
                }
            }
        }
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let trailers = loop {
            ready!(self.poll_waiting(cx));
            let State::Trailers(future) = &self.state else { return Poll::Ready(None) };
            match future.get() {
                Some(trailers) => break trailers,
                None => self.waiting = Some(Ready::new(future.subscribe())),
            }
        };
        self.state = State::Ended;
        Poll::Ready(match trailers {
            Ok(Ok(Some(trailers))) => Some(Ok(Frame::trailers(fields::read(&trailers)))),
            Ok(Err(code)) => Some(Err(BodyError::Aborted(format!("{code:?}")))),
            Ok(Ok(None)) | Err(()) => None,
        })
    }

    /// What is waited for goes away when it is there, and before what it was made from.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(waiting) = &mut self.waiting {
            ready!(Pin::new(waiting).poll(cx));
            self.waiting = None;
        }
        Poll::Ready(())
    }

    fn count(&mut self, piece: Bytes) -> Frame<Bytes> {
        self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
        Frame::data(piece)
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match ready!(this.poll_data(cx)) {
            Some(frame) => Poll::Ready(Some(frame)),
            None => this.poll_trailers(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// Whether trailers may follow on a body without data. They need not be announced (RFC 9110 section 6.6.2), but waiting
/// for them costs every request without a body, and of those who leave them unannounced only gRPC sends no data.
fn has_trailers(headers: &HeaderMap) -> bool {
    let grpc = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    headers.contains_key(TRAILER) || headers.get(CONTENT_TYPE).is_some_and(grpc)
}

/// Why a body broke off, in the host's words.
pub fn broken(error: &IoError) -> BodyError {
    BodyError::Aborted(match http_error_code(error) {
        Some(code) => format!("{code:?}"),
        None => error.to_debug_string(),
    })
}
