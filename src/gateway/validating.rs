//! Requests and answers that must be as schemas say.
//!
//! Requests are looked at when it is known who calls, and before anything else is made of them: before a kept answer is
//! given, so that a request is refused whether or not somebody asked the same before; before an idempotency key is spent;
//! and before content is mapped, so that schemas speak of what clients send. Answers are looked at last, as clients get
//! them, and before they are kept.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_RANGE, HeaderValue, TRAILER};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body::Body as _;

use super::content::{ask_for_all, broken, undecoded};
use super::{Gateway, Incoming, announced};
use crate::body::{Body, collect_steadily};
use crate::coding::{self, Coding, Unreadable};
use crate::credentials::uncollected;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::telemetry::Record;
use crate::validation::{
    self, Answers, BodyRule, Doubt, Given, Judging, Schema, Validation, Wrong, judge_parameters, media_of,
};

impl<H: Host> Gateway<H> {
    /// The content, if the request is as its route wants it; whatever the route does then.
    pub(super) async fn validated(
        &self,
        route: &Route,
        incoming: &Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Body<H::Stream>, Failure> {
        match &route.validation {
            None => Ok(body),
            // In memory of its own: most requests need none of it.
            Some(validation) => Box::pin(self.validate(validation, route, incoming, body, deadline)).await,
        }
    }

    async fn validate(
        &self,
        validation: &Validation,
        route: &Route,
        incoming: &Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Body<H::Stream>, Failure> {
        let captures = route.pattern.capture(&incoming.normal.path).unwrap_or_default();
        let head = &incoming.head;
        let given = Given { captures: &captures, query: head.uri.query(), headers: &head.headers };
        let violations = judge_parameters(validation, &given);
        if !violations.is_empty() {
            return Err(Failure::from(Problem::InvalidParameter).violations(violations));
        }
        match &validation.body {
            None => Ok(body),
            Some(rule) => self.validate_content(rule, route, head, body, deadline).await,
        }
    }

    async fn validate_content(
        &self,
        rule: &BodyRule,
        route: &Route,
        head: &Parts,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Body<H::Stream>, Failure> {
        if body.is_end_stream() || announced(&head.headers, &body) == Some(0) {
            return without_content(rule, head);
        }
        let Some(schema) = schema_for(rule, head)? else { return Ok(body) };
        let unreadable = |fault| undecoded(Unreadable::Coding(fault));
        let codings = coding::of(&head.headers).map_err(unreadable)?;
        let limit = route.body_limit.min(rule.most as u64);
        let content = collect_steadily(&self.host, body, limit, deadline, None).await.map_err(uncollected)?;
        if content.is_empty() {
            return without_content(rule, head);
        }
        // What passes goes on as it came, coded as it is.
        let plain = coding::decode(&codings, content.clone(), limit).map_err(unreadable)?;
        match validation::judge(&plain, &rule.bounds, schema) {
            Ok(()) => Ok(Body::Full(content)),
            Err(Wrong::Unreadable(error)) => {
                Err(Failure::from(Problem::InvalidContent).detail(error.to_string()))
            }
            Err(Wrong::Heavy(why)) => Err(Failure::from(Problem::BodyTooLarge).detail(why)),
            Err(Wrong::Violations(violations)) => {
                Err(Failure::from(Problem::SchemaViolated).violations(violations))
            }
        }
    }

    /// The answer, if it is as it should be, or if nobody minds.
    pub(super) async fn validate_answer(
        &self,
        route: &Route,
        record: &mut Record,
        response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Some(answers) = answers_of(route) else { return Ok(response) };
        let status = response.status();
        let bare = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let known = answers.of_status(status).next().is_some();
        if bare || !known || record.method == Method::HEAD {
            return Ok(response);
        }
        let schema = schema_of_answer(answers, &response);
        if !answers.enforce {
            match schema {
                Ok((at, codings)) => {
                    record.judging = Some(Box::new(Judging::new(Arc::clone(answers), at, codings)));
                }
                Err(doubt) => record.judged_answer(Err(doubt)),
            }
            return Ok(response);
        }
        let (at, codings) = schema.map_err(|doubt| disagreement(&doubt))?;
        let (mut head, body) = response.into_parts();
        let idle = route.patience.idle;
        let most = answers.most as u64;
        let content = collect_steadily(&self.host, body, most, deadline, idle).await.map_err(broken)?;
        answers.judge_coded(at, &codings, content.clone()).map_err(|doubt| disagreement(&doubt))?;
        // Its trailers have not been collected.
        head.headers.remove(TRAILER);
        Ok(Response::from_parts(head, Body::Full(content)))
    }
}

/// What has to be asked for so that answers can be judged: a part of one cannot be, nor one in a coding that only the client
/// knows. Answers that are only reported on pass as the client asked for them.
pub(super) fn answers_in_clear(route: &Route, head: &mut Parts) {
    if answers_of(route).is_some_and(|answers| answers.enforce) {
        ask_for_all(&mut head.headers);
    }
}

fn answers_of(route: &Route) -> Option<&Arc<Answers>> {
    route.validation.as_ref()?.answers.as_ref()
}

/// A request without content, where that is right.
fn without_content<S>(rule: &BodyRule, head: &Parts) -> Result<Body<S>, Failure> {
    // RFC 9110 section 9.3: content of these has no meaning that everybody knows.
    let meaningless = [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS, Method::TRACE];
    if rule.required && !meaningless.contains(&head.method) {
        return Err(
            Failure::from(Problem::InvalidContent).detail("the request has no content, and needs some")
        );
    }
    Ok(Body::Empty)
}

/// The schema for content of this type; `None` where its type is enough.
fn schema_for<'r>(rule: &'r BodyRule, head: &Parts) -> Result<Option<&'r Arc<Schema>>, Failure> {
    if rule.types.is_empty() {
        return Ok(None);
    }
    let media = media_of(&head.headers).map_err(|why| not_taken(rule, why))?;
    match rule.types.iter().find(|(range, _)| range.has(&media)) {
        Some((_, schema)) => Ok(schema.as_ref()),
        None => Err(not_taken(rule, "it is of another type than those that are")),
    }
}

/// RFC 9110 section 15.5.16: `Accept` says what would have been taken.
fn not_taken(rule: &BodyRule, why: &str) -> Failure {
    let types: Vec<_> = rule.types.iter().map(|(range, _)| range.as_str()).collect();
    let failure =
        Failure::from(Problem::UnsupportedMediaType).detail(format!("the content is not taken: {why}"));
    match HeaderValue::try_from(types.join(", ")) {
        Ok(types) => failure.field(ACCEPT, types),
        Err(_) => failure,
    }
}

/// The place of the schema that an answer is judged by, and the codings that it is in.
fn schema_of_answer<S>(
    answers: &Answers,
    response: &Response<Body<S>>,
) -> Result<(usize, Vec<Coding>), Doubt> {
    let headers = response.headers();
    let codings = coding::of(headers).map_err(|fault| Doubt::Unjudged(fault.to_string().into()))?;
    if response.status() == StatusCode::PARTIAL_CONTENT || headers.contains_key(CONTENT_RANGE) {
        return Err(Doubt::Unjudged("it is a part".into()));
    }
    let media = media_of(headers).map_err(|why| Doubt::Wrong(why.to_owned()))?;
    let mut places = answers.of_status(response.status());
    let place = places.find(|at| answers.bodies.get(*at).is_some_and(|(_, range, _)| range.has(&media)));
    let place = place.ok_or_else(|| Doubt::Wrong(format!("it is {media}")))?;
    Ok((place, codings))
}

fn disagreement(doubt: &Doubt) -> Failure {
    Failure::from(Problem::UpstreamViolation).cause(doubt.to_string())
}
