//! Asking an upstream, once: the request rewritten for it, and its answer for the client.

use http::{Response, Version};

use super::validating::answers_in_clear;
use super::{Gateway, Incoming, Peer, announced, options, tell_admitted};
use crate::body::{Body, Source};
use crate::cache;
use crate::cache::key::Origin;
use crate::deadline::Deadline;
use crate::forward;
use crate::forward::client::Client;
use crate::host::Host;
use crate::plan::{Backend, Proxy, Route, Upstream};
use crate::problem::{Failure, Problem};
use crate::{credentials, transform};

impl<H: Host> Gateway<H> {
    /// An upstream's answer, or a kept one, and what the request comes to for those that are kept.
    pub(super) async fn answer(
        &self,
        route: &Route,
        backend: Backend<'_>,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Incoming { peer, client, authority, admitted, .. } = *incoming;
        let invalid = self.may_invalidate(&incoming.head);
        let mut response = match &route.cache {
            None => self.fetch(route, backend, incoming, body, deadline).await?,
            Some(policy) => self.cached(route, backend, policy, incoming, body, deadline).await?,
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
        backend: Backend<'_>,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let response = self.asked(route, backend, incoming, body, deadline).await?;
        let mut response = match &route.validation {
            None => response,
            Some(_) => Box::pin(self.validate_answer(route, incoming.record, response, deadline)).await?,
        };
        transform::edit_headers(&self.host, &route.response_edits, response.headers_mut()).await?;
        Ok(response)
    }

    /// What is asked, unless the request has come far enough.
    async fn asked(
        &self,
        route: &Route,
        backend: Backend<'_>,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        forward::refuse_loop(&incoming.head.headers, &self.plan.telemetry.name)?;
        if forward::max_forwards_spent(&mut incoming.head) {
            return Ok(options(self.every_method()));
        }
        self.purge(route, incoming.admitted, &mut incoming.head);
        // In memory of its own: else all that an exchange needs were moved from stage to stage for requests that need none.
        match backend {
            Backend::Upstream(proxy) => Box::pin(self.proxy(route, proxy, incoming, body, deadline)).await,
            Backend::Parts(compose) => Box::pin(self.compose(route, compose, incoming, body, deadline)).await,
        }
    }

    async fn proxy(
        &self,
        route: &Route,
        proxy: &Proxy,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        if announced(&incoming.head.headers, &body).is_some_and(|length| length > route.body_limit) {
            return Err(Problem::BodyTooLarge.into());
        }
        // In memory of its own: requests whose content nobody changes must not carry it along.
        let (body, changed) = match route.changes_contents() {
            false => (body, None),
            true => {
                let changing = self.contents_for(route, incoming, body, deadline);
                let (body, changed) = Box::pin(changing).await?;
                (body, Some(changed))
            }
        };
        answers_in_clear(route, &mut incoming.head);
        let response = self.exchange(route, proxy, incoming, body, deadline).await?;
        let mut response = response.map(Body::Stream);
        forward::response(response.headers_mut());
        *response.version_mut() = Version::HTTP_11;
        if let Some(changed) = changed {
            response = Box::pin(self.contents_from(changed, route, incoming, response, deadline)).await?;
        }
        Ok(response)
    }

    /// The answer of the upstream that the request goes to, or of the one that is asked where that has nothing.
    async fn exchange(
        &self,
        route: &Route,
        proxy: &Proxy,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<H::Stream>, Failure> {
        let index = incoming.course.upstream;
        let upstream = &self.plan.upstreams[index];
        let fallback = self.fallback(proxy, incoming);
        let second = fallback.as_ref().map(|fallback| &self.plan.upstreams[fallback.rule.upstream]);
        let body = self.signable(route, [Some(upstream), second], body, deadline).await?;
        let mirrored = self.mirrored(route, proxy, incoming);
        let keep = fallback.as_ref().map_or(0, |fallback| fallback.rule.body.max(1));
        let keep = keep.max(mirrored.as_ref().map_or(0, |mirrored| mirrored.mirror.body.max(1)));
        let keep = keep.max(self.kept_for_retries(upstream));
        let mut source = Source::new(body, route.body_limit, keep, &self.plan.claimed);
        let mut response = self.deliver(route, proxy, index, incoming, &mut source, deadline).await;
        if let Some(fallback) = fallback.filter(|it| it.follows(&response) && source.is_there()) {
            drop(response);
            incoming.head = fallback.head;
            incoming.record.fell_back = Some(index);
            let next = fallback.rule.upstream;
            response = self.deliver(route, proxy, next, incoming, &mut source, deadline).await;
        }
        let response = response?;
        if let Some(mirrored) = mirrored {
            self.mirror_later(mirrored, &source, &response, incoming);
        }
        Ok(response)
    }

    /// The content, in memory where one of `upstreams` is shown a signature that covers it.
    async fn signable(
        &self,
        route: &Route,
        upstreams: [Option<&Upstream>; 2],
        mut body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Body<H::Stream>, Failure> {
        for showing in upstreams.into_iter().flatten().filter_map(|upstream| upstream.credentials.as_ref()) {
            body = credentials::content(&self.host, Some(showing), body, route.body_limit, deadline).await?;
        }
        Ok(body)
    }
}

/// Where a request was sent to, as upstreams are told.
pub(crate) fn origin<'a>(peer: Peer, client: &'a Client, authority: &'a str) -> Origin<'a> {
    let forwarded = client.host.as_ref().map(|host| host.as_str());
    Origin { secure: client.is_secure(peer), authority, forwarded }
}
