//! The content of requests and answers, changed where a route says how.
//!
//! Content is read as a whole before any of it goes on: an answer is changed or refused, never cut off half-way. What is not
//! JSON passes as it arrives.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body as _;

use super::Gateway;
use super::content::{ask_for_all, of_changed, refuse_part, undecoded, unreadable_answer, unusable};
use crate::body::Body;
use crate::coding::{Room, collect_decoded};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::json::{Error, Fault};
use crate::mapping::{Extent, Has, Mapping, Media, Steps, media};
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::transform::query;

/// What is known of a request when its answer comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    /// It was a `HEAD`: its answer has the fields of content that is not there.
    bare: bool,
    /// It was a `PUT`, and its content was changed.
    put: bool,
    has: Has,
}

impl<H: Host> Gateway<H> {
    /// The request as the upstream understands it.
    pub(super) async fn map_request(
        &self,
        mapping: &Mapping,
        route: &Route,
        head: &mut Parts,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<(Body<H::Stream>, Passing), Failure> {
        let mut passing = Passing { bare: head.method == Method::HEAD, put: false, has: Has::Unsaid };
        for (from, to) in &mapping.query {
            if let Some(renamed) = query::rename(head.uri.query(), from, to) {
                query::replace(&mut head.uri, Some(&renamed));
            }
        }
        if !mapping.response.is_empty() {
            passing.has = mapping.mark.remove(&mut head.headers);
            ask_for_all(&mut head.headers);
        }
        if mapping.request.is_empty() || body.is_end_stream() {
            return Ok((body, passing));
        }
        let extent = match media(&head.headers) {
            Media::Other => return Ok((body, passing)),
            Media::JsonPatch => return Err(Failure::from(Problem::UnsupportedMediaType)),
            Media::Json(extent) => extent,
        };
        let room = Room::of(route.body_limit.min(mapping.most as u64));
        let content = collect_decoded(&self.host, body, &head.headers, room, deadline, None).await;
        let content = content.map_err(undecoded)?;
        if content.is_empty() {
            return Ok((Body::Empty, passing));
        }
        let mapped = mapping.request.map(&content, extent, mapping.most).map_err(unreadable)?;
        passing.put = head.method == Method::PUT;
        of_changed(&mut head.headers);
        head.headers.remove(TRANSFER_ENCODING);
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(mapped.len()));
        Ok((Body::Full(mapped.into()), passing))
    }

    /// The answer as the client understands it.
    pub(super) async fn map_response(
        &self,
        mapping: &Mapping,
        passing: Passing,
        idle: Option<Duration>,
        mut response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let status = response.status();
        let extent = match media(response.headers()) {
            Media::Json(extent) if changes(mapping, status) => extent,
            _ => {
                // Without steps for answers, tags are the upstream's own.
                if !(status == StatusCode::NOT_MODIFIED && mapping.response.is_empty()) {
                    mapping.mark.write_bare(status, passing.has, passing.put, response.headers_mut());
                }
                return Ok(response);
            }
        };
        if passing.bare {
            response.headers_mut().remove(CONTENT_LENGTH);
            changed_answer(mapping, response.headers_mut());
            return Ok(response);
        }
        refuse_part(status, response.headers())?;
        let (mut head, body) = response.into_parts();
        let room = Room::of(mapping.most as u64);
        let content = collect_decoded(&self.host, body, &head.headers, room, deadline, idle).await;
        let content = content.map_err(unreadable_answer)?;
        if content.is_empty() {
            return Ok(Response::from_parts(head, Body::Empty));
        }
        let mapped = change(&mapping.response, &content, extent, mapping.most)?;
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(mapped.len()));
        changed_answer(mapping, &mut head.headers);
        Ok(Response::from_parts(head, Body::Full(mapped)))
    }
}

/// Whether answers with this status are changed.
fn changes(mapping: &Mapping, status: StatusCode) -> bool {
    let without_content = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let is_error = status.is_client_error() || status.is_server_error();
    !mapping.response.is_empty() && !without_content && (!is_error || mapping.errors)
}

fn change(steps: &Steps, content: &[u8], extent: Extent, most: usize) -> Result<Bytes, Failure> {
    let mapped = steps.map(content, extent, most);
    mapped.map(Bytes::from).map_err(|error| unusable(&format!("the answer cannot be changed: {error}")))
}

fn changed_answer(mapping: &Mapping, headers: &mut HeaderMap) {
    of_changed(headers);
    headers.remove(ACCEPT_RANGES);
    mapping.mark.write(headers);
}

/// A client's content that is not to be read.
fn unreadable(error: Error) -> Failure {
    match error.fault {
        Fault::Bytes | Fault::Values => Failure::from(Problem::BodyTooLarge).detail(error.fault.to_string()),
        _ => Failure::from(Problem::InvalidContent).detail(error.to_string()),
    }
}
