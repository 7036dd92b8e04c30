//! What a request comes to: an answer of the gateway's own, or a request to an upstream.

use http::response::Parts;
use http::{HeaderMap, request};
use serde::Serialize;

use super::host::{Announced, Recorded};
use crate::body::Body;
use crate::plan::{HeaderEdit, Patience, Plan, Route, Upstream};

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// An upstream is asked.
    Proxied(Box<Sent>),
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

/// What the gateway did.
pub(super) fn of(plan: &Plan, recorded: Recorded, reply: &Parts, body: Body<Announced>) -> Outcome {
    let asked = recorded.upstream.and_then(|upstream| plan.upstreams.get(upstream));
    let route = recorded.route.and_then(|route| plan.routes.get(route));
    if let (Some(upstream), Some(sent), Some(route), None) = (asked, &recorded.sent, route, recorded.problem)
    {
        return Outcome::Proxied(Box::new(proxied(upstream, sent, route, &reply.headers)));
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

fn proxied(upstream: &Upstream, sent: &request::Parts, route: &Route, reply: &HeaderMap) -> Sent {
    let target = &upstream.target;
    let scheme = if target.secure { "https" } else { "http" };
    let removed = route.response_edits.iter().filter_map(|edit| match edit {
        HeaderEdit::Remove(name) => Some(name.to_string()),
        HeaderEdit::Set(..) | HeaderEdit::Add(..) => None,
    });
    Sent {
        upstream: upstream.name.to_string(),
        address: format!("{scheme}://{}:{}", target.authority.host(), target.port),
        method: sent.method.to_string(),
        target: sent.uri.path_and_query().map_or("*", |target| target.as_str()).to_owned(),
        headers: fields(&sent.headers),
        timeouts: Waits::from(&route.patience),
        limits: Limits { body: (route.body_limit != u64::MAX).then_some(route.body_limit) },
        // The recording host's own answer has no fields.
        answer_added: fields(reply),
        answer_removed: removed.collect(),
    }
}

fn fields(headers: &HeaderMap) -> Vec<Field> {
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
