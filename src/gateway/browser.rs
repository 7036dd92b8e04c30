//! What is done for browsers alone: preflights, and the fields that every answer of a route has for them.

use http::header::HeaderValue;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};

use super::Gateway;
use super::destination::Destination;
use crate::body::Body;
use crate::cors;
use crate::gateway::refusal::refuse_ambiguity;
use crate::host::Host;
use crate::problem::Failure;
use crate::route::path::Normal;
use crate::route::{Found, Query};
use crate::telemetry::Record;

impl<H: Host> Gateway<H> {
    /// The route that a preflight asks about, where that has CORS: the one that would take the method asked about,
    /// whether or not it takes `OPTIONS`. Any other request goes its usual way, and so does a preflight that no route
    /// answers for: its upstream may.
    pub(super) fn find_asked(
        &self,
        head: &Parts,
        query: &Query<'_>,
        normal: &Normal<'_>,
    ) -> Result<Option<Destination<'_>>, Failure> {
        let Some(method) = cors::asked_method(&head.method, &head.headers) else { return Ok(None) };
        let Found::Route(index) = self.plan.find(&Query { method: &method, preflight: true, ..*query })
        else {
            return Ok(None);
        };
        let route = &self.plan.routes[index];
        let Some(policy) = &route.cors else { return Ok(None) };
        refuse_ambiguity(normal, Some(route))?;
        Ok(Some(Destination::Preflight(index, policy, method)))
    }

    /// Stamps an answer, whoever made it, with what its route says to browsers. Problems too: a script that may read
    /// answers may read why there is none.
    pub(super) fn tell_browsers(
        &self,
        headers: &mut HeaderMap,
        record: &Record,
        origin: Option<&HeaderValue>,
        secure: bool,
    ) {
        let Some(route) = record.route.and_then(|index| self.plan.routes.get(index)) else { return };
        if let Some(policy) = route.cors.as_ref().filter(|_| !record.preflight) {
            cors::stamp(policy, origin, headers);
        }
        if let Some(security) = &route.security_headers {
            security.stamp(secure, headers);
        }
    }
}

/// The answer to a preflight.
pub(super) fn preflight<S>(
    policy: &cors::Policy,
    method: &Method,
    request: &HeaderMap,
    record: &mut Record,
) -> Response<Body<S>> {
    let answer = cors::preflight(policy, method, request);
    record.preflight = true;
    record.cause = answer.refused.map(|refusal| refusal.cause().to_owned());
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.headers_mut() = answer.headers;
    response
}
