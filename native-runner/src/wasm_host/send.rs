//! One outbound exchange under the time limits of its request options.

use crate::wasm_host::connect::{Client, Dial, Phase};
use crate::wasm_host::send_error;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tollgate::forward::hop::strip_hop_by_hop;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody};

/// What Spin and Wasmtime use where the guest set no limit.
const DEFAULT_LIMIT: Duration = Duration::from_secs(600);

/// Sends `request` and waits for the head of the answer; its body streams under the limit between bytes.
///
/// # Errors
/// As `wasi:http` names them: connecting, the first byte's limit, or the exchange failed.
pub async fn send(
    client: &Client,
    request: http::Request<WasiBody>,
    limits: RequestOptions,
) -> Result<http::Response<WasiBody>> {
    let dial = Dial::new(limits.connect_timeout.unwrap_or(DEFAULT_LIMIT));
    let first_byte = limits.first_byte_timeout.unwrap_or(DEFAULT_LIMIT);
    let exchange = dial.clone().scope(client.request(request));
    let mut response = tokio::select! {
        biased;
        answered = exchange => answered.map_err(|error| send_error::from_client(&error))?,
        () = waited_too_long(&dial, first_byte) => return Err(Error::ConnectionReadTimeout),
    };
    // Only who holds the connection sees what `Connection` names (RFC 9110 section 7.6.1); the guest cannot.
    strip_hop_by_hop(response.headers_mut());
    let between = limits.between_bytes_timeout.unwrap_or(DEFAULT_LIMIT);
    Ok(response.map(|body| Timed::new(body, between).boxed_unsync()))
}

/// Returns once the answer, not the connection, has been waited for longer than `limit`.
async fn waited_too_long(dial: &Dial, limit: Duration) {
    loop {
        let deadline = match dial.phase() {
            Phase::Connection => Instant::now() + limit,
            Phase::Answer(since) if since + limit <= Instant::now() => return,
            Phase::Answer(since) => since + limit,
        };
        sleep_until(deadline).await;
    }
}

/// A body that fails where the next frame takes longer than `limit`.
struct Timed {
    body: Incoming,
    limit: Duration,
    /// Set while a frame is being waited for.
    deadline: Option<Instant>,
    /// Made at the first wait and used again: most bodies never wait.
    timer: Option<Pin<Box<Sleep>>>,
}

// === impl Timed ===

impl Timed {
    fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, limit, deadline: None, timer: None }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + limit);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Poll::Ready(frame) = pin!(&mut self.body).poll_frame(cx) {
            self.deadline = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| send_error::from_body(&error))));
        }
        ready!(self.poll_deadline(cx));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
