//! What a caller has left, for the caller.

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::{Gateway, Incoming};
use crate::auth::Asking;
use crate::body::Body;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::limit::usage::{self, Shown};
use crate::plan::Route;

impl<H: Host> Gateway<H> {
    /// Every limit that counts the caller, with what is left of it. Takes nothing from any.
    pub(super) async fn usage(
        &self,
        route: &Route,
        shown: &Shown,
        incoming: &Incoming<'_>,
        deadline: Deadline,
    ) -> Response<Body<H::Stream>> {
        let caller = incoming.admitted.caller.as_deref();
        let asking = Asking {
            head: &incoming.head,
            peer: incoming.peer,
            client: incoming.client,
            authority: incoming.authority,
            path: &incoming.normal.path,
            length: None,
            route,
            now: incoming.record.started,
            deadline,
            plan: &self.plan.auth,
            assumed: self.assumed.as_ref(),
        };
        let said = usage::report(&self.host, &self.plan.limits, shown, &asking, caller).await;
        let mut response = Response::new(Body::Full(Bytes::from(said.to_string())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
