//! One request of a composition, and its answer, read to its end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body as _;

use super::Whole;
use crate::body::{Body, BodyError};
use crate::cache::rules::Least;
use crate::coding::{self, Coding};
use crate::compose::prepare::Sent;
use crate::compose::run::{Arrived, Back, Job, Lost};
use crate::compose::{Compose, OnFailure, Reason, Step};
use crate::gateway::Gateway;
use crate::gateway::part::Part;
use crate::host::Host;
use crate::mapping::{Media, media};
use crate::problem::{Failure, Problem};
use crate::reply::{Reply, ReplyBody};

/// How much of an answer is read that nobody wants, so that its connection can be used again.
const UNWANTED: usize = 64 << 10;

impl<H: Host> Gateway<H> {
    /// Asks for one part, and reads the answer.
    pub(super) async fn ask_for(&self, whole: Whole<'_>, job: Job) -> Back {
        let step = &whole.compose.steps[job.step];
        let Job { step: index, number, prepared, begun } = job;
        let (mut head, body) = (prepared.head, prepared.content);
        let body = match body {
            Sent::Made(content) => Body::Full(content),
            Sent::Same if !whole.content.is_empty() => {
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.content.len()));
                Body::Full(whole.content.clone())
            }
            Sent::None | Sent::Same => Body::Empty,
        };
        let deadline = match step.timeout.or(self.plan.routes[step.route].patience.request) {
            Some(span) => whole.deadline.and_after(begun, span),
            None => whole.deadline,
        };
        let fields = (whole.around, whole.client_fields);
        let part = self.part(step.route, head, body, fields, whole.record, deadline).await;
        let Part { reply, failure, attempts } = part;
        let answer = match failure {
            None => self.arrive(whole, step, reply).await,
            Some(failure) => {
                reply.into_body().into_parts().2.end(Ok(()));
                Err(lost(failure))
            }
        };
        Back { step: index, number, attempts, answer }
    }

    /// The answer, as far as it is wanted.
    async fn arrive(&self, whole: Whole<'_>, step: &Step, reply: Reply<H>) -> Result<Arrived, Lost> {
        let Whole { compose, held, .. } = whole;
        let (head, body) = reply.into_parts();
        let (status, headers) = (head.status, head.headers);
        if !step.succeeds(status) {
            let passed = step.required && compose.failure == OnFailure::Pass;
            let most = if passed { compose.answer } else { UNWANTED };
            let content = read(body, most, held, compose.total).await;
            if let Ok(content) = &content {
                held.fetch_sub(content.len(), Ordering::Relaxed);
            }
            let answer = content.ok().filter(|_| passed);
            let answer =
                answer.map(|content| Box::new(Arrived { status, headers, content, least: Least::default() }));
            let lost =
                Lost::new(Reason::Status(status), format!("the upstream answered {}", status.as_u16()));
            return Err(Lost { answer, ..lost });
        }
        if !body.is_end_stream() {
            // Whoever does not say what it is, is taken at what it is: whether it is JSON shows.
            if headers.contains_key(CONTENT_TYPE) && !matches!(media(&headers), Media::Json(_)) {
                return Err(Lost::new(Reason::Content, "the upstream's answer is not JSON"));
            }
        }
        let codings = coding::of(&headers).map_err(undecoded)?;
        let content = read(body, compose.answer, held, compose.total).await.map_err(broken)?;
        let content = decoded(&codings, content, compose, held)?;
        let least = if whole.keeps { Least::of(&headers, self.host.unix()) } else { Least::default() };
        Ok(Arrived { status, headers, content, least })
    }
}

/// All of a body, of at most `most` bytes, and of at most `total` with what is held already. It watches the time itself.
async fn read<H: Host>(
    body: ReplyBody<H>,
    most: usize,
    held: &AtomicUsize,
    total: usize,
) -> Result<Bytes, BodyError> {
    let mut body = pin!(body);
    if body.size_hint().lower() > most as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut taken = Taken { held, bytes: 0 };
    let (mut first, mut whole) = (Bytes::new(), Vec::new());
    while let Some(frame) = poll_fn(|cx| Pin::as_mut(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame?.into_data() else { continue };
        taken.bytes += data.len();
        if held.fetch_add(data.len(), Ordering::Relaxed) + data.len() > total || taken.bytes > most {
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
    taken.bytes = 0;
    Ok(if whole.is_empty() { first } else { whole.into() })
}

/// The content without its codings, although nobody asked for any: what comes out counts as held, too.
fn decoded(codings: &[Coding], content: Bytes, compose: &Compose, held: &AtomicUsize) -> Result<Bytes, Lost> {
    if codings.is_empty() {
        return Ok(content);
    }
    let before = content.len();
    let room = compose.total.saturating_sub(held.load(Ordering::Relaxed)).min(compose.answer);
    let content = coding::decode(codings, content, room as u64).map_err(undecoded)?;
    held.fetch_add(content.len(), Ordering::Relaxed);
    held.fetch_sub(before, Ordering::Relaxed);
    Ok(content)
}

fn undecoded(fault: coding::Fault) -> Lost {
    Lost::new(Reason::Content, fault.to_string())
}

/// Bytes that count as held, and do no longer when it is dropped.
struct Taken<'a> {
    held: &'a AtomicUsize,
    bytes: usize,
}

// === impl Taken ===

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What clients are told of a failure of the gateway's in asking for a part.
fn lost(failure: Failure) -> Lost {
    let reason = match failure.problem {
        Problem::UpstreamTimeout | Problem::UpstreamConnectTimeout => Reason::Timeout,
        Problem::UpstreamContent => Reason::Content,
        Problem::BodyTooLarge
        | Problem::HeadersTooLarge
        | Problem::BadRequest
        | Problem::InvalidContent
        | Problem::UnsupportedMediaType => Reason::Request,
        _ => Reason::Unavailable,
    };
    let slug = failure.problem.spec().slug;
    Lost::new(reason, failure.cause.map_or(slug.to_owned(), |cause| format!("{slug}: {cause}")))
}

fn broken(error: BodyError) -> Lost {
    let reason = match error {
        BodyError::TooLarge => Reason::Size,
        BodyError::Idle | BodyError::Deadline => Reason::Timeout,
        BodyError::Aborted(_) | BodyError::Malformed(_) => Reason::Unavailable,
    };
    Lost::new(reason, error.to_string())
}
