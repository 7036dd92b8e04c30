//! Answers, changed as a route says.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;

use super::Gateway;
use super::content::{of_changed, refuse_part, unreadable_answer, unusable};
use super::picking::Picking;
use super::transforming::Awaited;
use crate::body::{Body, collect_steadily};
use crate::coding;
use crate::deadline::Deadline;
use crate::expression::Facts;
use crate::host::Host;
use crate::json::Node;
use crate::problem::Failure;
use crate::transform::response::is_empty;
use crate::transform::{Fault, Format, NewContent, NewResponse, ResponseChange, Tags};

/// The most that a composed answer comes to that nothing is done to, in bytes: what it is made of is bounded where it is read.
const MOST: usize = 64 << 20;

/// What there is of an upstream's content.
enum Taken<S> {
    /// It has not been read.
    Unread(Body<S>),
    /// All of it, and the same without codings.
    Whole(Format, Bytes, Bytes),
    /// What was picked of it.
    Picked(Node<'static>),
}

impl<H: Host> Gateway<H> {
    /// The answer as the client gets it. `facts` are those of the request as it came, with the steps of a composed route; what
    /// there is of the answer is added here.
    pub(super) async fn transform_response(
        &self,
        change: &ResponseChange,
        (awaited, facts): (Awaited, &Facts<'_>),
        idle: Option<Duration>,
        response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let (head, body) = response.into_parts();
        let (raw, decoded);
        let (content, kept) = match self.take(change, (awaited, &head), body, idle, deadline).await? {
            Taken::Unread(body) => (None, body),
            Taken::Picked(node) => (Some((Some(Format::Json), node)), Body::Empty),
            Taken::Whole(format, bytes, readable) => {
                (raw, decoded) = (bytes, readable);
                let node = change.read(format, &head, &decoded);
                let node = node.map_err(|fault| unusable(&fault.to_string()))?;
                (node.map(|node| (Some(format), node)), Body::Full(raw))
            }
        };
        changed(change, (awaited, facts), head, content, kept).map_err(|fault| unusable(&fault.to_string()))
    }

    /// Takes as much of the content as has to be read.
    async fn take(
        &self,
        change: &ResponseChange,
        (awaited, head): (Awaited, &Parts),
        body: Body<H::Stream>,
        idle: Option<Duration>,
        deadline: Deadline,
    ) -> Result<Taken<H::Stream>, Failure> {
        let status = head.status;
        if awaited.bare || is_empty(status) || body.is_end_stream() || !change.reads(status) {
            return Ok(Taken::Unread(body));
        }
        let format = change.format(head).map_err(|fault| unusable(&fault.to_string()))?;
        let (Some(format), Some(reader)) = (format, &change.reader) else { return Ok(Taken::Unread(body)) };
        refuse_part(status, &head.headers)?;
        let codings = coding::of(&head.headers).map_err(|fault| unreadable_answer(fault.into()))?;
        if let Some((picks, content)) = change.picks(status, format) {
            let picking = Picking { picks, arriving: content.arriving, most: content.writer.most };
            crate::format::charset(&head.headers).map_err(|fault| unusable(&fault.to_string()))?;
            let node = self.pick(picking, &codings, body, idle, deadline).await?;
            return Ok(Taken::Picked(node));
        }
        let most = reader.most as u64;
        let raw = collect_steadily(&self.host, body, most, deadline, idle).await;
        let raw = raw.map_err(|error| unreadable_answer(error.into()))?;
        let decoded =
            coding::decode(&codings, raw.clone(), most).map_err(|fault| unreadable_answer(fault.into()))?;
        Ok(Taken::Whole(format, raw, decoded))
    }
}

/// Everything calculated, then everything written.
pub(super) fn changed<S>(
    change: &ResponseChange,
    (awaited, facts): (Awaited, &Facts<'_>),
    mut head: Parts,
    mut content: Option<(Option<Format>, Node<'_>)>,
    kept: Body<S>,
) -> Result<Response<Body<S>>, Fault> {
    let mut body = kept;
    let seen = content.as_ref().map(|(_, node)| node);
    if change.holds(&head, seen, facts)? {
        let new = change.calculate(&head, &mut content, (awaited, facts))?;
        told_of(change, awaited, &new, &mut head);
        match new.put(change, &mut head) {
            NewContent::Same => {}
            NewContent::None => {
                content = None;
                body = Body::Empty;
            }
            NewContent::Made(_) if awaited.bare => body = Body::Empty,
            NewContent::Made(made) => {
                content = None;
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(made.bytes.len()));
                body = Body::Full(made.bytes.into());
            }
        }
    }
    // A composed answer of which nothing has been written yet.
    if let Some((None, node)) = content {
        let bytes = node.write(MOST).ok_or(Fault::TooLarge)?;
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        head.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        body = if awaited.bare { Body::Empty } else { Body::Full(bytes.into()) };
    }
    change.vary.put(&mut head.headers);
    Ok(Response::from_parts(head, body))
}

/// Has the fields tell the truth about content that is another one.
fn told_of(change: &ResponseChange, awaited: Awaited, new: &NewResponse, head: &mut Parts) {
    let headers = &mut head.headers;
    if head.status == StatusCode::NOT_MODIFIED {
        return not_modified(change, awaited, headers);
    }
    match new.content() {
        NewContent::None => {
            of_changed(headers);
            for name in [CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, ACCEPT_RANGES, ETAG, LAST_MODIFIED]
            {
                headers.remove(name);
            }
        }
        NewContent::Made(_) => made_anew(change, awaited, headers),
        // RFC 9110 section 9.3.2: an answer to `HEAD` says what one to `GET` would.
        NewContent::Same if awaited.bare && change.changes(head.status) => {
            if let Some(media_type) = change.type_of_changed(headers, awaited) {
                headers.insert(CONTENT_TYPE, media_type);
            }
            made_anew(change, awaited, headers);
        }
        // RFC 9110 section 9.3.4: the tag of what was stored is no tag of what the client sent.
        NewContent::Same if awaited.put => drop(headers.remove(ETAG)),
        NewContent::Same => {}
    }
}

fn made_anew(change: &ResponseChange, awaited: Awaited, headers: &mut HeaderMap) {
    of_changed(headers);
    headers.remove(ACCEPT_RANGES);
    headers.remove(CONTENT_LENGTH);
    match &change.tags {
        Tags::Marked(marks) if !awaited.put => match marks.get(awaited.format) {
            Some(mark) => mark.write(headers),
            None => drop(headers.remove(ETAG)),
        },
        Tags::Marked(_) | Tags::Same => drop(headers.remove(ETAG)),
        Tags::None => {
            headers.remove(ETAG);
            headers.remove(LAST_MODIFIED);
        }
    }
}

/// RFC 9110 section 15.4.5: it is about what the client has.
fn not_modified(change: &ResponseChange, awaited: Awaited, headers: &mut HeaderMap) {
    match &change.tags {
        Tags::Same => {}
        Tags::Marked(marks) => {
            if let Some(mark) = marks.get(awaited.format) {
                mark.write_bare(StatusCode::NOT_MODIFIED, awaited.has, awaited.put, headers);
            }
        }
        Tags::None => drop(headers.remove(ETAG)),
    }
}
