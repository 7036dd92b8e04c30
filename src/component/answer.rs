//! The answer to the client.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::{Buf, Bytes};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Response};
use http_body::Body as HttpBody;
use wasip2::http::types::{ErrorCode, OutgoingResponse, ResponseOutparam};

use super::executor::Ready;
use super::fields;
use super::host::{self, ComponentHost};
use super::incoming::Incoming;
use super::outgoing::{Gone, Outgoing, Spliced};
use crate::body::{Body, BodyError};
use crate::compression::Encoding;
use crate::host::{Clock, Tick};
use crate::reply::{Ending, Reply};

/// The body of an answer on its way, watched.
struct Passing {
    outgoing: Outgoing,
    ending: Ending<ComponentHost>,
    /// Since when it has been waited for; none while it moves.
    moved: Option<Tick>,
}

/// Sends the gateway's answer and watches its body: [`Gone`] where it did not end as it should.
pub async fn send(out: ResponseOutparam, reply: Reply<ComponentHost>) -> Result<(), Gone> {
    let (mut head, body) = reply.into_parts();
    let (body, encoding, mut ending) = body.into_parts();
    if let (Body::Full(bytes), None) = (&body, &encoding) {
        announce(&mut head.headers, bytes);
    }
    let Some(outgoing) = begin(out, head.status.as_u16(), &head.headers, !body.is_end_stream())? else {
        ending.end(Ok(()));
        return Ok(());
    };
    let mut passing = Passing { outgoing, ending, moved: None };
    if let Some(encoding) = encoding {
        return passing.encode(body, *encoding).await;
    }
    match body {
        Body::Empty => passing.finish(None),
        Body::Full(bytes) => {
            // As with one that arrives: whoever asks when it has the whole answer finds it.
            if passing.ending.keeps() {
                passing.ending.collect(&bytes);
                passing.ending.complete();
                host::settle(false).await;
            }
            passing.write(bytes).await?;
            passing.finish(None)
        }
        Body::Stream(incoming) if passing.ending.keeps() => passing.keep(incoming).await,
        Body::Stream(incoming) => passing.pass(incoming).await,
    }
}

/// Sends an answer that no gateway made: one so small that every host takes it whole.
pub fn send_whole(out: ResponseOutparam, response: Response<Bytes>) {
    let (mut head, body) = response.into_parts();
    announce(&mut head.headers, &body);
    if let Ok(Some(outgoing)) = begin(out, head.status.as_u16(), &head.headers, true)
        && outgoing.try_write(&body).is_ok_and(|length| length == body.len())
    {
        let _ = outgoing.finish(None);
    }
}

/// A native server knows the length of what it has in memory; a host is only told of a stream.
fn announce(headers: &mut HeaderMap, body: &Bytes) {
    headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(body.len()));
}

/// Gives the head to the host. The body of an answer that has none is never begun: the host checks a body against
/// `Content-Length`, and that of an answer to HEAD tells the length of something else.
fn begin(
    out: ResponseOutparam,
    status: u16,
    headers: &HeaderMap,
    has_body: bool,
) -> Result<Option<Outgoing>, Gone> {
    let made = fields::write(headers).and_then(|headers| {
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).map_err(|()| format!("the host refuses the status {status}"))?;
        let outgoing = match has_body {
            true => Some(response.body().ok().and_then(Outgoing::new).ok_or("the host gives no body")?),
            false => None,
        };
        Ok((response, outgoing))
    });
    match made {
        Ok((response, outgoing)) => {
            ResponseOutparam::set(out, Ok(response));
            Ok(outgoing)
        }
        Err(why) => {
            host::complain(&why);
            ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
            Err(Gone)
        }
    }
}

// === impl Passing ===

impl Passing {
    /// Passes an upstream's body on, from stream to stream within the host. What ends early on one side is dropped
    /// unfinished on the other.
    async fn pass(mut self, mut incoming: Incoming) -> Result<(), Gone> {
        while let Some((first, stream)) = incoming.data() {
            if let Some(first) = first {
                self.write(first).await?;
                continue;
            }
            match self.outgoing.splice(stream) {
                Spliced::Some(length) => self.count(length),
                Spliced::Starved => self.wait(Ready::new(stream.subscribe()), true).await?,
                Spliced::Full => self.wait(self.outgoing.ready(), false).await?,
                Spliced::End => incoming.end_data(),
                Spliced::Broken(error) => return self.broken(&error),
                Spliced::Gone => return Err(Gone),
            }
        }
        match self.wait(incoming.trailers(), true).await? {
            Ok(trailers) => self.finish(trailers.as_ref()),
            Err(error) => self.broken(&error),
        }
    }

    /// The same piece by piece, because the answer is to be kept. The last piece waits until it is: whoever asks when it has
    /// the whole answer finds it, and a host may end an instance whose answer is complete.
    async fn keep(mut self, mut incoming: Incoming) -> Result<(), Gone> {
        let mut last = Bytes::new();
        let mut trailers = None;
        loop {
            let frame = self.wait(poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)), true).await?;
            let frame = match frame {
                None => break,
                Some(Err(error)) => return self.broken(&error),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(piece) => {
                    self.moved = None;
                    self.ending.collect(&piece);
                    let before = std::mem::replace(&mut last, piece);
                    self.write(before).await?;
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        self.ending.complete();
        host::settle(false).await;
        self.write(last).await?;
        self.finish(trailers.as_ref())
    }

    /// The same compressed. What is kept is what it was before.
    async fn encode(mut self, mut body: Body<Incoming>, mut encoding: Encoding) -> Result<(), Gone> {
        let mut trailers = None;
        let mut seen = Vec::new();
        loop {
            let next =
                poll_fn(|cx| encoding.poll_frame(Pin::new(&mut body), cx, |piece| seen.push(piece.clone())));
            let frame = self.wait(next, true).await?;
            seen.drain(..).for_each(|piece| self.ending.collect(&piece));
            let frame = match frame {
                None => break,
                Some(Err(error)) => return self.broken(&error),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(piece) => {
                    self.moved = None;
                    // As above: kept before the last of it is there.
                    if encoding.has_ended() && self.ending.keeps() {
                        self.ending.complete();
                        host::settle(false).await;
                    }
                    self.write(piece).await?;
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        self.finish(trailers.as_ref())
    }

    async fn write(&mut self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            match self.outgoing.try_write(&bytes)? {
                0 => self.wait(self.outgoing.ready(), false).await?,
                length => {
                    bytes.advance(length);
                    self.count(length);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, length: usize) {
        self.moved = None;
        self.ending.count(length);
    }

    fn finish(mut self, trailers: Option<&HeaderMap>) -> Result<(), Gone> {
        self.outgoing.finish(trailers)?;
        self.ending.end(Ok(()));
        Ok(())
    }

    fn broken(mut self, error: &BodyError) -> Result<(), Gone> {
        self.ending.end(Err(error));
        Err(Gone)
    }

    /// Waits for `next` as long as the route's patience and the deadline allow. Where it is not the upstream who lets
    /// us wait, it is the client, and one that takes nothing for too long has gone.
    async fn wait<T>(&mut self, next: impl Future<Output = T>, upstream: bool) -> Result<T, Gone> {
        let mut next = pin!(next);
        let mut alarm = None;
        let mut due = Tick::default();
        let ended = poll_fn(|cx| {
            if let Poll::Ready(next) = next.as_mut().poll(cx) {
                return Poll::Ready(Some(next));
            }
            // A timer only when there is something to wait for.
            let alarm = alarm.get_or_insert_with(|| {
                due = self.ending.due(*self.moved.get_or_insert_with(|| ComponentHost.tick()));
                ComponentHost.sleep_until(due)
            });
            Pin::new(alarm).poll(cx).map(|()| None)
        })
        .await;
        if ended.is_none() && upstream {
            self.ending.expire(due);
        }
        ended.ok_or(Gone)
    }
}
