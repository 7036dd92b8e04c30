//! Several requests of a client in one: each goes through the whole gateway as if it had come by itself.

use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};

use super::record::X_REQUEST_ID;
use super::{Gateway, Peer};
use crate::batch::{self, Asked, Batch};
use crate::body::{Body, BodyError, collect};
use crate::credentials::uncollected;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::json::{Node, Object};
use crate::mapping::{Media, media};
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::telemetry::Record;
use crate::transform;

/// Marks the requests of a batch: none of them is another.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfABatch;

/// Fields of a batch that are about its own content, connection or answer, and not its requests'.
const OWN: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-digest",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "digest",
    "expect",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What one of the requests came to.
struct Came {
    at: usize,
    status: StatusCode,
    headers: HeaderMap,
    content: bytes::Bytes,
}

impl<H: Host> Gateway<H> {
    /// The answers to the requests of a batch, in their order.
    #[allow(
        clippy::too_many_arguments,
        reason = "a stage, before what it does is known to be about an upstream"
    )]
    pub(super) async fn batch(
        &self,
        route: &Route,
        batch: &Batch,
        head: &Parts,
        body: Body<H::Stream>,
        peer: Peer,
        record: &Record,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        if head.extensions.get::<OfABatch>().is_some() {
            return Err(Failure::from(Problem::BadRequest).detail("a batch is no part of another"));
        }
        if !matches!(media(&head.headers), Media::Json(_)) {
            return Err(Failure::from(Problem::UnsupportedMediaType)
                .detail("a batch is application/json, and Content-Type says so"));
        }
        let limit = batch.body.min(route.body_limit);
        let content = collect(&self.host, body, limit, deadline).await.map_err(uncollected)?;
        let requests =
            batch::read(&content, batch).map_err(|why| Failure::from(Problem::InvalidContent).detail(why))?;
        let ids: Vec<_> = requests.iter().map(|request| request.id.clone()).collect();
        let mut all: Vec<Option<Came>> = ids.iter().map(|_| None).collect();
        let mut waiting = requests.into_iter().enumerate();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < batch.at_once {
                let Some((at, asked)) = waiting.next() else { break };
                under_way.push(self.one_of(at, asked, batch, (head, record), peer, deadline));
            }
            let Some(came) = under_way.next().await else { break };
            let at = came.at;
            all[at] = Some(came);
        }
        drop(under_way);
        let mut response = together(&ids, &all)?;
        transform::edit_headers(&self.host, &route.response_edits, response.headers_mut()).await?;
        Ok(response.map(|content| Body::Full(content.into())))
    }

    /// What becomes of one of the requests.
    async fn one_of(
        &self,
        at: usize,
        asked: Asked,
        batch: &Batch,
        (whole, record): (&Parts, &Record),
        peer: Peer,
        deadline: Deadline,
    ) -> Came {
        let (head, body) = self.request_of(asked, whole, record);
        // A request that is handled handles requests: their memory cannot be within its own.
        let answer = Box::pin(async {
            let (head, body) = self.handled(head, body, peer).await.into_parts();
            (head, collect(&self.host, pin!(body), batch.answer, deadline).await)
        });
        let left = deadline.tick() - self.host.tick();
        let problem = match self.until(pin!(answer), left).await {
            Some((head, Ok(content))) => {
                return Came { at, status: head.status, headers: head.headers, content };
            }
            Some((_, Err(BodyError::TooLarge))) => Problem::UpstreamContent,
            Some((_, Err(BodyError::Deadline))) | None => Problem::UpstreamTimeout,
            Some((_, Err(_))) => Problem::UpstreamTerminated,
        };
        let answer = Failure::from(problem).respond(&self.plan.telemetry.name, Some(&record.request_id));
        let (head, content) = answer.into_parts();
        Came { at, status: head.status, headers: head.headers, content }
    }

    /// One of the requests, as it would have come by itself over the same connection.
    fn request_of(&self, asked: Asked, whole: &Parts, record: &Record) -> (Parts, Body<H::Stream>) {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = asked.method;
        head.version = whole.version;
        head.extensions = whole.extensions.clone();
        head.extensions.insert(OfABatch);
        let mut address = whole.uri.clone().into_parts();
        address.path_and_query = Some(asked.target);
        head.uri = address.try_into().unwrap_or_default();
        head.headers = whole.headers.clone();
        OWN.iter().for_each(|name| drop(head.headers.remove(*name)));
        head.headers.extend(asked.headers);
        head.headers.insert(X_REQUEST_ID, record.request_id.clone());
        let body = if asked.content.is_empty() { Body::Empty } else { Body::Full(asked.content.into()) };
        (head, body)
    }
}

/// All answers as one. Cookies are the browser's, and not for scripts that read the content.
fn together(ids: &[Box<str>], all: &[Option<Came>]) -> Result<Response<Vec<u8>>, Failure> {
    let mut responses = Vec::with_capacity(all.len());
    let mut cookies = HeaderMap::new();
    for (id, came) in ids.iter().zip(all) {
        let came = came.as_ref().ok_or_else(|| Failure::from(Problem::Internal))?;
        responses.push(batch::answered(id, came.status, &came.headers, &came.content));
        for cookie in came.headers.get_all(SET_COOKIE) {
            cookies.append(SET_COOKIE, cookie.clone());
        }
    }
    let mut whole = Object::default();
    whole.set("responses", Node::Array(responses));
    let content = Node::Object(whole).write(usize::MAX).ok_or_else(|| Failure::from(Problem::Internal))?;
    let mut response = Response::new(content);
    *response.headers_mut() = cookies;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Answers of a batch are those to a POST, each with its own life: nobody could keep them as one.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
