//! Bodies: passed through, or whole in memory; nothing else.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::deadline::Deadline;
use crate::forward::trailers;
use crate::host::{Clock, Tick};
use crate::identity::fold::{FoldedNames, remove_claimed};

mod source;

pub use source::{Metered, Reading, Source};

/// A message's content.
#[derive(Debug)]
pub enum Body<S> {
    /// None.
    Empty,
    /// All of it, in memory.
    Full(Bytes),
    /// As it arrives.
    Stream(S),
}

/// Why a body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than the route allows.
    TooLarge,
    /// Whoever sends it went away.
    Aborted(String),
    /// Whoever sends it broke the rules of its framing.
    Malformed(String),
    /// Nothing arrived for too long.
    Idle,
    /// The request's deadline passed.
    Deadline,
}

// === impl BodyError ===

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the body is larger than allowed"),
            Self::Aborted(cause) => write!(f, "the body broke off: {cause}"),
            Self::Malformed(cause) => write!(f, "the body is malformed: {cause}"),
            Self::Idle => f.write_str("nothing arrived for too long"),
            Self::Deadline => f.write_str("the deadline passed"),
        }
    }
}

impl std::error::Error for BodyError {}

// === impl Body ===

impl<S> HttpBody for Body<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this {
            Self::Empty => Poll::Ready(None),
            Self::Full(_) => match std::mem::replace(this, Self::Empty) {
                Self::Full(bytes) if !bytes.is_empty() => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                _ => Poll::Ready(None),
            },
            Self::Stream(stream) => Pin::new(stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}

/// A client's body on its way to an upstream: counted, and broken off where it grows beyond its limit. What happens
/// to it is told to a [`Meter`], because the body itself is the upstream connection's while the exchange runs.
#[derive(Debug)]
pub struct Upload<S> {
    inner: Reading<S>,
    meter: Arc<Meter>,
    limit: u64,
    /// Names that no trailer may have: servers put trailers among the header fields.
    claimed: Option<Arc<FoldedNames>>,
}

/// What an [`Upload`] has come to, seen from outside while it is under way.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: AtomicU64,
    /// Grows with every frame, so that a watcher sees progress without a clock in the body.
    frames: AtomicU64,
    /// The last poll found nothing: it is the client who lets us wait, not the upstream.
    starved: AtomicBool,
    ended: AtomicU8,
}

/// How an [`Upload`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadEnd {
    /// It has not ended.
    Running,
    /// With its last byte.
    Complete,
    /// It grew beyond its limit.
    TooLarge,
    /// The client went away.
    Aborted,
    /// The client broke the framing.
    Malformed,
}

// === impl Upload ===

impl<S> Upload<S> {
    /// Counts `inner`, and breaks it off beyond `limit` bytes.
    pub fn new(inner: S, limit: u64) -> (Self, Arc<Meter>) {
        Self::reading(Reading::Direct(inner), limit)
    }

    /// The same of a body that may be read again.
    pub fn reading(inner: Reading<S>, limit: u64) -> (Self, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        (Self { inner, meter: Arc::clone(&meter), limit, claimed: None }, meter)
    }

    /// The same without trailers of these names.
    #[must_use]
    pub fn without(self, claimed: &Arc<FoldedNames>) -> Self {
        let claimed = (!claimed.is_empty()).then(|| Arc::clone(claimed));
        Self { claimed, ..self }
    }
}

impl<S> HttpBody for Upload<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        this.meter.starved.store(polled.is_pending(), Ordering::Relaxed);
        let Some(frame) = ready!(polled) else {
            this.meter.end(UploadEnd::Complete);
            return Poll::Ready(None);
        };
        let mut frame = frame.inspect_err(|error| this.meter.end(UploadEnd::from_error(error)))?;
        if let Some(trailers) = frame.trailers_mut() {
            trailers::keep_trailers(trailers);
            if let Some(claimed) = &this.claimed {
                remove_claimed(trailers, claimed);
            }
        }
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        if this.meter.add(length) > this.limit {
            this.meter.end(UploadEnd::TooLarge);
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        }
        if this.inner.is_end_stream() {
            this.meter.end(UploadEnd::Complete);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// === impl UploadEnd ===

impl UploadEnd {
    fn from_error(error: &BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::Malformed(_) => Self::Malformed,
            BodyError::Aborted(_) | BodyError::Idle | BodyError::Deadline => Self::Aborted,
        }
    }
}

// === impl Meter ===

impl Meter {
    /// Of a body of `bytes` bytes that has passed already.
    pub fn complete(bytes: u64) -> Arc<Self> {
        let meter = Self::default();
        meter.add(bytes);
        meter.end(UploadEnd::Complete);
        Arc::new(meter)
    }

    /// Bytes that have passed.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Grows while the body makes progress.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Whether the client lets us wait for the next piece.
    pub fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Relaxed) && self.ended() == UploadEnd::Running
    }

    /// Whether, and how, the body ended.
    pub fn ended(&self) -> UploadEnd {
        match self.ended.load(Ordering::Relaxed) {
            0 => UploadEnd::Running,
            1 => UploadEnd::Complete,
            2 => UploadEnd::TooLarge,
            3 => UploadEnd::Aborted,
            _ => UploadEnd::Malformed,
        }
    }

    fn end(&self, end: UploadEnd) {
        let code = match end {
            UploadEnd::Running => 0,
            UploadEnd::Complete => 1,
            UploadEnd::TooLarge => 2,
            UploadEnd::Aborted => 3,
            UploadEnd::Malformed => 4,
        };
        self.ended.store(code, Ordering::Relaxed);
    }

    fn add(&self, length: u64) -> u64 {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(length, Ordering::Relaxed) + length
    }
}

/// All of `stream` in memory: at most `limit` bytes, and no later than `deadline`. Trailers are dropped.
pub async fn collect<C, S>(clock: &C, stream: S, limit: u64, deadline: Deadline) -> Result<Bytes, BodyError>
where
    C: Clock,
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    collect_steadily(clock, stream, limit, deadline, None).await
}

/// The same, of which something must arrive in each span of `idle`.
pub async fn collect_steadily<C, S>(
    clock: &C,
    stream: S,
    limit: u64,
    deadline: Deadline,
    idle: Option<Duration>,
) -> Result<Bytes, BodyError>
where
    C: Clock,
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    let mut stream = stream;
    let mut alarm = pin!(Alarm::<C>::unset());
    // A length announced is only a promise: nothing is set aside for more than arrives.
    if stream.size_hint().lower() > limit {
        return Err(BodyError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(data) = next_piece(clock, &mut stream, alarm.as_mut(), deadline, idle).await? {
        if (first.len() + whole.len()) as u64 + data.len() as u64 > limit {
            return Err(BodyError::TooLarge);
        }
        // Most small bodies are one piece, which needs no copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

/// The next piece of `stream`, no later than `deadline` and after a span of `idle`; nothing at its end. Trailers are dropped.
pub async fn next_piece<C, S>(
    clock: &C,
    stream: &mut S,
    mut alarm: Pin<&mut Alarm<C>>,
    deadline: Deadline,
    idle: Option<Duration>,
) -> Result<Option<Bytes>, BodyError>
where
    C: Clock,
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    loop {
        let patient = idle.map_or(Tick(u64::MAX), |idle| clock.tick() + idle);
        let (due, late) = match patient < deadline.tick() {
            true => (patient, BodyError::Idle),
            false => (deadline.tick(), BodyError::Deadline),
        };
        let frame = poll_fn(|cx| match Pin::new(&mut *stream).poll_frame(cx) {
            Poll::Pending => alarm.as_mut().poll_due(clock, due, cx).map(|()| Some(Err(late.clone()))),
            ready => ready,
        });
        let Some(frame) = frame.await.transpose()? else { return Ok(None) };
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

pin_project_lite::pin_project! {
    /// Waits that are set up only when they are needed: most answers are there before a timer would be.
    pub struct Alarm<C: Clock> {
        #[pin]
        sleep: Option<C::Sleep>,
        due: Tick,
    }
}

// === impl Alarm ===

impl<C: Clock> Alarm<C> {
    /// Not set.
    pub fn unset() -> Self {
        Self { sleep: None, due: Tick(u64::MAX) }
    }

    /// Ready when `due` has come; `u64::MAX` never comes. A timer that is set too early stays and is looked at
    /// again when it rings, which costs less than setting a new one for each piece of a body.
    pub fn poll_due(mut self: Pin<&mut Self>, clock: &C, due: Tick, cx: &mut Context<'_>) -> Poll<()> {
        if due == Tick(u64::MAX) {
            return Poll::Pending;
        }
        loop {
            let mut this = self.as_mut().project();
            if this.sleep.is_none() || *this.due > due {
                *this.due = due;
                this.sleep.set(Some(clock.sleep_until(due)));
            }
            let Some(sleep) = this.sleep.as_mut().as_pin_mut() else { return Poll::Pending };
            ready!(sleep.poll(cx));
            this.sleep.set(None);
            if *this.due >= due {
                return Poll::Ready(());
            }
        }
    }
}
