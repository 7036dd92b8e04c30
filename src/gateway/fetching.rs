//! Asking an upstream for an answer that may be kept, or whether what is kept is still good.

use std::sync::Arc;

use http::header::RANGE;
use http::{HeaderMap, Method, Response, StatusCode};

use super::cached::Wanted;
use super::{Gateway, Incoming};
use crate::body::Body;
use crate::cache::fetches::Landing;
use crate::cache::keeping::{self, Head, Keeping, Kept};
use crate::cache::life::Life;
use crate::cache::rules;
use crate::cache::shelf::{self, Found};
use crate::cache::status::Hit;
use crate::cache::turn::Turn;
use crate::cache::{Entry, key};
use crate::host::{Host, UnixMillis};
use crate::problem::{Blame, Failure, Problem};
use crate::telemetry::Record;

/// The duty to ask, and what is there until then.
pub(super) struct Fetching {
    pub(super) found: Found,
    /// Towards those who wait for it.
    pub(super) turn: Turn,
}

/// What an upstream answered, and when it was asked and when it had answered.
pub(super) struct Fetched<S> {
    pub(super) response: Response<Body<S>>,
    pub(super) asked: UnixMillis,
    pub(super) received: UnixMillis,
    /// It was asked whether what is kept is still good.
    conditional: bool,
}

/// What is kept, made good again by the upstream's word.
pub(super) struct Renewed {
    pub(super) head: Head,
    /// Whether it may be kept on.
    pub(super) keeps: bool,
}

impl<H: Host> Gateway<H> {
    /// Asks the upstream, keeps what may be kept, and gives what is kept where the upstream fails.
    pub(super) async fn ask(
        &self,
        wanted: &Wanted<'_>,
        fetching: Fetching,
        record: &mut Record,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Fetching { found, turn } = fetching;
        let stale = found.entry.clone();
        let mut fetched = self.fetch_for(wanted, stale.as_deref(), record).await;
        if let (Ok(answer), Some(entry)) = (&fetched, stale.as_deref())
            && answer.confirms()
        {
            record.cache.get_or_insert_default().forward_status = Some(StatusCode::NOT_MODIFIED);
            if let Some(renewed) = renew(wanted, entry, answer) {
                let entry = self.keep_renewed(wanted, found, renewed, &entry.body, turn).await;
                return Ok(self.give(&wanted.head, &entry, Hit::Validated, record));
            }
            // It speaks of something else than what is kept; without conditions there is an answer.
            fetched = self.fetch_for(wanted, None, record).await;
        }
        if let (Some(failing), Some(entry)) = (failing(&fetched), &stale)
            && rules::rescues(&entry.life, &wanted.asked, failing, self.host.unix())
        {
            let problem = fetched.err().map_or(Problem::UpstreamTerminated, |failure| failure.problem);
            turn.land(&self.host, Landing::Failed(problem));
            record.cache.get_or_insert_default().forward_status = failing;
            return Ok(self.give(&wanted.head, entry, Hit::Rescued, record));
        }
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                turn.land(&self.host, Landing::Failed(failure.problem));
                return Err(failure);
            }
        };
        Ok(self.pass_on(wanted, found, fetched, turn, record).await)
    }

    /// Asks for what is wanted: whether `stale` is still good, where there is something.
    pub(super) async fn fetch_for(
        &self,
        wanted: &Wanted<'_>,
        stale: Option<&Entry>,
        record: &mut Record,
    ) -> Result<Fetched<H::Stream>, Failure> {
        let Wanted { route, backend, policy, around, deadline, .. } = *wanted;
        let mut head = wanted.head.clone();
        key::withhold(policy, &mut head);
        let conditional = condition(stale, &wanted.head.headers, &mut head.headers);
        let asked = self.host.unix();
        let mut incoming = Incoming {
            head,
            peer: around.peer,
            client: around.client,
            authority: around.authority,
            normal: around.normal,
            admitted: around.admitted,
            course: around.course,
            record,
            authorized: wanted.asked.authorization,
            shared: Some(policy),
        };
        let response = self.fetch(route, backend, &mut incoming, Body::Empty, deadline).await?;
        let mut fetched = Fetched { response, asked, received: self.host.unix(), conditional };
        rules::date(fetched.response.headers_mut(), fetched.received);
        Ok(fetched)
    }

    /// Gives the client what the upstream answered, and keeps it where that may be.
    async fn pass_on(
        &self,
        wanted: &Wanted<'_>,
        found: Found,
        fetched: Fetched<H::Stream>,
        turn: Turn,
        record: &mut Record,
    ) -> Response<Body<H::Stream>> {
        let stale = found.entry.clone();
        let owned = self.owned(wanted, found);
        let life = fetched.life(wanted);
        let response = fetched.response;
        match (life, &wanted.head.method) {
            (Ok(life), &Method::GET) => {
                let head = Head { status: response.status(), headers: response.headers().clone(), life };
                match Keeping::begin(owned, head, turn) {
                    Ok(keeping) => record.keeping = Some(keeping),
                    Err(turn) => turn.land(&self.host, Landing::NotKept),
                }
                let status = record.cache.get_or_insert_default();
                status.stored = record.keeping.is_some();
                status.ttl = Some(ttl(&life, life.received));
            }
            (_, &Method::HEAD) => {
                turn.land(&self.host, Landing::NotKept);
                // RFC 9111 section 4.3.5: what differs from the answer to HEAD is no longer good.
                let agrees = |entry: Arc<Entry>| rules::head_agrees(&entry, response.headers());
                if response.status() == StatusCode::OK && !stale.is_none_or(agrees) {
                    self.forget(wanted).await;
                }
            }
            _ => {
                turn.land(&self.host, Landing::NotKept);
                // What is there now is not to be kept: what was there before is not to be given any more.
                if response.status() == StatusCode::OK && stale.is_some() {
                    self.forget(wanted).await;
                }
            }
        }
        response
    }

    /// Makes what is kept for the address invalid.
    pub(super) async fn forget(&self, wanted: &Wanted<'_>) {
        let (caching, address) = (&self.plan.caching, &wanted.keys.address);
        shelf::invalidate(&self.host, caching, wanted.policy, address, wanted.deadline).await;
    }

    /// Keeps what was made good again, and gives it.
    pub(super) async fn keep_renewed(
        &self,
        wanted: &Wanted<'_>,
        found: Found,
        renewed: Renewed,
        body: &bytes::Bytes,
        turn: Turn,
    ) -> Arc<Entry> {
        let Renewed { head, keeps } = renewed;
        if keeps {
            let kept = Kept::new(self.owned(wanted, found), head, body.clone());
            let entry = Arc::clone(kept.entry());
            kept.keep(&self.host, turn);
            return entry;
        }
        turn.land(&self.host, Landing::NotKept);
        self.forget(wanted).await;
        let Head { status, headers, life } = head;
        Arc::new(Entry { status, headers, body: body.clone(), life, tags: Vec::new(), serial: 0 })
    }

    /// What was wanted, for whoever keeps the answer after the request.
    pub(super) fn owned(&self, wanted: &Wanted<'_>, found: Found) -> keeping::Wanted {
        keeping::Wanted {
            plan: Arc::clone(&self.plan),
            policy: Arc::clone(wanted.policy),
            keys: wanted.keys,
            headers: wanted.head.headers.clone(),
            host: wanted.host().into(),
            target: wanted.target().into(),
            seen: found.seen,
        }
    }
}

// === impl Fetched ===

impl<S> Fetched<S> {
    /// Whether what is kept is still good.
    pub(super) fn confirms(&self) -> bool {
        self.conditional && self.response.status() == StatusCode::NOT_MODIFIED
    }

    /// For how long the answer may be kept, where it may.
    pub(super) fn life(&self, wanted: &Wanted<'_>) -> Result<Life, rules::NotKept> {
        let (status, headers) = (self.response.status(), self.response.headers());
        rules::life(wanted.policy, &wanted.asked, status, headers, self.asked, self.received)
    }
}

/// Whether, and with which status, an upstream fails.
#[expect(clippy::option_option, reason = "an upstream that fails may have no status")]
fn failing<S>(fetched: &Result<Fetched<S>, Failure>) -> Option<Option<StatusCode>> {
    match fetched {
        Ok(fetched) => {
            let status = fetched.response.status();
            status.is_server_error().then_some(Some(status))
        }
        Err(failure) => (failure.problem.spec().blame == Blame::Upstream).then_some(None),
    }
}

/// `entry` with the fields of an answer that confirms it; `None` where that speaks of something else.
pub(super) fn renew<S>(wanted: &Wanted<'_>, entry: &Entry, fetched: &Fetched<S>) -> Option<Renewed> {
    let headers = rules::freshen(entry, fetched.response.headers())?;
    let Fetched { asked, received, .. } = *fetched;
    let life = rules::life(wanted.policy, &wanted.asked, entry.status, &headers, asked, received);
    let keeps = life.is_ok();
    let life = life.unwrap_or(Life { received, ..Life::default() });
    Some(Renewed { head: Head { status: entry.status, headers, life }, keeps })
}

/// Writes the conditions of a request to the upstream; whether it asks if what is kept is still good. A part that nobody
/// keeps is asked for as the client asked.
fn condition(stale: Option<&Entry>, client: &HeaderMap, headers: &mut HeaderMap) -> bool {
    if let Some(entry) = stale {
        return rules::condition(entry, headers);
    }
    let part = client.contains_key(RANGE);
    for name in rules::OF_THE_CLIENT {
        headers.remove(&name);
        if part {
            for line in client.get_all(&name) {
                headers.append(&name, line.clone());
            }
        }
    }
    false
}

/// How long an answer of this life is fresh still at `now`, in seconds; negative where it is stale.
pub(super) fn ttl(life: &Life, now: UnixMillis) -> i64 {
    let seconds = |span: std::time::Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    seconds(life.fresh).saturating_sub(seconds(life.age_at(now)))
}
