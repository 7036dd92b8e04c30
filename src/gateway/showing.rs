//! What an upstream is told and shown: who calls, and that the gateway may ask.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};

use super::Gateway;
use crate::auth::Admitted;
use crate::body::{Body, Meter, Upload};
use crate::credentials::{self, Shown};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::identity::fold::remove_claimed;
use crate::identity::{self, ring};
use crate::plan::{Patience, Route, Target, Upstream};
use crate::problem::{Failure, Problem};
use crate::upstream::{self, Unanswered};

/// For how long others may keep the gateway's public keys: as long as it may take until a new one is known everywhere.
const KEY_SET_LASTS: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// RFC 7517 section 8.5.2.
const JWK_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

impl<H: Host> Gateway<H> {
    /// Takes out of a request what is not the client's to say, and the credential that was meant for the gateway alone.
    /// The first that is done to it.
    pub(super) fn purge(&self, route: &Route, admitted: &Admitted, head: &mut Parts) {
        remove_claimed(&mut head.headers, &self.plan.claimed);
        route.access.remove_told(&self.plan.auth, &mut head.headers);
        let authenticators = &self.plan.auth.authenticators;
        let let_in_by = admitted.caller.as_ref().and_then(|caller| {
            let at = authenticators.binary_search_by(|known| (*known.name).cmp(&*caller.by)).ok()?;
            Some(&authenticators[at].kind)
        });
        identity::withhold(route.identity.authorization, let_in_by, &mut head.headers);
    }

    /// Shows the upstream what the gateway has to show. The last that is done to a request: nothing that the client sent,
    /// and no other change, can take it away.
    pub(super) async fn introduce<'a, S>(
        &self,
        upstream: &'a Upstream,
        head: &mut Parts,
        body: &Body<S>,
        deadline: Deadline,
    ) -> Result<Shown<'a>, Failure> {
        match &upstream.credentials {
            None => Ok(Shown::Fixed),
            Some(it) => {
                let store = self.plan.auth.store.as_ref();
                Box::pin(credentials::show(&self.host, it, store, head, body, deadline)).await
            }
        }
    }

    /// Sends a request; a second time, with another token, where the upstream does not take the first and there is no
    /// content that would have to be sent again.
    pub(super) async fn send(
        &self,
        (patience, target): (&Patience, &Target),
        shown: &Shown<'_>,
        request: Request<Body<Upload<H::Stream>>>,
        deadline: Deadline,
        meter: Option<&Arc<Meter>>,
        sent: &mut u32,
    ) -> Result<Response<H::Stream>, Unanswered> {
        *sent += 1;
        let (head, body) = request.into_parts();
        let may_repeat = matches!(body, Body::Empty) && shown.is_renewable(self.host.unix());
        let again = may_repeat.then(|| head.clone());
        let request = Request::from_parts(head, body);
        let answer = upstream::exchange(&self.host, target, patience, deadline, request, meter).await?;
        let Some(mut head) = again.filter(|_| answer.status() == StatusCode::UNAUTHORIZED) else {
            return Ok(answer);
        };
        let store = self.plan.auth.store.as_ref();
        // The answer stands if there is no other token: it is the upstream's own.
        match Box::pin(credentials::show_again(&self.host, shown, store, &mut head.headers, deadline)).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Ok(answer),
        }
        drop(answer);
        *sent += 1;
        let request = Request::from_parts(head, Body::Empty);
        Box::pin(upstream::exchange(&self.host, target, patience, deadline, request, None)).await
    }

    /// The gateway's public keys.
    pub(super) async fn key_set(&self) -> Result<Response<Body<H::Stream>>, Failure> {
        let issuer = self.plan.issuer.as_ref().ok_or_else(|| Failure::from(Problem::Internal))?;
        let keys = ring::published(&self.host, issuer).await?;
        let mut response = Response::new(Body::Full(keys.into()));
        response.headers_mut().insert(CONTENT_TYPE, JWK_SET);
        response.headers_mut().insert(CACHE_CONTROL, KEY_SET_LASTS);
        Ok(response)
    }
}
