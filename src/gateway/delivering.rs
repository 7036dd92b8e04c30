//! A request made ready for an upstream: its address and its fields as they are for all targets.

use http::uri::PathAndQuery;
use http::{HeaderMap, Response, Version};

use super::attempts::Delivery;
use super::versioned::tell_version;
use super::{Gateway, Incoming};
use crate::body::Source;
use crate::deadline::Deadline;
use crate::forward::{self, Passage};
use crate::host::Host;
use crate::plan::{Proxy, Route, Upstream};
use crate::problem::Failure;
use crate::{auth, balance, identity, transform};

impl<H: Host> Gateway<H> {
    /// Asks the upstream with this index, as often as may be. Takes the head of `incoming`.
    pub(super) async fn deliver(
        &self,
        route: &Route,
        proxy: &Proxy,
        index: usize,
        incoming: &mut Incoming<'_>,
        source: &mut Source<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<H::Stream>, Failure> {
        let upstream = &self.plan.upstreams[index];
        let admitted = incoming.admitted;
        let session = self.session(upstream, &incoming.head.headers).await?;
        self.rewrite(route, proxy, upstream, incoming)?;
        tell_version(incoming.record, &mut incoming.head.headers);
        transform::edit_headers(&self.host, &route.request_edits, &mut incoming.head.headers).await?;
        replace(&mut incoming.head.headers, &admitted.request);
        auth::login::remove_cookies(&self.plan.auth, &mut incoming.head.headers);
        balance::sticky::remove_cookies(&self.plan.upstreams, &mut incoming.head.headers);
        let caller = admitted.caller.as_deref();
        let (issuer, now) = (self.plan.issuer.as_ref(), self.host.unix());
        let headers = &mut incoming.head.headers;
        identity::tell(&self.host, &route.identity, issuer, caller, headers, now).await?;
        let head = incoming.take_head();
        let key = incoming.course.key;
        let secure = incoming.client.is_secure(incoming.peer);
        let record = &mut *incoming.record;
        record.upstream = Some(index);
        record.asked.get_or_insert(self.host.tick() - record.begun);
        let pool = self.pools.as_ref().map(|pools| &*pools[index]);
        let delivery = Delivery {
            route,
            upstream,
            index,
            pool,
            key,
            session: session.as_ref().and_then(|it| it.held),
            deadline,
        };
        let mut sent = self.attempt(&delivery, head, source, record).await;
        if let (Ok(answer), Some(session), Some(target)) = (&mut sent, &session, record.target_name()) {
            session.stay(target, secure, answer.headers_mut());
        }
        record.answered = Some(self.host.tick() - record.begun);
        sent
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
