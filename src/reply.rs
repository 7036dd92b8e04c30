//! An answer on its way to the client: its body is watched until it is over, and then the record is closed.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Alarm, Body, BodyError, Meter, UploadEnd};
use crate::compression::Encoding;
use crate::deadline::Deadline;
use crate::forward::trailers;
use crate::host::{Host, Tick};
use crate::plan::Patience;
use crate::problem::Problem;
use crate::telemetry::{Outcome, Record};

/// The status in the record of a request whose client went away before there was an answer. Never sent; what nginx
/// and others after it write into their logs.
const NO_ANSWER: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => StatusCode::BAD_REQUEST,
};

/// What a gateway answers.
pub type Reply<H> = Response<ReplyBody<H>>;

pin_project_lite::pin_project! {
    /// The body of an answer. Counts what passes, gives up when nothing does, and when it ends, or is dropped before
    /// its end, tells the host what the request came to.
    pub struct ReplyBody<H: Host> {
        #[pin]
        body: Body<<H as crate::host::HttpClient>::Stream>,
        encoding: Option<Box<Encoding>>,
        #[pin]
        alarm: Alarm<H>,
        moved: Option<Tick>,
        // How much of the request had passed when the answer last moved.
        uploaded: u64,
        ending: Ending<H>,
    }
}

/// What happens when an answer is over.
#[derive(Debug)]
pub struct Ending<H: Host> {
    open: Option<Box<Open<H>>>,
}

/// A request's record, open from its first stage to the last byte of its answer. Dropped before, it was the client
/// who went away, or the gateway that gave a part up, and that is told too.
#[derive(Debug)]
pub struct Open<H: Host> {
    host: H,
    record: Record,
    answer: Option<(Patience, Deadline)>,
    told: bool,
}

// === impl ReplyBody ===

impl<H: Host> ReplyBody<H> {
    /// Watches `body`, which passes `encoding` where there is one, and closes the record with it.
    pub fn new(
        body: Body<H::Stream>,
        encoding: Option<Box<Encoding>>,
        mut open: Box<Open<H>>,
        patience: Patience,
        deadline: Deadline,
    ) -> Self {
        open.answer = Some((patience, deadline));
        let mut ending = Ending { open: Some(open) };
        // A server asks a body that is empty for nothing, so nobody would notice its end.
        if body.is_end_stream() {
            ending.end(Ok(()));
        }
        Self { body, encoding, alarm: Alarm::unset(), moved: None, uploaded: 0, ending }
    }

    /// Whether the answer is a problem that leaves something of the request unread, so that a connection on which
    /// requests follow one another must be closed after it.
    pub fn leaves_request_unread(&self) -> bool {
        let Some(Open { record, .. }) = self.ending.open.as_deref() else { return false };
        let Outcome::Problem(problem) = record.outcome else { return false };
        let unread = |upload: &Meter| upload.ended() != UploadEnd::Complete;
        problem == Problem::BodyTooLarge || record.upload.as_deref().is_some_and(unread)
    }

    /// The body, what it passes on its way, and what must be told of it, for a shell that has a faster way to pass bodies on
    /// than frame by frame.
    pub fn into_parts(self) -> (Body<H::Stream>, Option<Box<Encoding>>, Ending<H>) {
        (self.body, self.encoding, self.ending)
    }
}

impl<H: Host> HttpBody for ReplyBody<H> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut this = self.project();
        let polled = match this.encoding {
            None => this.body.as_mut().poll_frame(cx),
            // What is kept or compared is what passes before.
            Some(encoding) => encoding.poll_frame(this.body.as_mut(), cx, |piece| this.ending.collect(piece)),
        };
        let Poll::Ready(mut frame) = polled else {
            let Some(open) = &mut this.ending.open else { return Poll::Pending };
            // A timer only where the body lets us wait: most bodies are there with their head.
            // An upstream may answer while it is still being sent to: then that is progress too.
            let uploaded = open.record.upload.as_ref().map_or(0, |upload| upload.frames());
            if uploaded != *this.uploaded {
                *this.uploaded = uploaded;
                *this.moved = None;
            }
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
                if let Some(data) = frame.data_ref() {
                    this.ending.count(data.len());
                    if this.encoding.is_none() {
                        this.ending.collect(data);
                    }
                }
                if is_over(this.encoding.as_deref(), &this.body) {
                    this.ending.end(Ok(()));
                }
            }
            Some(Err(error)) => this.ending.end(Err(error)),
            None => this.ending.end(Ok(())),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        is_over(self.encoding.as_deref(), &self.body)
    }

    fn size_hint(&self) -> SizeHint {
        // How small it becomes is known when it has.
        if self.encoding.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}

/// Whether nothing more passes.
fn is_over<B: HttpBody>(encoding: Option<&Encoding>, body: &B) -> bool {
    encoding.map_or_else(|| body.is_end_stream(), Encoding::is_over)
}

// === impl Ending ===

impl<H: Host> Ending<H> {
    /// `length` bytes more have passed.
    pub fn count(&mut self, length: usize) {
        if let Some(open) = &mut self.open {
            open.record.bytes_out += length as u64;
        }
    }

    /// A piece of the body, where the answer is to be kept, judged or compared.
    pub fn collect(&mut self, piece: &[u8]) {
        let Some(open) = &mut self.open else { return };
        if let Some(mirroring) = &mut open.record.mirroring {
            mirroring.pass(piece);
        }
        if let Some(keeping) = &mut open.record.keeping
            && !keeping.pass(piece)
        {
            open.record.keeping = None;
        }
        if let Some(settling) = &mut open.record.settling {
            settling.pass(piece);
        }
        if let Some(judging) = &mut open.record.judging {
            judging.pass(piece);
        }
    }

    /// The body is complete, if not yet with the client: it is kept, where it is to be.
    pub fn complete(&mut self) {
        let Some(open) = &mut self.open else { return };
        if let Some(keeping) = open.record.keeping.take() {
            keeping.finish(&open.host);
        }
        if let Some(settling) = open.record.settling.take() {
            settling.finish(&open.host);
        }
        if let Some(judging) = open.record.judging.take() {
            open.record.judged_answer(judging.finish());
        }
    }

    /// Whether the body must be seen, and not only counted: the answer is to be kept, judged or compared.
    pub fn keeps(&self) -> bool {
        self.open.as_ref().is_some_and(|open| {
            let record = &open.record;
            let mirrored = record.mirroring.as_ref().is_some_and(|it| it.collects());
            record.keeping.is_some() || record.settling.is_some() || record.judging.is_some() || mirrored
        })
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
        if end.is_ok() {
            self.complete();
        }
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

// === impl Open ===

impl<H: Host> Open<H> {
    /// Opens `record`.
    pub fn new(host: H, record: Record) -> Box<Self> {
        Box::new(Self { host, record, answer: None, told: false })
    }

    /// The same of a request that is a part of another.
    pub fn of_part(host: H, record: Record) -> Box<Self> {
        Self::new(host, Record { part: true, ..record })
    }

    /// What is known so far.
    pub fn record(&mut self) -> &mut Record {
        &mut self.record
    }

    fn due(&self, moved: Tick) -> Tick {
        self.answer.map_or(Tick(u64::MAX), |(patience, deadline)| deadline.or_after(moved, patience.idle))
    }

    fn expired(&self, due: Tick) -> BodyError {
        match self.answer {
            Some((_, deadline)) if deadline.has_passed(due) => BodyError::Deadline,
            _ => BodyError::Idle,
        }
    }

    fn close(&mut self) {
        self.told = true;
        self.record.total = self.host.tick() - self.record.begun;
        self.host.observe(&self.record);
        if let Some(mirroring) = self.record.mirroring.take() {
            mirroring.finish(&self.host, self.record.status, self.record.outcome == Outcome::Answered);
        }
    }
}

impl<H: Host> Drop for Open<H> {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        self.record.outcome = if self.record.part { Outcome::GivenUp } else { Outcome::ClientGone };
        if self.answer.is_none() {
            self.record.status = NO_ANSWER;
        }
        self.close();
    }
}
