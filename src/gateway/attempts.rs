//! One request, sent to a target of its upstream: again, or to another target, where that may be.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{Request, Response};

use super::Gateway;
use super::hedging::Around;
use crate::admission::Reason;
use crate::balance::{self, Choosing, Member};
use crate::body::{Body, Meter, Source, Upload};
use crate::circuit;
use crate::deadline::Deadline;
use crate::host::{Host, Reached};
use crate::plan::{Route, Upstream};
use crate::pool::{Flight, Pool, Roster, Taken};
use crate::problem::{Blame, Failure, Problem};
use crate::retry::{self, Came, Outcome, tell};
use crate::telemetry::Record;
use crate::upstream::Unanswered;

/// A client's word that a request may be sent more than once (draft-ietf-httpapi-idempotency-key-header).
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often a target is chosen anew because another request took its last place.
const MOST_RACES: u32 = 8;

/// What is sent, and under which rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) route: &'a Route,
    pub(super) upstream: &'a Upstream,
    /// What is remembered of the upstream.
    pub(super) pool: Option<&'a Pool>,
    /// A hash of what the target is chosen by.
    pub(super) key: Option<u64>,
    /// The target that the client's session is with, by the hash of its name.
    pub(super) session: Option<u64>,
    pub(super) deadline: Deadline,
}

/// A target that was chosen, and leave to ask it.
pub(super) struct Chosen {
    pub(super) at: usize,
    target: Option<circuit::Pass>,
    upstream: Option<circuit::Pass>,
    flight: Option<Flight>,
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
        let Delivery { upstream, pool, .. } = *delivery;
        self.take_place(delivery, record).await?;
        let roster = self.roster(delivery).await;
        let repeatable = retry::is_repeatable(&head.method, head.headers.contains_key(IDEMPOTENCY_KEY));
        let mut head = Some(head);
        let mut tried: Vec<usize> = Vec::new();
        loop {
            let chosen =
                self.choose(delivery, &roster, &tried).inspect_err(|failure| note_full(pool, failure))?;
            let Some((body, meter)) = source.next() else { return Err(Problem::Internal.into()) };
            let made = u32::try_from(tried.len()).unwrap_or(u32::MAX) + 1;
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

    /// The targets in force, with what is known about each.
    async fn roster(&self, delivery: &Delivery<'_>) -> Arc<Roster> {
        match delivery.pool {
            Some(pool) => pool.roster(),
            None => Arc::new(Roster { set: Arc::clone(&delivery.upstream.targets), ..Roster::default() }),
        }
    }

    /// A target, and leave to ask it.
    pub(super) fn choose(
        &self,
        delivery: &Delivery<'_>,
        roster: &Roster,
        tried: &[usize],
    ) -> Result<Chosen, Failure> {
        let Delivery { upstream, pool, key, session, .. } = *delivery;
        let (now, chance) = (self.host.tick(), self.chance());
        let circuit = upstream.circuit.as_ref();
        let rule = circuit.and_then(|circuit| circuit.upstream.as_ref());
        let passed = match rule.zip(pool) {
            None => None,
            Some((rule, pool)) => {
                let pass = pool.circuit.pass(rule, now, chance);
                Some(pass.ok_or_else(|| {
                    Failure::from(Problem::UpstreamUnavailable).cause("its circuit is open")
                })?)
            }
        };
        let rule = circuit.and_then(|circuit| circuit.target.as_ref());
        let per_target = upstream.admission.as_ref().and_then(|admission| admission.per_target);
        let full = Cell::new(false);
        let fit = |at: usize| {
            roster.states.get(at).is_none_or(|state| {
                let fit = state.health.is_fit(&upstream.health, now)
                    && rule.is_none_or(|rule| !state.circuit.is_open(rule, now));
                let is_full =
                    fit && per_target.is_some_and(|most| state.in_flight.load(Ordering::Relaxed) >= most);
                full.set(full.get() || is_full);
                fit && !is_full
            })
        };
        let nowhere = AtomicU64::new(chance);
        let choosing = Choosing {
            set: &roster.set,
            states: &roster.states,
            balance: &upstream.balance,
            turn: pool.map_or(&nowhere, |pool| &pool.turn),
            key,
            session,
            tried,
            chance,
            now,
        };
        let Some((at, flight)) = pick(&choosing, fit, per_target) else {
            return Err(match full.get() {
                true => Reason::TargetsFull.failure(),
                false => Failure::from(Problem::UpstreamUnavailable).cause("no target is fit to be asked"),
            });
        };
        let state = roster.states.get(at);
        let target = rule.zip(state).and_then(|(rule, state)| state.circuit.pass(rule, now, chance));
        Ok(Chosen { at, target, upstream: passed, flight })
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
                    &route.patience,
                    &member.target,
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

    /// Tells all who learn from it how an attempt ended.
    pub(super) fn learn(&self, delivery: &Delivery<'_>, roster: &Roster, chosen: &Chosen, outcome: &Outcome) {
        let Delivery { upstream, pool, .. } = *delivery;
        let now = self.host.tick();
        let circuit = upstream.circuit.as_ref();
        if let Some(state) = roster.states.get(chosen.at) {
            state.health.note(&upstream.health, outcome, now);
            balance::note(state, outcome, now);
            let rule = circuit.and_then(|circuit| circuit.target.as_ref());
            if let (Some(rule), Some(pass)) = (rule, chosen.target) {
                state.circuit.note(rule, pass, outcome, now);
            }
        }
        let Some(pool) = pool else { return };
        let rule = circuit.and_then(|circuit| circuit.upstream.as_ref());
        if let (Some(rule), Some(pass)) = (rule, chosen.upstream) {
            pool.circuit.note(rule, pass, outcome, now);
        }
        if upstream.hedge.is_some() {
            pool.latencies.note(outcome, now);
        }
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

/// A target, and a place among the requests in flight there, where anything is remembered of it.
fn pick(
    choosing: &Choosing<'_>,
    fit: impl Fn(usize) -> bool,
    per_target: Option<u32>,
) -> Option<(usize, Option<Flight>)> {
    // Another worker may take a target's last place after it was looked at; then the target is seen to be full. Whoever
    // loses so often in a row finds no place that is worth the work.
    for _ in 0..MOST_RACES {
        let at = balance::choose(choosing, &fit)?;
        let Some(state) = choosing.states.get(at) else { return Some((at, None)) };
        if let Some(flight) = Flight::begin(state, per_target) {
            return Some((at, Some(flight)));
        }
    }
    None
}

/// There will be no answer: the upstream has nothing to do with the request any more, however long its client reads what it is
/// told.
fn let_go(record: &mut Record, unanswered: Unanswered) -> Failure {
    record.taken = Taken::default();
    unanswered.into()
}

/// Counts a request that is refused because every target has as many as it may have.
fn note_full(pool: Option<&Pool>, failure: &Failure) {
    if let Some(pool) = pool.filter(|_| failure.problem == Problem::UpstreamBusy) {
        pool.gate.note_refused(Reason::TargetsFull);
    }
}
