//! One request, sent to a target of its upstream: again, or to another target, where that may be.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{Request, Response};

use super::Gateway;
use super::choosing::Chosen;
use super::hedging::Around;
use crate::balance::Member;
use crate::body::{Body, Meter, Source, Upload};
use crate::deadline::Deadline;
use crate::host::{Host, Reached};
use crate::plan::{Route, Upstream};
use crate::pool::{Pool, Taken};
use crate::problem::{Blame, Failure, Problem};
use crate::retry::{self, Came, Outcome, tell};
use crate::telemetry::Record;
use crate::upstream::Unanswered;

/// A client's word that a request may be sent more than once (draft-ietf-httpapi-idempotency-key-header).
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How many exchanges one request comes to at most: as many attempts as can be written, and one beside each.
const MOST_TRIED: usize = 20;

/// The indices of targets that were asked for a request.
#[derive(Debug, Default)]
pub(super) struct Tried {
    at: [usize; MOST_TRIED],
    count: usize,
}

/// What is sent, and under which rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) route: &'a Route,
    pub(super) upstream: &'a Upstream,
    /// The upstream's index.
    pub(super) index: usize,
    /// What is remembered of the upstream.
    pub(super) pool: Option<&'a Pool>,
    /// A hash of what the target is chosen by.
    pub(super) key: Option<u64>,
    /// The target that the client's session is with, by the hash of its name.
    pub(super) session: Option<u64>,
    pub(super) deadline: Deadline,
}

/// A request on its way to a target.
pub(super) struct Sending<S> {
    pub(super) head: Parts,
    pub(super) body: Body<Upload<S>>,
    pub(super) meter: Option<Arc<Meter>>,
}

/// What an attempt came to.
pub(super) struct Attempted<S> {
    pub(super) answer: Result<Response<S>, Unanswered>,
    pub(super) outcome: Outcome,
    /// How many requests were sent: one, unless a token had to be renewed or a second was sent beside the first.
    pub(super) sent: u32,
}

/// What an attempt came to, and by whom.
pub(super) struct Done<S> {
    pub(super) chosen: Chosen,
    pub(super) attempted: Attempted<S>,
}

// === impl Tried ===

impl Tried {
    pub(super) fn as_slice(&self) -> &[usize] {
        &self.at[..self.count]
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    pub(super) fn push(&mut self, target: usize) {
        if let Some(place) = self.at.get_mut(self.count) {
            *place = target;
            self.count += 1;
        }
    }
}

impl<H: Host> Gateway<H> {
    /// How much of the content of a request is kept, so that it can be sent again: nothing where it never is.
    pub(super) fn kept_for_retries(&self, upstream: &Upstream) -> u64 {
        // What was not read can be sent again whatever its size, so that no more need be kept for that.
        upstream.retry.as_ref().map_or(0, |retry| retry.body.max(1))
    }

    /// Sends a request that is ready but for what depends on the target, as often as it may be sent.
    pub(super) async fn attempt(
        &self,
        delivery: &Delivery<'_>,
        head: Parts,
        source: &mut Source<H::Stream>,
        record: &mut Record,
    ) -> Result<Response<H::Stream>, Failure> {
        let Delivery { upstream, .. } = *delivery;
        self.take_place(delivery, record).await?;
        let roster = self.roster(delivery).await;
        let repeatable = retry::is_repeatable(&head.method, head.headers.contains_key(IDEMPOTENCY_KEY));
        let mut head = Some(head);
        let mut tried = Tried::default();
        loop {
            let chosen = self.choose(delivery, &roster, tried.as_slice())?;
            let Some((body, meter)) = source.give() else { return Err(Problem::Internal.into()) };
            let made = tried.len() + 1;
            let last = made >= upstream.retry.as_ref().map_or(1, |retry| retry.attempts);
            let hedge = upstream.hedge.filter(|_| repeatable);
            let ready = if last && hedge.is_none() { head.take() } else { head.clone() };
            let Some(ready) = ready else { return Err(Problem::Internal.into()) };
            record.upload.clone_from(&meter);
            tried.push(chosen.at);
            let sending = Sending { head: ready, body, meter };
            let done = match (hedge, &head) {
                (Some(hedge), Some(head)) => {
                    let around = Around { roster: &roster, head, source, hedge };
                    Box::pin(self.race(delivery, &around, chosen, sending, &mut tried)).await
                }
                _ => {
                    let member = &roster.set.members[chosen.at];
                    let attempted = self.once(delivery, member, sending).await;
                    Done { chosen, attempted }
                }
            };
            let Done { chosen, attempted } = done;
            record.attempts += attempted.sent;
            record.chosen = Some((Arc::clone(&roster), chosen.at));
            self.learn(delivery, &roster, &chosen, &attempted.outcome);
            self.note_ticket(upstream, record, &attempted.outcome);
            let wait = match &head {
                Some(_) if !last && source.is_there() => {
                    self.wait_before(delivery, &attempted, repeatable, made)
                }
                _ => None,
            };
            let Some(wait) = wait else {
                record.taken.flight = chosen.flight;
                return attempted.answer.map_err(|unanswered| let_go(record, unanswered));
            };
            drop(attempted);
            drop(chosen);
            self.host.sleep_until(self.host.tick() + wait).await;
        }
    }

    /// Takes a place among the requests in flight, where their number is bounded; then it counts as one of the upstream's.
    async fn take_place(&self, delivery: &Delivery<'_>, record: &mut Record) -> Result<(), Failure> {
        let Delivery { route, upstream, pool, deadline, .. } = *delivery;
        // Nobody waits for a place while holding another: two could wait for each other.
        record.taken = Taken::default();
        if let (Some(admission), Some(pool)) = (&upstream.admission, pool) {
            let entering = pool.gate.enter(&self.host, admission, route.priority, deadline);
            record.taken.ticket = Some(Box::pin(entering).await?);
        }
        if let (Some(_), Some(pool)) = (&upstream.retry, pool) {
            pool.budget.note_request(self.host.tick());
        }
        Ok(())
    }

    /// Tells the limit on requests in flight how an attempt ended, where it adapts.
    fn note_ticket(&self, upstream: &Upstream, record: &Record, outcome: &Outcome) {
        if let (Some(ticket), Some(admission)) = (&record.taken.ticket, &upstream.admission) {
            ticket.note(admission, outcome, self.host.tick());
        }
    }

    /// One exchange with one target.
    pub(super) async fn once(
        &self,
        delivery: &Delivery<'_>,
        member: &Member,
        sending: Sending<H::Stream>,
    ) -> Attempted<H::Stream> {
        let Sending { mut head, body, meter } = sending;
        let mut sent = 0;
        let Delivery { route, upstream, .. } = *delivery;
        let begun = self.host.tick();
        let per_try = upstream.retry.as_ref().and_then(|retry| retry.per_try);
        let deadline = per_try.map_or(delivery.deadline, |span| delivery.deadline.and_after(begun, span));
        if !upstream.preserve_host {
            head.headers.insert(HOST, member.target.host_header.clone());
        }
        tell::deadline(&upstream.tell_deadline, &mut head.headers, deadline, begun);
        let answer = match self.introduce(upstream, &mut head, &body, deadline).await {
            Ok(shown) => {
                let request = Request::from_parts(head, body);
                self.send(
                    (&route.patience, &member.target),
                    &shown,
                    request,
                    deadline,
                    meter.as_ref(),
                    &mut sent,
                )
                .await
            }
            Err(failure) => Err(Unanswered { failure, reached: Reached::No }),
        };
        let came = match &answer {
            Ok(response) => Came::Answer(response.status()),
            Err(error) if error.failure.problem.spec().blame == Blame::Upstream => {
                Came::Nothing(error.failure.problem, error.reached)
            }
            Err(_) => Came::Unknown,
        };
        Attempted { answer, outcome: Outcome { came, took: self.host.tick() - begun }, sent }
    }

    /// How long to wait before the request is sent again; `None` where it is not.
    fn wait_before<S>(
        &self,
        delivery: &Delivery<'_>,
        attempted: &Attempted<S>,
        repeatable: bool,
        made: u32,
    ) -> Option<Duration> {
        let retry = delivery.upstream.retry.as_ref()?;
        let now = self.host.tick();
        let asked = attempted
            .answer
            .as_ref()
            .ok()
            .and_then(|answer| retry::after(answer.headers(), self.host.unix()));
        let wait = retry::wait(retry, &attempted.outcome, repeatable, made, asked, self.chance())?;
        if delivery.deadline.has_passed(now + wait) {
            return None;
        }
        delivery.pool.is_none_or(|pool| pool.budget.take(retry, now)).then_some(wait)
    }

    /// Random bits.
    pub(super) fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        self.host.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// There will be no answer: the upstream has nothing to do with the request any more, however long its client reads what it is
/// told.
fn let_go(record: &mut Record, unanswered: Unanswered) -> Failure {
    record.taken = Taken::default();
    unanswered.into()
}
