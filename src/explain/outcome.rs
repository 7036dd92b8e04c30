//! What a request comes to: an answer of the gateway's own, or a request to an upstream.

use http::response::Parts;
use http::{HeaderMap, request};
use serde::Serialize;

use super::composed::Composed;
use super::host::{Announced, Recorded, Sending};
use crate::body::Body;
use crate::plan::{HeaderEdit, Patience, Plan, Route, Upstream};

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// An upstream is asked.
    Proxied(Box<Sent>),
    /// Several requests are sent, of whose answers one is made.
    Composed(Box<Composed>),
    /// It depends on the content of the request, of which nothing is known.
    DependsOnContent,
    /// The gateway answers by itself.
    Answered(Answer),
    /// The gateway answers with a problem.
    Problem(Answer),
}

/// What an upstream gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The upstream's name.
    pub upstream: String,
    /// Its address.
    pub address: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields; `${name}` stands for a variable, and identifiers are examples.
    pub headers: Vec<Field>,
    /// The content, where it is known; its beginning, where it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The content is made of the request's, of which nothing is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown_content: bool,
    /// The client's answer is made of what the upstream answers, which nobody knows: nothing is said of its fields.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub made_of_answer: bool,
    /// How long things may take.
    pub timeouts: Waits,
    /// What else is limited.
    pub limits: Limits,
    /// What is added to the upstream's answer.
    pub answer_added: Vec<Field>,
    /// The names of fields that are taken from the upstream's answer, beyond those of one connection.
    pub answer_removed: Vec<String>,
}

/// An answer of the gateway's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The problem's name, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// The id of the route whose CORS answers, where the request is a preflight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight: Option<String>,
    /// What the client is not told about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Header fields.
    pub headers: Vec<Field>,
    /// The body, as text.
    pub body: String,
}

/// A header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How long things may take, in milliseconds; `None` for as long as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// The whole request.
    pub request_ms: Option<u64>,
    /// Making a connection.
    pub connect_ms: Option<u64>,
    /// From the last byte of the request to the first of the answer.
    pub first_byte_ms: Option<u64>,
    /// Between two pieces of a body.
    pub idle_ms: Option<u64>,
}

/// What else is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The largest request body, in bytes; `None` for any.
    pub body: Option<u64>,
}

/// How many bytes of content are shown.
const SHOWN: usize = 4 << 10;

/// What the gateway did.
pub(super) fn of(plan: &Plan, recorded: Recorded, reply: &Parts, body: Body<Announced>) -> Outcome {
    let route = recorded.route.and_then(|route| plan.routes.get(route));
    // What comes of an answer that nobody gave is no problem of anybody's.
    let asked = match recorded.problem {
        None => recorded.sent.last().filter(|_| recorded.upstream.is_some()),
        Some(_) => recorded.sent.first(),
    };
    if let (Some(sending), Some(route)) = (asked, route) {
        let upstream = recorded.upstream.filter(|_| recorded.problem.is_none()).unwrap_or(sending.upstream);
        if let Some(upstream) = plan.upstreams.get(upstream) {
            return Outcome::Proxied(Box::new(proxied(upstream, sending, route, reply, &recorded)));
        }
    }
    if recorded.missed_content && recorded.problem.is_some() {
        return Outcome::DependsOnContent;
    }
    let body = match &body {
        Body::Full(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Body::Empty | Body::Stream(_) => String::new(),
    };
    let answer = Answer {
        status: reply.status.as_u16(),
        problem: recorded.problem.map(|problem| problem.spec().slug),
        preflight: route.filter(|_| recorded.preflight).map(|route| route.id.to_string()),
        cause: recorded.cause,
        headers: fields(&reply.headers),
        body,
    };
    if recorded.problem.is_some() { Outcome::Problem(answer) } else { Outcome::Answered(answer) }
}

fn proxied(
    upstream: &Upstream,
    sending: &Sending,
    route: &Route,
    reply: &Parts,
    recorded: &Recorded,
) -> Sent {
    let removed = route.response_edits.iter().filter_map(|edit| match edit {
        HeaderEdit::Remove(name) => Some(name.to_string()),
        HeaderEdit::Set(..) | HeaderEdit::Add(..) => None,
    });
    let transforms = route.transform.as_ref().is_some_and(|transform| transform.response.is_some());
    let made_of_answer = recorded.problem.is_some() || route.graphql.is_some() || transforms;
    Sent {
        upstream: upstream.name.to_string(),
        address: address(upstream),
        method: sending.head.method.to_string(),
        target: target(&sending.head),
        headers: fields(&sending.head.headers),
        content: content(&sending.content),
        unknown_content: recorded.missed_content,
        made_of_answer,
        timeouts: Waits::from(&route.patience),
        limits: Limits { body: (route.body_limit != u64::MAX).then_some(route.body_limit) },
        // The recording host's own answer has no fields.
        answer_added: if made_of_answer { Vec::new() } else { fields(&reply.headers) },
        answer_removed: removed.collect(),
    }
}

/// Where an upstream is.
pub(super) fn address(upstream: &Upstream) -> String {
    let target = &upstream.target;
    let scheme = if target.secure { "https" } else { "http" };
    format!("{scheme}://{}:{}", target.authority.host(), target.port)
}

/// The path and query that are asked for.
pub(super) fn target(head: &request::Parts) -> String {
    head.uri.path_and_query().map_or("*", |target| target.as_str()).to_owned()
}

/// Content as it is shown; `None` for none.
pub(super) fn content(content: &[u8]) -> Option<String> {
    let shown = content.get(..SHOWN).unwrap_or(content);
    let mut text = String::from_utf8_lossy(shown).into_owned();
    if shown.len() < content.len() {
        text.push('…');
    }
    (!text.is_empty()).then_some(text)
}

pub(super) fn fields(headers: &HeaderMap) -> Vec<Field> {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| Field {
        name: name.to_string(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    headers.iter().map(field).collect()
}

impl From<&Patience> for Waits {
    fn from(patience: &Patience) -> Self {
        let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            request_ms: patience.request.map(millis),
            connect_ms: Some(millis(patience.connect)),
            first_byte_ms: Some(millis(patience.first_byte)),
            idle_ms: patience.idle.map(millis),
        }
    }
}
