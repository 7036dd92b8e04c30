//! Answers that are kept: given where they may be, else the upstream is asked.

use std::sync::Arc;

use http::header::{AUTHORIZATION, RANGE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response};
use http_body::Body as _;

use super::fetching::{Fetching, ttl};
use super::{Gateway, Incoming, origin};
use crate::auth::Admitted;
use crate::body::Body;
use crate::cache::fetches::{Joined, Landing, Lead};
use crate::cache::key::{self, Keys};
use crate::cache::policy::Place;
use crate::cache::rules::{self, Asked, Reuse};
use crate::cache::shelf::{self, Found, Sought};
use crate::cache::status::{Forward, Hit};
use crate::cache::{Entry, Policy, Status, answer};
use crate::deadline::Deadline;
use crate::forward;
use crate::forward::client::Client;
use crate::gateway::Peer;
use crate::host::Host;
use crate::plan::{Proxy, Route};
use crate::problem::{Failure, Problem};
use crate::route;
use crate::route::path::Normal;
use crate::telemetry::Record;

/// A request that may be answered with what is kept.
pub(super) struct Wanted<'a> {
    pub(super) route: &'a Route,
    pub(super) proxy: &'a Proxy,
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
}

/// What looking came to.
enum Looked {
    /// This may be given.
    Give(Arc<Entry>, Hit),
    /// This may be given, and a new one should be fetched.
    GiveAndRefresh(Found, Arc<Entry>),
    /// The upstream must be asked.
    Ask(Found, Forward, Option<Lead>),
}

// === impl Wanted ===

impl Wanted<'_> {
    /// The same as the shelf wants to know it.
    pub(super) fn sought(&self) -> Sought<'_> {
        Sought { keys: &self.keys, headers: &self.head.headers, host: self.host(), target: self.target() }
    }

    /// The host that was asked, without port.
    pub(super) fn host(&self) -> &str {
        route::host::name(self.around.authority)
    }

    /// Path and query, as far as they count.
    pub(super) fn target(&self) -> &str {
        self.head.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// Whether its answer is good for others who ask the same, so that they may wait for it. Who asks for a part, or for
    /// something newer than what is kept, asks for itself.
    fn is_like_others(&self) -> bool {
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
    let passes = policy.passes.all || policy.passes.fields.contains(&AUTHORIZATION);
    let credentials = !passes && head.headers.contains_key(AUTHORIZATION);
    (content || credentials).then_some(Forward::Bypass)
}

impl<H: Host> Gateway<H> {
    /// Answers with what is kept where that may be, else asks the upstream, and keeps what may be kept.
    pub(super) async fn cached(
        &self,
        route: &Route,
        proxy: &Proxy,
        policy: &Arc<Policy>,
        mut incoming: Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        forward::refuse_loop(&incoming.head.headers, &self.plan.telemetry.name)?;
        self.purge(route, incoming.admitted, &mut incoming.head);
        if let Some(why) = passes_by(policy, &incoming.head, !body.is_end_stream()) {
            incoming.record.cache = Some(Status { forward: Some(why), ..Status::default() });
            return self.fetch(route, proxy, incoming, body, deadline).await;
        }
        key::count(policy, &mut incoming.head.uri);
        let Incoming { head, peer, client, authority, normal, admitted, record, authorized, .. } = incoming;
        let around = Around { peer, client, authority, normal, admitted };
        let asked = Asked { authorization: authorized, ..rules::asked(&head.headers, policy.ignore_client) };
        let keys = Keys::of(policy, &origin(peer, client, authority), &head, admitted.caller.as_deref());
        let wanted = Wanted { route, proxy, policy, keys, asked, head, around, deadline };
        record.cache = Some(Status::default());
        match self.look(&wanted, record).await? {
            Looked::Give(entry, hit) => Ok(self.give(&wanted.head, &entry, hit, record)),
            Looked::GiveAndRefresh(found, entry) => {
                self.refresh_later(&wanted, found, &entry, record);
                Ok(self.give(&wanted.head, &entry, Hit::Stale, record))
            }
            Looked::Ask(found, why, lead) => {
                record.cache.get_or_insert_default().forward = Some(why);
                self.ask(&wanted, Fetching { found, lead }, record).await
            }
        }
    }

    /// Looks for an answer, and waits for one that somebody else fetches.
    async fn look(&self, wanted: &Wanted<'_>, record: &mut Record) -> Result<Looked, Failure> {
        let Wanted { policy, asked, deadline, .. } = *wanted;
        let fetches = self.host.memory().map(|memory| &memory.fetches);
        let mut fetches = fetches.filter(|_| !policy.coalesce.is_zero() && wanted.is_like_others());
        let due = deadline.or_after(self.host.tick(), Some(policy.coalesce));
        let mut lead = None;
        loop {
            let found = shelf::find(&self.host, &self.plan.caching, policy, &wanted.sought(), deadline).await;
            let why = match &found.entry {
                Some(entry) => match rules::reuse(&entry.life, &asked, found.purged, self.host.unix()) {
                    Reuse::Fresh => return Ok(Looked::Give(Arc::clone(entry), Hit::Fresh)),
                    Reuse::Stale => return Ok(Looked::Give(Arc::clone(entry), Hit::Stale)),
                    Reuse::WhileRevalidate => {
                        let entry = Arc::clone(entry);
                        return Ok(Looked::GiveAndRefresh(found, entry));
                    }
                    Reuse::Validate(why) => why,
                },
                None if found.others => Forward::VaryMiss,
                None => Forward::UriMiss,
            };
            if asked.only_if_cached {
                record.cache.get_or_insert_default().forward = Some(why);
                return Err(Problem::NotCached.into());
            }
            let Some(under_way) = fetches.filter(|_| lead.is_none()) else {
                return Ok(Looked::Ask(found, why, lead));
            };
            match under_way.join(key::alike(policy, &wanted.keys, &wanted.head.headers)) {
                // Whoever fetched it until now may have kept it since it was looked for.
                Joined::Lead(own) if policy.place == Place::Memory => lead = Some(own),
                Joined::Lead(own) => return Ok(Looked::Ask(found, why, Some(own))),
                Joined::Wait(follow) => {
                    record.cache.get_or_insert_default().collapsed = true;
                    match follow.landing(&self.host, due).await {
                        Some(Landing::Abandoned) => {}
                        // It is there now, or was not meant for this request: then that asks for itself.
                        Some(Landing::Kept | Landing::NotKept) | None => fetches = None,
                        Some(Landing::Failed(problem)) => return self.after_failure(found, &asked, problem),
                    }
                }
            }
        }
    }

    /// What those get who waited for a fetch that failed.
    fn after_failure(&self, found: Found, asked: &Asked, problem: Problem) -> Result<Looked, Failure> {
        let stale = found.entry.filter(|entry| rules::rescues(&entry.life, asked, None, self.host.unix()));
        match stale {
            Some(entry) => Ok(Looked::Give(entry, Hit::Rescued)),
            None => Err(Failure::from(problem).cause("another request for the same failed")),
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
