//! Requests that are done once, however often they are sent.

use http::header::{HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Response};

use super::{Gateway, Incoming};
use crate::body::{Body, collect};
use crate::cache;
use crate::credentials::uncollected;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::idempotency::{Begun, Claim, Fingerprint, Idempotency, Identity, Keeping, find, once};
use crate::plan::{Backend, Route};
use crate::problem::{Failure, Problem};

/// Says that an answer was given before: what Stripe's `Idempotent-Replayed` says, under the name of the field that it is about.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What who repeats a request that is being done is told to wait, in seconds: when it will be done, nobody knows.
const AGAIN: u64 = 1;

impl<H: Host> Gateway<H> {
    /// Does a request, unless it was done before: then its answer is what came of it.
    pub(super) async fn answer_once(
        &self,
        route: &Route,
        backend: Backend<'_>,
        rules: &Idempotency,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let head = &incoming.head;
        if !rules.methods.contains(&head.method) {
            return self.answer(route, backend, incoming, body, deadline).await;
        }
        let key =
            find(&head.headers).map_err(|bad| Failure::from(Problem::IdempotencyKeyInvalid).detail(bad.0))?;
        let Some(key) = key else {
            if rules.required {
                return Err(Problem::IdempotencyKeyMissing.into());
            }
            return self.answer(route, backend, incoming, body, deadline).await;
        };
        let identity = Identity::of(&self.plan.telemetry.name, &route.id, incoming.admitted, &key);
        let most = rules.content.min(route.body_limit);
        let content = collect(&self.host, body, most, deadline).await.map_err(uncollected)?;
        let fingerprint = Fingerprint::of(&head.method, &head.uri, &content);
        let body = if content.is_empty() { Body::Empty } else { Body::Full(content) };
        let begun = once::begin(&self.host, &self.plan.caching, rules, identity, fingerprint, deadline).await;
        match begun {
            Ok(Begun::Mine(claim)) => {
                self.claimed(route, backend, rules, incoming, body, deadline, claim).await
            }
            Ok(Begun::Answered(answer)) => Ok(replay(*answer)),
            Ok(Begun::Lost) => Err(Problem::IdempotencyAnswerLost.into()),
            Ok(Begun::Running) => {
                Err(Failure::from(Problem::IdempotencyInProgress).field(RETRY_AFTER, AGAIN))
            }
            Ok(Begun::Other) => Err(Problem::IdempotencyKeyReused.into()),
            Err(missed) if rules.refuses => Err(Failure::from(Problem::IdempotencyUnavailable)
                .cause(format!("the store: {missed:?}"))
                .field(RETRY_AFTER, AGAIN)),
            Err(_) => self.answer(route, backend, incoming, body, deadline).await,
        }
    }

    /// Does a request, and keeps what comes of it. A failure is no answer to keep: who repeats the request has it done.
    #[allow(clippy::too_many_arguments, reason = "a stage, and the claim that it works under")]
    async fn claimed(
        &self,
        route: &Route,
        backend: Backend<'_>,
        rules: &Idempotency,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
        claim: Claim,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let answered = self.answer(route, backend, incoming, body, deadline).await;
        match &answered {
            Ok(response) if !response.status().is_server_error() => {
                let public = incoming.admitted.caller.is_none();
                let headers = kept_fields(response.headers(), public);
                let index = incoming.record.route.unwrap_or(usize::MAX);
                let keeping =
                    Keeping::begin(&self.plan, index, claim, response.status(), &headers, rules.largest);
                incoming.record.settling = Some(keeping);
            }
            _ => claim.give_up(&self.host, &self.plan.caching, rules).await,
        }
        answered
    }
}

/// The fields that are kept. Where nobody knows whose a key is, a cookie might be given to somebody else.
fn kept_fields(headers: &HeaderMap, public: bool) -> HeaderMap {
    let mut headers = headers.clone();
    if public {
        headers.remove(SET_COOKIE);
    }
    headers
}

/// What came of a request, again.
fn replay<S>(answer: cache::Entry) -> Response<Body<S>> {
    let cache::Entry { status, headers, body, .. } = answer;
    let mut response = Response::new(if body.is_empty() { Body::Empty } else { Body::Full(body) });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
