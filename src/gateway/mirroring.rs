//! Sending requests to a mirror, when their callers have their answers.
//!
//! Nobody waits for a mirror, and nothing that it does is seen by a caller: it is asked after the answer has ended, a bounded
//! number of times at once, with content that is in memory already.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, Response};

use super::refusal::authority;
use super::{Course, Gateway, Incoming};
use crate::auth::{Access, Kind, presented};
use crate::body::{Body, BodyError, Source, collect};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::migration::{Compared, Mirror, Mirroring, Place, Result as Came, Sample, Seen};
use crate::plan::{Action, Plan, Proxy, Route};
use crate::route::path::normalise;
use crate::telemetry::Record;
use crate::transform::query;

/// Says to whoever gets it that a request is a mirror's, with the id of the route: nobody waits for the answer.
const MIRROR: HeaderName = HeaderName::from_static("x-tollgate-mirror");

/// A request that a mirror is to get.
pub(super) struct Mirrored<'a> {
    pub(super) mirror: &'a Mirror,
    /// Its head, before it is made ready for any upstream.
    head: Parts,
    place: Option<Place>,
}

impl<H: Host> Gateway<H> {
    /// What a mirror is to get of a request that goes to an upstream now.
    pub(super) fn mirrored<'a>(
        &self,
        route: &Route,
        proxy: &'a Proxy,
        incoming: &Incoming<'_>,
    ) -> Option<Mirrored<'a>> {
        let mirror = proxy.mirror.as_ref()?;
        let Incoming { head, course, .. } = incoming;
        if !course.mirrored || course.upstream == mirror.upstream {
            return None;
        }
        let shadow = self.host.memory().map(|memory| memory.migration.shadow(&route.id));
        let place = match &shadow {
            None => None,
            Some(shadow) => match shadow.enter(mirror.at_once) {
                None => {
                    shadow.count(Came::Skipped);
                    return None;
                }
                place => place,
            },
        };
        Some(Mirrored { mirror, head: head.clone(), place })
    }

    /// Has a mirror asked when the answer to a request has ended.
    pub(super) fn mirror_later(
        &self,
        mirrored: Mirrored<'_>,
        source: &Source<H::Stream>,
        response: &Response<H::Stream>,
        incoming: &mut Incoming<'_>,
    ) {
        let Mirrored { mirror, head, place } = mirrored;
        let Incoming { peer, client, admitted, ref mut record, .. } = *incoming;
        let Some(route) = record.route else { return };
        let content = source.whole().filter(|content| content.len() as u64 <= mirror.body);
        let Some(content) = content else {
            self.came(&self.plan.routes[route], Came::Skipped);
            return;
        };
        let compare = mirror.compare.as_ref();
        let (status, headers) = match compare {
            Some(_) => (response.status(), response.headers().clone()),
            None => (response.status(), HeaderMap::new()),
        };
        let collects = compare.is_some_and(|compare| compare.json.is_some());
        record.mirroring = Some(Box::new(Mirroring {
            plan: Arc::clone(&self.plan),
            route,
            head,
            content,
            peer,
            client: client.clone(),
            admitted: admitted.clone(),
            request_id: record.request_id.clone(),
            trace: record.trace.clone(),
            status,
            headers,
            collected: collects.then(Vec::new),
            largest: compare.map_or(0, |compare| compare.largest),
            place,
        }));
    }

    /// Asks a mirror, and compares what it answers.
    pub(super) async fn mirror(&self, mut mirroring: Mirroring) {
        let first = mirroring.seen();
        let Some(route) = self.plan.routes.get(mirroring.route) else { return };
        let Action::Proxy(proxy) = &route.action else { return };
        let Some(mirror) = &proxy.mirror else { return };
        let Mirroring { mut head, content, peer, client, admitted, request_id, trace, place, .. } = mirroring;
        let mut record = self.begin(&head, &client);
        (record.route, record.request_id, record.trace) = (Some(mirroring.route), request_id, trace);
        let deadline = Deadline::after(record.begun, Some(mirror.timeout));
        if !mirror.credentials {
            withhold(&self.plan, route, &mut head);
        }
        // Ids of routes are visible ASCII.
        if let Ok(id) = HeaderValue::from_str(&route.id) {
            head.headers.insert(MIRROR, id);
        }
        let Ok(authority) = authority(&head).map(ToOwned::to_owned) else { return };
        let path = head.uri.path().to_owned();
        let mut incoming = Incoming {
            head,
            peer,
            client: &client,
            authority: &authority,
            normal: &normalise(&path),
            admitted: &admitted,
            record: &mut record,
            course: Course { upstream: mirror.upstream, ..Course::default() },
            authorized: false,
            shared: None,
        };
        let body = if content.is_empty() { Body::Empty } else { Body::Full(content) };
        let mut source = Source::new(body, u64::MAX, 0, &self.plan.claimed);
        let answer =
            Box::pin(self.deliver(route, proxy, mirror.upstream, &mut incoming, &mut source, deadline)).await;
        let compared = match answer {
            Err(failure) => failed(failure.problem.spec().slug),
            Ok(response) => self.compared(mirror, &first, response, deadline).await,
        };
        self.conclude(route, mirror, compared, record);
        drop(place);
    }

    /// What the answer of a mirror comes to beside the first.
    async fn compared(
        &self,
        mirror: &Mirror,
        first: &Seen,
        response: Response<H::Stream>,
        deadline: Deadline,
    ) -> Compared {
        let Some(compare) = &mirror.compare else {
            return Compared { result: Came::Answered, differences: Vec::new() };
        };
        let (head, body) = response.into_parts();
        let body = match first.body {
            // Nothing to compare it with: it is not read.
            None => None,
            Some(_) => match collect(&self.host, body, compare.largest, deadline).await {
                Ok(content) => Some(content),
                Err(BodyError::TooLarge) => None,
                Err(_) => return failed("the answer broke off"),
            },
        };
        compare.compare(first, &Seen { status: head.status, headers: head.headers, body })
    }

    /// Counts what came of it, and shows what differs: in memory, where there is some, else in the access log.
    fn conclude(&self, route: &Route, mirror: &Mirror, compared: Compared, mut record: Record) {
        let Compared { result, differences } = compared;
        self.came(route, result);
        let sampled = mirror.compare.as_ref().is_some_and(|compare| compare.sample.has(self.chance()));
        if !result.is_different() || !sampled {
            return;
        }
        match self.host.memory() {
            Some(memory) => memory.migration.shadow(&route.id).show(Sample {
                at: record.started.0,
                request_id: String::from_utf8_lossy(record.request_id.as_bytes()).into_owned(),
                method: record.method.to_string(),
                path: record.path().to_owned(),
                result: result.name(),
                differences,
            }),
            None => {
                record.mirror = Some(result.name());
                record.cause = Some(differences.join("; "));
                record.total = self.host.tick() - record.begun;
                self.host.observe(&record);
            }
        }
    }

    fn came(&self, route: &Route, result: Came) {
        if let Some(memory) = self.host.memory() {
            memory.migration.shadow(&route.id).count(result);
        }
    }
}

/// Takes out of a request what its caller proves itself by, as far as that is still there and not the gateway's alone.
fn withhold(plan: &Plan, route: &Route, head: &mut Parts) {
    for name in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
        head.headers.remove(name);
    }
    let Access::Required(required) = &route.access else { return };
    let ways = required.any.iter().filter_map(|index| plan.auth.authenticators.get(*index));
    let places = ways.flat_map(|way| match &way.kind {
        Kind::ApiKey(keys) => keys.places.as_slice(),
        Kind::Basic(basic) => basic.places.as_slice(),
        _ => &[],
    });
    for place in places {
        match place {
            presented::Place::Header(name) => drop(head.headers.remove(name)),
            presented::Place::Query(name) => {
                let query = query::retain(head.uri.query(), |other| *other != **name);
                let query = query.map(Cow::into_owned);
                query::replace(&mut head.uri, query.as_deref());
            }
            presented::Place::Authorization(_) | presented::Place::Cookie(_) => {}
        }
    }
}

fn failed(why: &str) -> Compared {
    Compared { result: Came::Failed, differences: vec![why.to_owned()] }
}
