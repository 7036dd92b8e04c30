//! Asking an upstream, once: the request rewritten for it, and its answer for the client.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response, Version};
use http_body::Body as _;

use super::{Gateway, Incoming, Peer, announced, options, tell_admitted};
use crate::body::{Body, BodyError, Meter, Upload};
use crate::cache;
use crate::cache::key::Origin;
use crate::deadline::Deadline;
use crate::forward::client::Client;
use crate::forward::{self, Passage};
use crate::host::Host;
use crate::identity::fold::FoldedNames;
use crate::plan::{Proxy, Route, Upstream};
use crate::problem::{Failure, Problem};
use crate::{auth, credentials, transform};

impl<H: Host> Gateway<H> {
    /// An upstream's answer, or a kept one, and what the request comes to for those that are kept.
    pub(super) async fn answer(
        &self,
        route: &Route,
        proxy: &Proxy,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Incoming { peer, client, authority, admitted, .. } = *incoming;
        let invalid = self.may_invalidate(&incoming.head);
        let mut response = match &route.cache {
            None => self.fetch(route, proxy, incoming, body, deadline).await?,
            Some(policy) => self.cached(route, proxy, policy, incoming, body, deadline).await?,
        };
        if let Some(asked) = invalid {
            let origin = origin(peer, client, authority);
            let (status, headers) = (response.status(), response.headers());
            Box::pin(self.invalidate(asked, &origin, status, headers, deadline)).await;
        }
        if route.cache.is_some() {
            cache::rules::conceal(response.headers_mut());
        }
        tell_admitted(admitted, response.headers_mut());
        Ok(response)
    }

    /// What the upstream answers, finished but for what belongs to this request alone.
    pub(super) async fn fetch(
        &self,
        route: &Route,
        proxy: &Proxy,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        // In memory of its own: else all that an exchange needs were moved from stage to stage for requests that need none.
        let mut response = Box::pin(self.proxy(route, proxy, incoming, body, deadline)).await?;
        transform::edit_headers(&self.host, &route.response_edits, response.headers_mut()).await?;
        Ok(response)
    }

    async fn proxy(
        &self,
        route: &Route,
        proxy: &Proxy,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        forward::refuse_loop(&incoming.head.headers, &self.plan.telemetry.name)?;
        if forward::max_forwards_spent(&mut incoming.head) {
            return Ok(options(self.every_method()));
        }
        let upstream = &self.plan.upstreams[proxy.upstream];
        let admitted = incoming.admitted;
        self.purge(route, admitted, &mut incoming.head);
        let showing = upstream.credentials.as_ref();
        let body = credentials::content(&self.host, showing, body, route.body_limit, deadline).await?;
        let (body, meter) = upload(route, &incoming.head.headers, body, &self.plan.claimed)?;
        self.rewrite(route, proxy, upstream, incoming)?;
        transform::edit_headers(&self.host, &route.request_edits, &mut incoming.head.headers).await?;
        replace(&mut incoming.head.headers, &admitted.request);
        auth::login::remove_cookies(&self.plan.auth, &mut incoming.head.headers);
        let shown = self.introduce(route, upstream, admitted, &mut incoming.head, &body, deadline).await?;
        let request = Request::from_parts(incoming.take_head(), body);
        let record = &mut *incoming.record;
        record.upload = meter;
        record.upstream = Some(proxy.upstream);
        record.attempts = 1;
        record.asked = Some(self.host.tick() - record.begun);
        let sent = self.send(route, upstream, &shown, request, deadline, record).await;
        record.answered = Some(self.host.tick() - record.begun);
        let mut response = sent?.map(Body::Stream);
        forward::response(response.headers_mut());
        *response.version_mut() = Version::HTTP_11;
        Ok(response)
    }

    /// The address and the fields as the upstream gets them, but for what an author or the gateway adds.
    fn rewrite(
        &self,
        route: &Route,
        proxy: &Proxy,
        upstream: &Upstream,
        incoming: &mut Incoming<'_>,
    ) -> Result<(), Failure> {
        let Incoming { head, peer, client, authority, normal, record, shared, .. } = incoming;
        let asked_for = head.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let target =
            transform::target(route, &upstream.base, &proxy.path, &proxy.query, &asked_for, &normal.path)?;
        let (request_id, trace) = (&record.request_id, &record.trace);
        let name = &self.plan.telemetry.name;
        let passage = Passage { name, peer: *peer, client, authority, request_id, trace };
        forward::request(head, upstream, &passage)?;
        if shared.is_some_and(|policy| !policy.passes.address) {
            forward::withhold_address(&mut head.headers);
        }
        head.uri = target.into();
        head.version = Version::HTTP_11;
        head.extensions.clear();
        Ok(())
    }
}

/// Has `fields` in place of all others of their names.
fn replace(headers: &mut HeaderMap, fields: &HeaderMap) {
    for name in fields.keys() {
        headers.remove(name);
    }
    headers.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// Where a request was sent to, as upstreams are told.
pub(crate) fn origin<'a>(peer: Peer, client: &'a Client, authority: &'a str) -> Origin<'a> {
    let forwarded = client.host.as_ref().map(|host| host.as_str());
    Origin { secure: client.is_secure(peer), authority, forwarded }
}

/// A body that is counted, and who counts; nobody where there is none.
type Metered<S> = (Body<Upload<S>>, Option<Arc<Meter>>);

/// The request's body with its limit, refused at once where the announced length is beyond it.
fn upload<S>(
    route: &Route,
    headers: &HeaderMap,
    body: Body<S>,
    claimed: &Arc<FoldedNames>,
) -> Result<Metered<S>, Failure>
where
    S: http_body::Body<Data = Bytes, Error = BodyError> + Unpin,
{
    if body.is_end_stream() {
        return Ok((Body::Empty, None));
    }
    if announced(headers, &body).is_some_and(|length| length > route.body_limit) {
        return Err(Problem::BodyTooLarge.into());
    }
    Ok(match body {
        Body::Empty => (Body::Empty, None),
        Body::Full(bytes) => {
            let meter = Meter::complete(bytes.len() as u64);
            (Body::Full(bytes), Some(meter))
        }
        Body::Stream(stream) => {
            let (upload, meter) = Upload::new(stream, route.body_limit);
            (Body::Stream(upload.without(claimed)), Some(meter))
        }
    })
}
