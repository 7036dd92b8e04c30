//! Requests and answers, changed as a route says: the order of what is read, calculated and written.
//!
//! Everything is calculated about what came before anything is changed, so that no rule sees half of another's work. A route
//! that says nothing about content passes it as it arrives. A request is mapped first and then transformed, an answer the other
//! way round: a mapping is between clients and what the route means, a transformation between that and the upstream.

use bytes::Bytes;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::request::Parts;
use http::{Method, Response};
use http_body::Body as _;

use super::content::{ask_for_all, of_changed, undecoded};
use super::{Gateway, Incoming};
use crate::body::{Body, collect_steadily};
use crate::deadline::Deadline;
use crate::format::negotiate;
use crate::host::Host;
use crate::mapping::Has;
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::transform::request::Content as Read;
use crate::transform::{Fault, RequestChange, ResponseChange, Tags, Transform, Vary};
use crate::{coding, route};

pub(super) use crate::transform::Awaited;

/// A request that was changed, as its answer needs to know it.
#[derive(Debug)]
pub(super) struct Asked<'t> {
    change: Option<(&'t ResponseChange, Awaited)>,
    vary: &'t Vary,
    /// Its head as it came, where its answer is about that.
    head: Option<Box<Parts>>,
    /// It was a `HEAD` and is none any more: what comes of it has content that nobody asked for.
    muted: bool,
}

impl<H: Host> Gateway<H> {
    /// The request as the upstream is to get it.
    pub(super) async fn transform_request<'t>(
        &self,
        transform: &'t Transform,
        route: &Route,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<(Body<H::Stream>, Asked<'t>), Failure> {
        let awaited = transform.response.as_ref().map(|change| awaited(change, &incoming.head));
        let awaited = awaited.transpose()?;
        let about_request = transform.response.as_ref().is_some_and(|change| change.about_request);
        let head = about_request.then(|| Box::new(incoming.head.clone()));
        let is_head = incoming.head.method == Method::HEAD;
        let (body, put) = match &transform.request {
            None => (body, false),
            Some(change) => self.change_request(change, route, incoming, body, deadline).await?,
        };
        let muted = is_head && incoming.head.method != Method::HEAD;
        let change = transform.response.as_ref().zip(awaited).map(|(change, awaited)| {
            let awaited = Awaited { bare: is_head && !muted, put, ..awaited };
            (change, prepare(change, awaited, &mut incoming.head))
        });
        Ok((body, Asked { change, vary: &transform.vary, head, muted }))
    }

    /// Changes the request, and says whether it was a `PUT` that has other content now.
    async fn change_request(
        &self,
        change: &RequestChange,
        route: &Route,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<(Body<H::Stream>, bool), Failure> {
        let (around, authority) = (incoming.around(), incoming.authority);
        let head = &mut incoming.head;
        let reading = change.reader.as_ref().filter(|_| !body.is_end_stream());
        let reading = match reading.map(|reader| (reader, reader.format(&head.headers))) {
            Some((reader, Some(format))) => Some((reader, format)),
            // What is not read is not changed, and does not go on unchanged.
            Some((_, None)) if change.needs_content() => return Err(refused(&Fault::Type)),
            _ => None,
        };
        let (mut decoded, mut as_it_was) = (Bytes::new(), body);
        if let Some((reader, _)) = reading {
            let most = route.body_limit.min(reader.most as u64);
            let codings = coding::of(&head.headers).map_err(|fault| undecoded(fault.into()))?;
            let raw = collect_steadily(&self.host, as_it_was, most, deadline, None).await;
            let raw = raw.map_err(|error| undecoded(error.into()))?;
            decoded = coding::decode(&codings, raw.clone(), most).map_err(|fault| undecoded(fault.into()))?;
            as_it_was = Body::Full(raw);
        }
        let host = route::lowercase(route::host::name(authority));
        let content = match reading {
            Some((reader, format)) if !decoded.is_empty() => {
                let node = reader.read(format, &head.headers, &decoded).map_err(|fault| refused(&fault))?;
                Some(Read { format, node })
            }
            _ => None,
        };
        let new = {
            let facts = self.facts(route, head, around, &host);
            change.calculate(head, &facts, content).map_err(|fault| refused(&fault))?
        };
        let Some(new) = new else { return Ok((as_it_was, false)) };
        let is_put = head.method == Method::PUT && new.is_rewritten();
        if new.is_rewritten() {
            of_changed(&mut head.headers);
        }
        let body = new.put(change, head).map_or(as_it_was, |content| Body::Full(content.into()));
        Ok((body, is_put))
    }

    /// The answer to a request that was changed.
    pub(super) async fn answer_transformed(
        &self,
        asked: Asked<'_>,
        route: &Route,
        incoming: &Incoming<'_>,
        mut response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let (around, authority) = (incoming.around(), incoming.authority);
        if let Some((change, awaited)) = asked.change {
            let host = route::lowercase(route::host::name(authority));
            let head = asked.head.as_deref().unwrap_or(&incoming.head);
            let facts = self.facts(route, head, around, &host);
            let idle = route.patience.idle;
            response = self.transform_response(change, (awaited, &facts), idle, response, deadline).await?;
        }
        asked.vary.put(response.headers_mut());
        if asked.muted && matches!(response.body(), Body::Stream(_)) {
            *response.body_mut() = Body::Empty;
        }
        Ok(response)
    }

    /// What is known of a request when its answer comes. Takes out of `head` what would make the upstream's answer one that
    /// cannot be changed: it is called for the head that goes on, before that goes on.
    pub(super) fn await_answer(&self, change: &ResponseChange, head: &mut Parts) -> Result<Awaited, Failure> {
        let awaited = awaited(change, head)?;
        Ok(prepare(change, awaited, head))
    }
}

/// What the client wants.
fn awaited(change: &ResponseChange, head: &Parts) -> Result<Awaited, Failure> {
    let format = match change.formats.is_empty() {
        true => 0,
        false => match negotiate(&head.headers, &change.formats) {
            Some(wanted) => change.formats.iter().position(|format| *format == wanted).unwrap_or_default(),
            None => {
                let types: Vec<_> = change.formats.iter().map(|format| format.media_type()).collect();
                let detail = format!("it can be had as {}", types.join(", "));
                return Err(Failure::from(Problem::NotAcceptable).detail(detail));
            }
        },
    };
    Ok(Awaited { bare: head.method == Method::HEAD, has: Has::Unsaid, format, put: false })
}

/// Has the upstream give an answer that can be changed.
fn prepare(change: &ResponseChange, mut awaited: Awaited, head: &mut Parts) -> Awaited {
    if change.reader.is_some() || change.content.is_some() {
        ask_for_all(&mut head.headers);
    }
    match &change.tags {
        Tags::Same => {}
        Tags::Marked(marks) => {
            if let Some(mark) = marks.get(awaited.format) {
                awaited.has = mark.remove(&mut head.headers);
            }
        }
        // What the client has may have been made for another one.
        Tags::None => {
            head.headers.remove(IF_NONE_MATCH);
            head.headers.remove(IF_MODIFIED_SINCE);
        }
    }
    awaited
}

/// A request that cannot be changed as the route says.
fn refused(fault: &Fault) -> Failure {
    match fault {
        Fault::TooLarge => Failure::from(Problem::BodyTooLarge).detail(fault.to_string()),
        Fault::Type => Failure::from(Problem::UnsupportedMediaType).detail(fault.to_string()),
        Fault::Content(_) | Fault::Soap(_) => {
            Failure::from(Problem::InvalidContent).detail(fault.to_string())
        }
        Fault::Shape(_) | Fault::Unwritable(_) => Failure::from(Problem::InvalidContent)
            .detail("the content is not as it is wanted here")
            .cause(fault.to_string()),
        // What an expression asks for is the author's business: the client is told no name.
        Fault::Expression(_) | Fault::Unsendable(_) | Fault::Template(_) => {
            Failure::from(Problem::UnusableRequest).cause(fault.to_string())
        }
    }
}
