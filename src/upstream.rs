//! One exchange with an upstream, watched: how long it may take, and what its failures mean.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};

use crate::body::{Alarm, Body, Meter, Upload, UploadEnd};
use crate::deadline::Deadline;
use crate::host::{Host, Reached, SendError, SendErrorKind, Tick};
use crate::plan::{Patience, Target};
use crate::problem::{Failure, Problem};

/// Sends `request` and waits for the head of the answer, as long as the route's patience and the deadline allow.
pub async fn exchange<H: Host>(
    host: &H,
    target: &Target,
    patience: &Patience,
    deadline: Deadline,
    request: Request<Body<Upload<H::Stream>>>,
    meter: Option<&Arc<Meter>>,
) -> Result<Response<H::Stream>, Unanswered> {
    let mut watch = pin!(Watch::new(host, patience, deadline, meter.map(|meter| &**meter)));
    let mut send = pin!(host.send(target, patience, request));
    let sent = poll_fn(|cx| match send.as_mut().poll(cx) {
        Poll::Ready(sent) => Poll::Ready(Ok(sent)),
        Poll::Pending => watch.as_mut().poll_expired(cx).map(Err),
    })
    .await;
    match sent {
        // RFC 9110 section 15.2.2: 101 answers an Upgrade, and none is ever sent. Other interim answers never get here.
        Ok(Ok(response)) if response.status().is_informational() => {
            let cause = "another protocol, which nobody asked for";
            Err(Unanswered::maybe(Failure::from(Problem::UpstreamProtocol).cause(cause)))
        }
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            let reached = error.reached;
            Err(Unanswered { failure: failure(error, meter.map(|meter| &**meter)), reached })
        }
        Err(problem) => Err(Unanswered::maybe(problem.into())),
    }
}

/// Why an exchange gave no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// What the client is told.
    pub failure: Failure,
    /// Whether the upstream may have begun to act on the request.
    pub reached: Reached,
}

// === impl Unanswered ===

impl Unanswered {
    fn maybe(failure: Failure) -> Self {
        Self { failure, reached: Reached::Maybe }
    }
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.failure
    }
}

pin_project_lite::pin_project! {
    /// Waits for the first of a route's spans to pass.
    struct Watch<'a, H: Host> {
        host: &'a H,
        patience: &'a Patience,
        deadline: Deadline,
        upload: Option<&'a Meter>,
        // When the request last moved, and how many pieces of its body had passed by then.
        moved: Tick,
        frames: u64,
        uploading: bool,
        #[pin]
        alarm: Alarm<H>,
    }
}

// === impl Watch ===

impl<'a, H: Host> Watch<'a, H> {
    fn new(host: &'a H, patience: &'a Patience, deadline: Deadline, upload: Option<&'a Meter>) -> Self {
        let moved = host.tick();
        let uploading = upload.is_some();
        Self { host, patience, deadline, upload, moved, frames: 0, uploading, alarm: Alarm::unset() }
    }

    /// Ready with what the client is told, when a span has passed.
    fn poll_expired(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Problem> {
        self.as_mut().note_progress();
        let due = self.due();
        let this = self.as_mut().project();
        ready!(this.alarm.poll_due(*this.host, due, cx));
        Poll::Ready(match self.upload {
            // The client does not send, and until it does no upstream can answer.
            Some(upload) if upload.is_starved() && !self.deadline.has_passed(due) => Problem::RequestTimeout,
            _ => Problem::UpstreamTimeout,
        })
    }

    fn note_progress(self: Pin<&mut Self>) {
        let this = self.project();
        let Some(upload) = this.upload.filter(|_| *this.uploading) else { return };
        let frames = upload.frames();
        let ended = upload.ended() != UploadEnd::Running;
        if frames != *this.frames || ended {
            *this.frames = frames;
            *this.uploading = !ended;
            *this.moved = this.host.tick();
        }
    }

    fn due(&self) -> Tick {
        let span = if self.uploading { self.patience.idle } else { Some(self.patience.first_byte) };
        self.deadline.or_after(self.moved, span)
    }
}

/// What the client is told about an exchange that gave no answer.
fn failure(error: SendError, upload: Option<&Meter>) -> Failure {
    let problem = match upload.map(Meter::ended) {
        // Whatever the connection made of it, this is why it ended.
        Some(UploadEnd::TooLarge) => Problem::BodyTooLarge,
        Some(UploadEnd::Aborted | UploadEnd::Malformed) => Problem::BadRequest,
        _ => match error.kind {
            SendErrorKind::Dns => Problem::UpstreamDns,
            SendErrorKind::Refused => Problem::UpstreamRefused,
            SendErrorKind::ConnectTimeout => Problem::UpstreamConnectTimeout,
            SendErrorKind::AnswerTimeout => Problem::UpstreamTimeout,
            SendErrorKind::Tls => Problem::UpstreamTls,
            SendErrorKind::Terminated => Problem::UpstreamTerminated,
            SendErrorKind::Protocol => Problem::UpstreamProtocol,
            SendErrorKind::Prohibited => Problem::UpstreamProhibited,
            SendErrorKind::RequestBody => Problem::BadRequest,
            SendErrorKind::Host => Problem::Internal,
        },
    };
    Failure::from(problem).cause(error.cause)
}
