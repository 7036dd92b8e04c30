//! Answers that are kept: given where they may be, else the upstream is asked.

use std::sync::Arc;

use http::header::{AUTHORIZATION, RANGE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response};
use http_body::Body as _;

use super::fetching::{Fetching, ttl};
use super::looking::Looked;
use super::{Course, Gateway, Incoming, origin};
use crate::auth::Admitted;
use crate::body::Body;
use crate::cache::key::{self, Apart, Keys};
use crate::cache::policy::Passes;
use crate::cache::rules::{self, Asked};
use crate::cache::shelf::Sought;
use crate::cache::status::{Forward, Hit};
use crate::cache::{Entry, Policy, Status, answer};
use crate::deadline::Deadline;
use crate::forward;
use crate::forward::client::Client;
use crate::gateway::Peer;
use crate::host::Host;
use crate::plan::{Backend, Route};
use crate::problem::Failure;
use crate::route;
use crate::route::path::Normal;
use crate::telemetry::Record;

/// A request that may be answered with what is kept.
pub(super) struct Wanted<'a> {
    pub(super) route: &'a Route,
    pub(super) backend: Backend<'a>,
    pub(super) policy: &'a Arc<Policy>,
    pub(super) keys: Keys,
    pub(super) asked: Asked,
    /// Its head, without what no upstream is to get.
    pub(super) head: Parts,
    pub(super) around: Around<'a>,
    pub(super) deadline: Deadline,
}

/// What is known of a request beside its head.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) peer: Peer,
    pub(super) client: &'a Client,
    pub(super) authority: &'a str,
    pub(super) normal: &'a Normal<'a>,
    pub(super) admitted: &'a Admitted,
    pub(super) course: Course,
}

// === impl Wanted ===

impl Wanted<'_> {
    /// The same as the shelf wants to know it.
    pub(super) fn sought(&self) -> Sought<'_> {
        Sought { keys: &self.keys, headers: &self.head.headers, host: self.host(), target: self.target() }
    }

    /// The host that the client asked, without port, which is the one that purges name.
    pub(super) fn host(&self) -> &str {
        let Around { client, authority, .. } = self.around;
        route::host::name(client.host.as_ref().map_or(authority, |host| host.as_str()))
    }

    /// Path and query, as far as they count.
    pub(super) fn target(&self) -> &str {
        self.head.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// Whether its answer is good for others who ask the same, so that they may wait for it. Who asks for a part, or for
    /// something newer than what is kept, asks for itself.
    pub(super) fn is_like_others(&self) -> bool {
        let Asked { no_cache, no_store, max_age, min_fresh, .. } = self.asked;
        let own = no_cache || no_store || max_age.is_some() || min_fresh.is_some();
        !own && self.head.method == Method::GET && !self.head.headers.contains_key(RANGE)
    }
}

/// Why the cache has no say in a request, where it has none. `content`: there is some, so that the answer may depend on it.
pub(crate) fn passes_by(policy: &Policy, head: &Parts, content: bool) -> Option<Forward> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return Some(Forward::Method);
    }
    // Whose credentials reach the upstream, without being told apart by the key, gets an answer of its own.
    let Passes { fields, authorization, .. } = &policy.passes;
    let passes = *authorization && !fields.contains(&AUTHORIZATION);
    let credentials = passes && head.headers.contains_key(AUTHORIZATION);
    // RFC 9111 section 4.3.2: some conditions are the origin's to evaluate.
    let origins = !policy.ignore_client && answer::is_for_origin(&head.headers);
    (content || credentials || origins).then_some(Forward::Bypass)
}

impl<H: Host> Gateway<H> {
    /// Answers with what is kept where that may be, else asks the upstream, and keeps what may be kept.
    pub(super) async fn cached(
        &self,
        route: &Route,
        backend: Backend<'_>,
        policy: &Arc<Policy>,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        forward::refuse_loop(&incoming.head.headers, &self.plan.telemetry.name)?;
        self.purge(route, incoming.admitted, &mut incoming.head);
        if let Some(why) = passes_by(policy, &incoming.head, !body.is_end_stream()) {
            incoming.record.cache = Some(Status { forward: Some(why), ..Status::default() });
            return self.fetch(route, backend, incoming, body, deadline).await;
        }
        key::count(policy, &mut incoming.head.uri);
        let head = incoming.take_head();
        let Incoming { peer, client, authority, admitted, course, authorized, .. } = *incoming;
        let around = incoming.around();
        let record = &mut *incoming.record;
        let asked = Asked { authorization: authorized, ..rules::asked(&head.headers, policy.ignore_client) };
        let apart = Apart {
            version: record.api_version().map(|version| &*version.name),
            upstream: backend.split().map(|_| &*self.plan.upstreams[course.upstream].name),
        };
        let keys = Keys::of(policy, &origin(peer, client, authority), &head, admitted, apart);
        let wanted = Wanted { route, backend, policy, keys, asked, head, around, deadline };
        record.cache = Some(Status::default());
        match self.look(&wanted, record).await? {
            Looked::Give(entry, hit) => Ok(self.give(&wanted.head, &entry, hit, record)),
            Looked::GiveAndRefresh(found, entry) => {
                self.refresh_later(&wanted, found, &entry, record);
                Ok(self.give(&wanted.head, &entry, Hit::Stale, record))
            }
            Looked::Ask(found, why, turn) => {
                record.cache.get_or_insert_default().forward = Some(why);
                Box::pin(self.ask(&wanted, Fetching { found, turn }, record)).await
            }
        }
    }

    /// What is kept, as this client gets it.
    pub(super) fn give(
        &self,
        head: &Parts,
        entry: &Entry,
        hit: Hit,
        record: &mut Record,
    ) -> Response<Body<H::Stream>> {
        let now = self.host.unix();
        let status = record.cache.get_or_insert_default();
        status.hit = hit;
        status.ttl = Some(ttl(&entry.life, now));
        answer::answer(head, entry, now)
            .map(|body| if body.is_empty() { Body::Empty } else { Body::Full(body) })
    }
}
