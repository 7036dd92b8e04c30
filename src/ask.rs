//! Questions that the gateway asks on its own behalf: of an issuer, an introspection endpoint, an authorisation service.
//!
//! Each has a time of its own and a size that its answer may have, and neither is the client's affair.

pub mod client_secret;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, Uri};

use crate::body::{Body, collect};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::{Endpoint, Patience};
use crate::problem::Failure;
use crate::upstream;

/// One question.
#[derive(Debug)]
pub struct Question<'a> {
    /// Whom it goes to.
    pub endpoint: &'a Endpoint,
    /// The path and query, where they are not the endpoint's own.
    pub target: Option<PathAndQuery>,
    /// The method.
    pub method: Method,
    /// Fields beyond `Host`, `User-Agent` and those that frame the message.
    pub headers: HeaderMap,
    /// The content.
    pub body: Bytes,
    /// How long all of it may take.
    pub within: Duration,
    /// It ends no later than this, whatever `within` says: the deadline of the request that it is asked for.
    pub deadline: Deadline,
    /// The largest answer, in bytes.
    pub most: usize,
}

/// Why there is no answer. For the operator, never for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskError {
    /// What happened.
    pub cause: String,
}

// === impl Question ===

impl<'a> Question<'a> {
    /// A `GET` of `endpoint`, which has no deadline but its own time.
    pub fn get(endpoint: &'a Endpoint, within: Duration, most: usize) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self {
            endpoint,
            target: None,
            method: Method::GET,
            headers,
            body: Bytes::new(),
            within,
            deadline: Deadline::never(),
            most,
        }
    }
}

/// Asks, and waits for the whole answer, of whatever status. No redirect is followed: an answer that sends the gateway
/// elsewhere is one that it was not configured for.
pub async fn ask<H: Host>(host: &H, question: Question<'_>) -> Result<Response<Bytes>, AskError> {
    let (endpoint, most) = (question.endpoint, question.most);
    let deadline = question.deadline.and_after(host.tick(), question.within);
    let (head, stream) = open(host, question).await?.into_parts();
    let collected = collect(host, stream, most as u64, deadline).await;
    let body = collected.map_err(|error| AskError {
        cause: format!("the answer of {}: {error}", endpoint.target.authority),
    })?;
    Ok(Response::from_parts(head, body))
}

/// Asks, and waits for the head of the answer, of whatever status: for answers that go on. Whoever reads the content bounds its
/// size and its time.
pub async fn open<H: Host>(host: &H, question: Question<'_>) -> Result<Response<H::Stream>, AskError> {
    let Question { endpoint, target, method, headers, body, within, deadline, most: _ } = question;
    let deadline = deadline.and_after(host.tick(), within);
    let patience =
        Patience { request: Some(within), connect: within, first_byte: within, idle: Some(within) };
    let request = request(endpoint, target, method, headers, body);
    let sent = upstream::exchange(host, &endpoint.target, &patience, deadline, request, None).await;
    sent.map_err(|unanswered| AskError::from_failure(endpoint, &unanswered.failure))
}

fn request<S>(
    endpoint: &Endpoint,
    target: Option<PathAndQuery>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Request<Body<S>> {
    let length = body.len();
    // RFC 9110 section 8.6: a method that is expected to have content says that there is none.
    let announced = length > 0 || method == Method::POST || method == Method::PUT;
    let mut request = Request::new(if length > 0 { Body::Full(body) } else { Body::Empty });
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(target.unwrap_or_else(|| endpoint.path.clone()));
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    headers.insert(HOST, endpoint.target.host_header.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static("tollgate"));
    if announced {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    request
}

// === impl AskError ===

impl AskError {
    fn from_failure(endpoint: &Endpoint, failure: &Failure) -> Self {
        let authority = &endpoint.target.authority;
        let slug = failure.problem.spec().slug;
        let cause = failure.cause.as_deref().unwrap_or_default();
        Self { cause: format!("{authority}: {slug} {cause}") }
    }
}
