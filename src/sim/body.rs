//! Bodies that arrive by a script: pieces at set times, trailers, and the ways in which a body can end.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use serde::Deserialize;

use super::clock::{SimSleep, VirtualClock};
use super::upstream::Recorder;
use crate::body::{Body, BodyError, Upload};
use crate::host::Tick;

/// What a body consists of and how it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// In order.
    pub pieces: VecDeque<Piece>,
    /// After the last piece.
    pub trailers: Option<HeaderMap>,
    /// What happens then.
    pub end: End,
    /// Whether the length is announced: `Content-Length`; else the body is chunked.
    pub sized: bool,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// How long after the piece before it.
    pub after: Duration,
    /// Its bytes.
    pub data: Bytes,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// As announced.
    #[default]
    Complete,
    /// The connection is closed before the announced end.
    Close,
    /// The connection is reset before the announced end.
    Reset,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

/// A [`Script`] being played.
#[derive(Debug)]
pub struct SimStream {
    script: Script,
    clock: VirtualClock,
    wait: Option<SimSleep>,
    /// When the piece before came.
    last: Option<Tick>,
    over: bool,
    /// A request's body that goes on while its answer arrives.
    upload: Option<Box<Intake>>,
}

/// A request's body on its way into an upstream, written down as it comes.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) body: Body<Upload<SimStream>>,
    pub(super) recorder: Recorder,
}

// === impl Script ===

impl Script {
    /// A body that is there at once, its length announced.
    pub fn fixed(data: impl Into<Bytes>) -> Self {
        let data = data.into();
        let pieces =
            if data.is_empty() { VecDeque::new() } else { [Piece { after: Duration::ZERO, data }].into() };
        Self { pieces, sized: true, ..Self::default() }
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.data.len() as u64).sum()
    }

    /// What `Content-Length` says: the truth, or one byte more where the body does not come to its end.
    pub fn announced(&self) -> Option<u64> {
        self.sized.then(|| self.length() + u64::from(self.end != End::Complete))
    }

    /// Whether there is no body at all, not even an empty one that is chunked.
    pub fn is_none(&self) -> bool {
        self.announced() == Some(0) && self.trailers.is_none()
    }
}

// === impl SimStream ===

impl SimStream {
    /// Plays `script` on `clock`; the first piece's time begins with the first poll.
    pub fn new(script: Script, clock: VirtualClock) -> Self {
        let over = script.is_none();
        Self { script, clock, wait: None, last: None, over, upload: None }
    }

    /// Nothing.
    pub fn empty(clock: VirtualClock) -> Self {
        Self::new(Script::fixed(Bytes::new()), clock)
    }

    /// Takes `intake` in beside what is played.
    pub(super) fn beside(mut self, intake: Intake) -> Self {
        self.upload = Some(Box::new(intake));
        self
    }

    fn poll_wait(&mut self, after: Duration, cx: &mut Context<'_>) -> Poll<()> {
        if after.is_zero() {
            return Poll::Ready(());
        }
        let last = *self.last.get_or_insert_with(|| self.clock.now());
        let wait = self.wait.get_or_insert_with(|| self.clock.sleep_until(last + after));
        ready!(Pin::new(wait).poll(cx));
        self.wait = None;
        Poll::Ready(())
    }

    fn poll_end(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let error = match self.script.end {
            End::Stall => return Poll::Pending,
            End::Complete => None,
            End::Close => Some("closed before its end"),
            End::Reset => Some("reset before its end"),
        };
        self.over = true;
        match (error, self.script.trailers.take()) {
            (Some(cause), _) => Poll::Ready(Some(Err(BodyError::Aborted(cause.to_owned())))),
            (None, Some(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            (None, None) => Poll::Ready(None),
        }
    }
}

impl HttpBody for SimStream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(upload) = &mut this.upload
            && upload.poll(cx).is_ready()
        {
            this.upload = None;
        }
        if this.over {
            return Poll::Ready(None);
        }
        this.last.get_or_insert_with(|| this.clock.now());
        let Some(piece) = this.script.pieces.front() else { return this.poll_end() };
        let after = piece.after;
        ready!(this.poll_wait(after, cx));
        this.last = Some(this.clock.now());
        let data = this.script.pieces.pop_front().map(|piece| piece.data).unwrap_or_default();
        let last = this.script.pieces.is_empty();
        // As hyper does: where the length is announced, the last piece is known to be the last.
        this.over =
            last && this.script.sized && this.script.end == End::Complete && this.script.trailers.is_none();
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        match self.script.announced() {
            Some(length) => SizeHint::with_exact(length),
            None if self.over => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}

// === impl Intake ===

impl Intake {
    /// Ready when the body is over, with how it ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => {
                    self.recorder.complete();
                    return Poll::Ready(Ok(()));
                }
                Some(Ok(frame)) => self.recorder.frame(frame),
                Some(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
    }
}
