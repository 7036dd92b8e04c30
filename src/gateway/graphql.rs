//! An upstream that speaks GraphQL, behind a route that does not.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode};
use http_body::Body as _;

use super::content::{ask_for_all, of_changed, of_decoded, undecoded, unreadable_answer};
use super::{Gateway, Incoming};
use crate::body::Body;
use crate::coding::{Room, collect_decoded};
use crate::compose::missing::COMPLETED;
use crate::deadline::Deadline;
use crate::expression::{Beyond, Facts, Fault};
use crate::graphql::{Came, GraphQl};
use crate::host::Host;
use crate::json::{self, Limits, Node};
use crate::mapping::{Media, media};
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::route;
use crate::transform::query;

/// GraphQL over HTTP section 4.1: the newer type, in which a status says something, and the older one, which every server has.
const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");

impl<H: Host> Gateway<H> {
    /// The request as the operation that it stands for.
    pub(super) async fn graphql_request(
        &self,
        graphql: &GraphQl,
        route: &Route,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Body<H::Stream>, Failure> {
        let content = match graphql.reads_content && !body.is_end_stream() {
            false => bytes::Bytes::new(),
            true => {
                if !matches!(media(&incoming.head.headers), Media::Json(_)) {
                    return Err(
                        Failure::from(Problem::UnsupportedMediaType).detail("the content must be JSON")
                    );
                }
                let room = Room::of(route.body_limit);
                collect_decoded(&self.host, body, &incoming.head.headers, room, deadline, None)
                    .await
                    .map_err(undecoded)?
            }
        };
        let parsed = match content.is_empty() {
            true => None,
            false => Some(
                json::parse(&content, &Limits::of(content.len()))
                    .map_err(|error| Failure::from(Problem::InvalidContent).detail(error.to_string()))?,
            ),
        };
        let (around, authority) = (incoming.around(), incoming.authority);
        let host = route::lowercase(route::host::name(authority));
        let facts = self.facts(route, &incoming.head, around, &host);
        let facts = Facts { beyond: Beyond { content: parsed.as_ref(), ..Beyond::default() }, ..facts };
        let request = graphql.request(&facts).map_err(|fault| lacking(&fault))?;
        let sent = match graphql.get {
            false => Sent::Content(Node::Object(request).write(usize::MAX)),
            true => {
                let text = |node: &Node<'_>| match node {
                    Node::Text(text) => text.to_string(),
                    other => other.to_text(),
                };
                Sent::Query(request.iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
            }
        };
        written(&mut incoming.head, sent)
    }

    /// What the operation came to, as an answer.
    pub(super) async fn graphql_answer(
        &self,
        graphql: &GraphQl,
        idle: Option<Duration>,
        response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let is_json = matches!(media(response.headers()), Media::Json(_));
        if !is_json {
            // A server that fails before GraphQL answers what it likes.
            let failed = response.status().is_client_error() || response.status().is_server_error();
            return if failed { Ok(response) } else { Err(unusable("the answer is no JSON")) };
        }
        let (mut head, body) = response.into_parts();
        let room = Room::of(graphql.most as u64);
        let content = collect_decoded(&self.host, body, &head.headers, room, deadline, idle).await;
        let content = content.map_err(unreadable_answer)?;
        let answer = json::parse(&content, &graphql.limits());
        let answer = answer.map_err(|error| unusable(&format!("the answer cannot be read: {error}")))?;
        let (node, whole) = match graphql.came(answer) {
            Some(Came::Answer(node, whole)) => (node, whole),
            Some(Came::Failure(status, message)) => {
                let mut failure = Failure::from(Problem::GraphQl).cause("GraphQL: errors in the answer");
                failure.status = status;
                failure.detail = message;
                return Err(failure);
            }
            Some(Came::Null(status)) => {
                let mut failure = Failure::from(Problem::GraphQl);
                failure.status = Some(status);
                return Err(failure);
            }
            None if !head.status.is_success() => {
                of_decoded(&mut head.headers, content.len());
                return Ok(Response::from_parts(head, Body::Full(content)));
            }
            None => return Err(unusable("the answer has neither data nor errors")),
        };
        let Some(written) = node.write(graphql.most) else { return Err(unusable("the answer is too large")) };
        head.status = StatusCode::OK;
        of_changed(&mut head.headers);
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(written.len()));
        if !whole {
            head.headers.insert(COMPLETED, HeaderValue::from_static("false"));
            head.headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Ok(Response::from_parts(head, Body::Full(written.into())))
    }
}

/// An operation, as it is sent.
enum Sent {
    Content(Option<Vec<u8>>),
    Query(Vec<(String, String)>),
}

/// Has the operation in `head`, in place of what the client sent.
fn written<S>(head: &mut Parts, sent: Sent) -> Result<Body<S>, Failure> {
    of_changed(&mut head.headers);
    for name in [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.insert(ACCEPT, ACCEPTED);
    ask_for_all(&mut head.headers);
    match sent {
        Sent::Content(content) => {
            let content = content.ok_or_else(|| Failure::from(Problem::BodyTooLarge))?;
            head.method = Method::POST;
            query::replace(&mut head.uri, None);
            head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
            Ok(Body::Full(content.into()))
        }
        Sent::Query(pairs) => {
            head.method = Method::GET;
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let none: [&str; 0] = [];
            let text = query::edit(None, &none, &[], &pairs).unwrap_or_default();
            let target = format!("{}?{text}", head.uri.path());
            let target: PathAndQuery = target.parse().map_err(|_| Failure::from(Problem::UriTooLong))?;
            head.uri = target.into();
            Ok(Body::Empty)
        }
    }
}

/// A variable has no value for this request.
fn lacking(fault: &Fault) -> Failure {
    Failure::from(Problem::BadRequest).detail(format!("the request lacks something that is needed: {fault}"))
}

fn unusable(cause: &str) -> Failure {
    Failure::from(Problem::UpstreamContent).cause(format!("GraphQL: {cause}"))
}
