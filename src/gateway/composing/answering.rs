//! The answer that the client gets: what was made of the steps', or that one of them failed.

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, HeaderValue,
    RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Response, StatusCode};

use crate::body::Body;
use crate::cache;
use crate::compose::missing::{self, COMPLETED, MISSING};
use crate::compose::outcome::{Came, Outcome};
use crate::compose::run::{Answers, Arrived, Finished, Lost, Run};
use crate::compose::{Compose, OnFailure, Place, Reason, result, run};
use crate::expression::{Beyond, Facts};
use crate::gateway::Gateway;
use crate::gateway::transformed::changed;
use crate::gateway::transforming::Awaited;
use crate::host::Host;
use crate::json::Node;
use crate::problem::{Failure, Problem};
use crate::transform::ResponseChange;

/// What is passed on of an upstream's error: what describes its content, and what tells the client what to do. Everything else
/// is about an exchange that the client was no part of.
const OF_ERRORS: [HeaderName; 6] =
    [ALLOW, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE];

/// An answer, and what came of the steps.
type Made<S> = (Result<Response<Body<S>>, Failure>, Vec<Outcome>);

impl<H: Host> Gateway<H> {
    /// What came of everything.
    pub(super) fn answer_of<'x, 's: 'x>(
        &self,
        (compose, change): (&'x Compose, Option<(&ResponseChange, Awaited)>),
        answers: &'x Answers<'s>,
        run: Run<'_, 's>,
        facts: Facts<'x>,
        shared: Option<&cache::Policy>,
    ) -> Made<H::Stream> {
        let now = self.host.tick();
        if let Some((step, lost)) = run.failed() {
            let failed = failed(compose, step, lost);
            return (failed, run.finish(now).outcomes);
        }
        let Finished { values, mut outcomes, leans, least } = run.finish(now);
        let (made, unshaped) = result::make(compose, answers, facts, values);
        for (step, cause) in unshaped {
            let lost = Lost::new(Reason::Content, cause);
            outcomes[step].reason = Some(lost.reason);
            if compose.steps[step].required {
                return (failed(compose, step, &lost), outcomes);
            }
        }
        let node = match made {
            Ok(node) => node,
            Err(fault) => return (Err(unmade(&fault.to_string())), outcomes),
        };
        let missing = missing(compose, &outcomes);
        let mut response = Response::new(());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(COMPLETED, HeaderValue::from_static(if missing.is_some() { "false" } else { "true" }));
        let whole = (missing.is_none() && !leans) || compose.partial.cache;
        let lasts = match shared {
            _ if !whole => Some(HeaderValue::from_static("no-store")),
            // Nobody has said that it may be given again.
            None => Some(HeaderValue::from_static("no-cache")),
            Some(_) => least.field(),
        };
        headers.extend(lasts.map(|lasts| (CACHE_CONTROL, lasts)));
        headers.extend(shared.and_then(|policy| compose.varies_by(policy)).map(|names| (VARY, names)));
        if let Some(missing) = missing {
            headers.insert(MISSING, missing);
            *response.status_mut() = compose.partial.status;
        }
        (written((compose, change), answers, facts, response, node), outcomes)
    }
}

/// The answer with its content, as the route says.
fn written<S>(
    (compose, change): (&Compose, Option<(&ResponseChange, Awaited)>),
    answers: &Answers<'_>,
    facts: Facts<'_>,
    response: Response<()>,
    node: Node<'_>,
) -> Result<Response<Body<S>>, Failure> {
    let Some((change, awaited)) = change else {
        let content = node.write(compose.total).ok_or_else(|| unmade("it is too large"))?;
        return Ok(response.map(|()| Body::Full(content.into())));
    };
    let all: Vec<usize> = (0..compose.steps.len()).collect();
    let steps = run::facts_of(compose, answers, &all);
    let facts = Facts { beyond: Beyond { steps: &steps, ..facts.beyond }, ..facts };
    let (head, ()) = response.into_parts();
    let made = changed(change, (awaited, &facts), head, Some((None, node)), Body::Empty);
    made.map_err(|fault| unmade(&fault.to_string()))
}

/// That no answer comes of the parts.
fn unmade(cause: &str) -> Failure {
    let failure = Failure::from(Problem::StepFailed).detail("the parts of the answer cannot be put together");
    failure.cause(cause).field(COMPLETED, HeaderValue::from_static("false"))
}

/// What is missing from the result, and why.
fn missing(compose: &Compose, outcomes: &[Outcome]) -> Option<HeaderValue> {
    let all = compose.steps.iter().zip(outcomes);
    let missing = all.filter(|(step, outcome)| {
        let had = matches!(outcome.came, Came::Skipped | Came::Fallback);
        !step.spare && step.place != Place::Hidden && !had
    });
    missing::field(missing.filter_map(|(step, outcome)| Some((&*step.name, outcome.reason?))))
}

/// What the client gets where a required step has no answer.
fn failed<S>(compose: &Compose, step: usize, lost: &Lost) -> Result<Response<Body<S>>, Failure> {
    let name = &compose.steps[step].name;
    let missing = missing::field([(&**name, lost.reason)]);
    if let (OnFailure::Pass, Some(answer)) = (&compose.failure, &lost.answer)
        && let Some(mut response) = passed(answer)
    {
        mark(response.headers_mut(), missing);
        return Ok(response);
    }
    let problem = match lost.reason {
        Reason::Timeout => Problem::StepTimeout,
        _ if lost.by_client => Problem::StepRequest,
        _ => Problem::StepFailed,
    };
    let mut failure = Failure::from(problem);
    failure.cause = lost.cause.as_ref().map(|cause| format!("the step {name}: {cause}"));
    failure.detail = Some(format!("\"{name}\" is needed for the answer: {}", lost.reason));
    if let OnFailure::Stated { status, detail } = &compose.failure {
        failure.status = Some(*status);
        if let Some(detail) = detail {
            failure.detail = Some(detail.to_string());
        }
    }
    failure = failure.field(COMPLETED, HeaderValue::from_static("false"));
    Err(match missing {
        Some(missing) => failure.field(MISSING, missing),
        None => failure,
    })
}

fn mark(headers: &mut HeaderMap, missing: Option<HeaderValue>) {
    headers.insert(COMPLETED, HeaderValue::from_static("false"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(missing) = missing {
        headers.insert(MISSING, missing);
    }
}

/// An upstream's error, as the client may have it; `None` where it is no error of the kind that can be passed on.
fn passed<S>(answer: &Arrived) -> Option<Response<Body<S>>> {
    let Arrived { status, headers, content, .. } = answer;
    let is_error = status.is_client_error() || status.is_server_error();
    // RFC 9110 section 15.5.8: that is between the gateway and a proxy.
    if !is_error || *status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return None;
    }
    let body = if content.is_empty() { Body::Empty } else { Body::Full(content.clone()) };
    let mut response = Response::new(body);
    *response.status_mut() = *status;
    for name in OF_ERRORS {
        for line in headers.get_all(&name) {
            response.headers_mut().append(&name, line.clone());
        }
    }
    Some(response)
}
