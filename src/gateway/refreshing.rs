//! Asking anew for what was given although it is no longer fresh, when the client has its answer (RFC 5861 section 3).

use std::sync::Arc;

use http::request::Parts;
use http::{Method, StatusCode};

use super::cached::{Around, Wanted};
use super::fetching::renew;
use super::refusal::authority;
use super::{Afterwards, Course, Gateway, Peer};
use crate::auth::Admitted;
use crate::body::collect;
use crate::cache::Entry;
use crate::cache::fetches::{Joined, Landing};
use crate::cache::keeping::{Head, Kept};
use crate::cache::key::{self, Keys};
use crate::cache::rules::Asked;
use crate::cache::shelf::Found;
use crate::cache::turn::Turn;
use crate::deadline::Deadline;
use crate::forward::client::Client;
use crate::host::Host;
use crate::problem::Failure;
use crate::route::path::normalise;
use crate::telemetry::Record;
use crate::version::Negotiated;

/// A request that is asked again, for the sake of those who come later.
#[derive(Debug)]
pub(super) struct Refresh {
    plan: Arc<crate::plan::Plan>,
    route: usize,
    keys: Keys,
    asked: Asked,
    head: Parts,
    peer: Peer,
    client: Client,
    admitted: Admitted,
    course: Course,
    /// The version that it is asked for, which the upstream is told.
    api: Negotiated,
    found: Found,
    stale: Arc<Entry>,
    /// Nobody else fetches it meanwhile, where the host remembers who does.
    turn: Turn,
}

impl Refresh {
    pub(super) fn plan(&self) -> &Arc<crate::plan::Plan> {
        &self.plan
    }
}

impl<H: Host> Gateway<H> {
    /// Has what is no longer fresh asked for again, unless somebody does so already.
    pub(super) fn refresh_later(
        &self,
        wanted: &Wanted<'_>,
        found: Found,
        stale: &Arc<Entry>,
        record: &Record,
    ) {
        let Some(route) = record.route else { return };
        let lead = match self.host.memory() {
            None => None,
            Some(memory) => {
                let alike = key::alike(wanted.policy, &wanted.keys, &wanted.head.headers);
                match memory.fetches.join(alike) {
                    Joined::Lead(lead) => Some(lead),
                    Joined::Wait(_) => return,
                }
            }
        };
        let Around { peer, client, admitted, course, .. } = wanted.around;
        let mut head = wanted.head.clone();
        // For the next client, whatever this one has already and whichever part it wants.
        head.method = Method::GET;
        head.headers.remove(http::header::RANGE);
        let refresh = Refresh {
            plan: Arc::clone(&self.plan),
            route,
            keys: wanted.keys,
            asked: Asked { authorization: wanted.asked.authorization, ..Asked::default() },
            head,
            peer,
            client: client.clone(),
            admitted: admitted.clone(),
            course,
            api: record.api,
            found,
            stale: Arc::clone(stale),
            turn: Turn { lead, lease: None },
        };
        self.host.defer(Afterwards::refresh(refresh));
    }

    /// Asks again. What fails leaves everything as it is.
    pub(super) async fn refresh(&self, refresh: Refresh) {
        let Refresh {
            route, keys, asked, head, peer, client, admitted, course, api, found, stale, turn, ..
        } = refresh;
        let mut record = self.begin(&head, &client);
        record.route = Some(route);
        record.api = api;
        let route = &self.plan.routes[route];
        let (Some(policy), Some(backend)) = (&route.cache, route.backend()) else { return };
        let Ok(authority) = authority(&head).map(ToOwned::to_owned) else { return };
        let path = head.uri.path().to_owned();
        let normal = normalise(&path);
        let around = Around {
            peer,
            client: &client,
            authority: &authority,
            normal: &normal,
            admitted: &admitted,
            course,
        };
        let deadline = Deadline::after(record.begun, route.patience.request);
        let wanted = Wanted { route, backend, policy, keys, asked, head, around, deadline };
        let (mut turn, alike) = (turn, key::alike(policy, &wanted.keys, &wanted.head.headers));
        if !turn.take(&self.host, &self.plan, policy, alike, deadline).await {
            return turn.land(&self.host, Landing::NotKept);
        }
        if let Err(failure) = self.refetch(&wanted, found, &stale, turn, &mut record).await {
            record.cause = failure.cause;
        }
    }

    async fn refetch(
        &self,
        wanted: &Wanted<'_>,
        found: Found,
        stale: &Entry,
        turn: Turn,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let fetched = match self.fetch_for(wanted, Some(stale), record).await {
            Ok(fetched) => fetched,
            Err(failure) => {
                turn.land(&self.host, Landing::Failed(failure.problem));
                return Err(failure);
            }
        };
        if fetched.confirms() {
            if let Some(renewed) = renew(wanted, stale, &fetched) {
                self.keep_renewed(wanted, found, renewed, &stale.body, turn).await;
            }
            return Ok(());
        }
        let status = fetched.response.status();
        if let (Ok(life), false) = (fetched.life(wanted), status.is_server_error()) {
            let head = Head { status, headers: fetched.response.headers().clone(), life };
            let body = fetched.response.into_body();
            let Ok(content) = collect(&self.host, body, wanted.policy.largest, wanted.deadline).await else {
                turn.land(&self.host, Landing::NotKept);
                return Ok(());
            };
            Kept::new(self.owned(wanted, found), head, content).keep(&self.host, turn);
            return Ok(());
        }
        if status == StatusCode::OK {
            self.forget(wanted).await;
        }
        turn.land(&self.host, Landing::NotKept);
        Ok(())
    }
}
