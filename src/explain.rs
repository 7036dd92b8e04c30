//! What would happen to a request, without any of it happening: which route takes it and why the others do not, and
//! what an upstream would get.
//!
//! Nothing is decided here. The real [`Gateway`] handles the request over a host that calls nobody and writes down what
//! it was asked to send; why a route does not take the request is what the route itself says. So an explanation cannot
//! drift from what the gateway does.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};
use serde::Serialize;

mod cached;
mod composed;
mod considered;
mod counted;
mod host;
mod outcome;
mod versioned;

pub use cached::{Cached, Keyed, Lookup};
pub use composed::{Composed, Later, PartSent, written};
pub use considered::{Considered, Verdict};
pub use counted::{Counted, Part};
pub use outcome::{Answer, Field, Limits, Outcome, Sent, Waits};
pub use versioned::Asked;

use crate::auth::{Asking, Caller};
use crate::body::Body;
use crate::cors;
use crate::deadline::Deadline;
use crate::forward::client::client_of;
use crate::gateway::{Gateway, Peer};
use crate::host::UnixMillis;
use crate::plan::Plan;
use crate::route::path::{Normal, normalise};
use crate::route::{self, Query};
use host::{Announced, Recorded, Recorder};

/// A request to explain.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its method.
    pub method: Method,
    /// Whether it comes over TLS.
    pub secure: bool,
    /// The authority it is for; a `Host` among the fields goes before it.
    pub authority: String,
    /// Path and query, as they would be sent.
    pub target: String,
    /// Header fields.
    pub headers: HeaderMap,
    /// The length of its body, where its content is not known.
    pub body: u64,
    /// Its content; `None`: nothing is known of it but its length.
    pub content: Option<Bytes>,
    /// Who sends it.
    pub peer: SocketAddr,
    /// When.
    pub now: UnixMillis,
    /// Who is taken for the caller; `None`: the request's own credentials are looked at, as far as that is possible
    /// without asking anybody.
    pub caller: Option<Caller>,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The request, as routes see it.
    pub request: Seen,
    /// Every route, in the order in which they are tried; empty where the request is answered before any is.
    pub routes: Vec<Considered>,
    /// Which version of an API it asks for; `None` where no route for one was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Asked>,
    /// The limits that count it, in the order in which they are asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Counted>,
    /// What the route's cache has to do with it; `None` where it keeps no answers, or the request does not come so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cached>,
    /// The answer, or the request that an upstream would get.
    pub outcome: Outcome,
}

/// A request as routes see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The authority it is for.
    pub authority: String,
    /// The host, in lower case and without port.
    pub host: String,
    /// The path as it came.
    pub path: String,
    /// The path in normal form, which is what patterns are compared with.
    pub normal_path: String,
    /// What servers are known to read differently in the path: names of settings of `paths`.
    pub ambiguities: Vec<&'static str>,
    /// The query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The client, behind proxies that are trusted.
    pub client: String,
}

/// What would happen to a request under `plan`.
///
/// # Errors
///
/// The request cannot be sent at all: its target is none, or its host is no field value.
pub fn explain(plan: &Arc<Plan>, question: &Question) -> Result<Explanation, String> {
    let request = request(question)?;
    let (head, body) = request.clone().into_parts();
    let host = Recorder::new(Arc::clone(plan), question.now).with_content(question.content.is_some());
    // The recording host never lets anybody wait.
    let Some((reply, answer)) = handled(plan, question, &host, request.clone()) else {
        return Err("the gateway waits for something; that is a bug in Tollgate, please report it".to_owned());
    };
    let mut record = host.take();
    record.missed_content = body.was_missed();
    let composed = composed::of(plan, &record, || {
        // What is asked for before anything is answered shows where nobody answers.
        let silent = host.clone().silent();
        match handled(plan, question, &silent, request) {
            None => std::mem::take(&mut silent.take().sent),
            Some(_) => Vec::new(),
        }
    });

    let normal = normalise(head.uri.path());
    let authority = route::host::authority(&head).unwrap_or_default();
    let lower = route::lowercase(route::host::name(authority));
    // A preflight is for the route that takes the method it asks about.
    let asked = cors::asked_method(&head.method, &head.headers).filter(|_| record.preflight);
    let query = Query {
        host: &lower,
        path: &normal.path,
        query: head.uri.query(),
        method: asked.as_ref().unwrap_or(&head.method),
        headers: &head.headers,
        now: question.now.0 / 1000,
        preflight: record.preflight,
    };
    let looked = record.looked_at_routes.then(|| considered::all(plan, &query, &normal, record.route));
    let routes = looked.unwrap_or_default();
    let seen = Seen {
        method: head.method.to_string(),
        scheme: if question.secure { "https" } else { "http" },
        authority: if authority.is_empty() { &question.authority } else { authority }.to_owned(),
        host: query.host.to_owned(),
        path: head.uri.path().to_owned(),
        normal_path: normal.path.to_string(),
        ambiguities: normal.found.names().collect(),
        query: query.query.map(str::to_owned),
        client: record.client.clone().unwrap_or_default(),
    };
    let limits = limits(plan, question, &head, (authority, &normal), &record);
    let cache = cached::of(plan, question, &head, authority, &record);
    let version = versioned::of(plan, question.now, record.api);
    let outcome = match composed {
        Some(composed) => Outcome::Composed(Box::new(composed)),
        None => outcome::of(plan, record, &reply, answer),
    };
    Ok(Explanation { request: seen, routes, version, limits, cache, outcome })
}

/// What the real gateway answers over `host`; `None` where it waits for something.
fn handled(
    plan: &Arc<Plan>,
    question: &Question,
    host: &Recorder,
    request: Request<Announced>,
) -> Option<(http::response::Parts, Body<Announced>)> {
    let gateway = Gateway::new(Arc::clone(plan), host.clone());
    let gateway = match &question.caller {
        Some(caller) => gateway.assuming(Arc::new(caller.clone())),
        None => gateway,
    };
    let peer = Peer { address: question.peer, secure: question.secure };
    let mut handled = pin!(gateway.handle(request, peer));
    let Poll::Ready(reply) = handled.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        return None;
    };
    let (reply, body) = reply.into_parts();
    let (body, _, mut ending) = body.into_parts();
    ending.end(Ok(()));
    Some((reply, body))
}

/// The limits that counted the request, looked at as the gateway looks at them.
fn limits(
    plan: &Plan,
    question: &Question,
    head: &Parts,
    (authority, normal): (&str, &Normal<'_>),
    record: &Recorded,
) -> Vec<Counted> {
    let route = record.route.filter(|_| !record.judged.is_empty()).and_then(|route| plan.routes.get(route));
    let Some(route) = route else { return Vec::new() };
    let asking = Asking {
        head,
        peer: Peer { address: question.peer, secure: question.secure },
        client: &client_of(question.peer.ip(), &plan.trusted, &head.headers),
        authority,
        path: &normal.path,
        route,
        now: question.now,
        length: Some(question.length()),
        deadline: Deadline::never(),
        plan: &plan.auth,
        assumed: None,
    };
    counted::all(&plan.limits, &asking, record.caller.as_deref(), &record.judged)
}

fn request(question: &Question) -> Result<Request<Announced>, String> {
    let target = question.target.parse::<Uri>();
    let target = target.map_err(|error| format!("\"{}\" cannot be asked for: {error}", question.target))?;
    let mut request = Request::new(Announced::new(question.body, question.content.clone()));
    *request.method_mut() = question.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = question.headers.clone();
    let headers = request.headers_mut();
    if !headers.contains_key(HOST) {
        let host = HeaderValue::from_str(&question.authority);
        headers.insert(HOST, host.map_err(|_| format!("\"{}\" is no host", question.authority))?);
    }
    if question.length() > 0 && !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(question.length()));
    }
    Ok(request)
}

// === impl Question ===

impl Question {
    /// The length of the request's body.
    fn length(&self) -> u64 {
        self.content.as_ref().map_or(self.body, |content| content.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::config::Document;
    use crate::plan::{Abilities, witness};

    fn plan() -> Arc<Plan> {
        let document: Document = serde_json::from_value(serde_json::json!({
            "defaults": { "auth": "public" },
            "upstreams": { "a": { "url": "http://a.internal" } },
            "routes": [
                { "id": "any", "upstream": "a" },
                { "id": "host", "match": { "host": ["b.example", "*.b.example"], "prefix": "/x" }, "upstream": "a" },
                { "id": "post", "match": { "path": "/x/{y}", "methods": ["POST"] }, "upstream": "a",
                  "headers": { "request": { "set": { "Authorization": "Bearer ${token}" } } } },
                { "id": "query", "match": { "path": "/x/{y}", "query": { "a": "1" } }, "respond": { "body": "a" } },
            ],
        }))
        .unwrap();
        Arc::new(Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0)
    }

    fn question(method: Method, authority: &str, target: &str) -> Question {
        Question {
            method,
            secure: false,
            authority: authority.to_owned(),
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: 0,
            content: None,
            peer: SocketAddr::from(([192, 0, 2, 1], 0)),
            now: UnixMillis(0),
            caller: None,
        }
    }

    /// The first in the order shown that would take the request is the one that the gateway takes.
    #[test]
    fn the_order_shown_is_the_gateways() {
        let plan = plan();
        for method in [Method::GET, Method::POST] {
            for route in &plan.routes {
                let witness = witness(route).unwrap();
                let query = witness.query.map(|query| format!("?{query}")).unwrap_or_default();
                let question = question(method.clone(), &witness.host, &format!("{}{query}", witness.path));
                let explanation = explain(&plan, &question).unwrap();
                assert_eq!(explanation.routes.len(), plan.routes.len());
                let verdicts = explanation.routes.iter().map(|route| &route.verdict);
                let first =
                    verdicts.clone().find(|verdict| matches!(verdict, Verdict::Taken | Verdict::After));
                assert_eq!(first, Some(&Verdict::Taken), "{explanation:?}");
                assert!(!verdicts.clone().any(|verdict| matches!(verdict, Verdict::Refused { .. })));
            }
        }
    }

    #[test]
    fn variables_are_shown_by_name() {
        let explanation = explain(&plan(), &question(Method::POST, "c.example", "/x/1")).unwrap();
        let Outcome::Proxied(sent) = explanation.outcome else { panic!("{explanation:?}") };
        let field = Field { name: "authorization".to_owned(), value: "Bearer ${token}".to_owned() };
        assert!(sent.headers.contains(&field), "{sent:?}");
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        assert!(explain(&plan(), &question(Method::GET, "a", "/a b")).is_err());
        assert!(explain(&plan(), &question(Method::GET, "a\nb", "/")).is_err());
    }
}
