//! One request, sent to a target of its upstream: again, or to another target, where that may be.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{Request, Response};

use super::Gateway;
use crate::balance::{self, Choosing, Member};
use crate::body::{Body, Meter, Source, Upload};
use crate::circuit;
use crate::deadline::Deadline;
use crate::host::{Host, Reached};
use crate::plan::{Route, Upstream};
use crate::pool::{Flight, Pool, Roster};
use crate::problem::{Blame, Failure, Problem};
use crate::retry::{self, Came, Outcome, tell};
use crate::telemetry::Record;
use crate::upstream::Unanswered;

/// A client's word that a request may be sent more than once (draft-ietf-httpapi-idempotency-key-header).
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is sent, and under which rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) route: &'a Route,
    pub(super) upstream: &'a Upstream,
    /// What is remembered of the upstream.
    pub(super) pool: Option<&'a Pool>,
    /// A hash of what the target is chosen by.
    pub(super) key: Option<u64>,
    pub(super) deadline: Deadline,
}

/// A target that was chosen, and leave to ask it.
struct Chosen {
    at: usize,
    target: Option<circuit::Pass>,
    upstream: Option<circuit::Pass>,
    flight: Option<Flight>,
}

/// What an attempt came to.
struct Attempted<S> {
    answer: Result<Response<S>, Unanswered>,
    outcome: Outcome,
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
        let Delivery { upstream, pool, deadline, .. } = *delivery;
        if let (Some(admission), Some(pool)) = (&upstream.admission, pool) {
            record.taken.ticket = Some(
                Box::pin(pool.gate.enter(&self.host, admission, delivery.route.priority, deadline)).await?,
            );
        }
        if let (Some(_), Some(pool)) = (&upstream.retry, pool) {
            pool.budget.note_request(self.host.tick());
        }
        let roster = self.roster(delivery).await;
        let repeatable = retry::is_repeatable(&head.method, head.headers.contains_key(IDEMPOTENCY_KEY));
        let mut head = Some(head);
        let mut tried: Vec<usize> = Vec::new();
        loop {
            let chosen = self.choose(delivery, &roster, &tried)?;
            let Some((body, meter)) = source.next() else { return Err(Problem::Internal.into()) };
            let made = u32::try_from(tried.len()).unwrap_or(u32::MAX) + 1;
            let last = upstream.retry.as_ref().is_none_or(|retry| made >= retry.attempts);
            let Some(ready) = (if last { head.take() } else { head.clone() }) else {
                return Err(Problem::Internal.into());
            };
            record.upload.clone_from(&meter);
            if roster.set.members.len() > 1 {
                record.target_name = Some(roster.set.members[chosen.at].name.clone());
            }
            let member = &roster.set.members[chosen.at];
            let attempted =
                self.once(delivery, member, ready, body, meter.as_ref(), &mut record.attempts).await;
            self.learn(delivery, &roster, &chosen, &attempted.outcome, record);
            tried.push(chosen.at);
            let wait = match &head {
                Some(_) if source.is_there() => self.wait_before(delivery, &attempted, repeatable, made),
                _ => None,
            };
            let Some(wait) = wait else {
                record.taken.flight = chosen.flight;
                return attempted.answer.map_err(Failure::from);
            };
            drop(attempted);
            drop(chosen);
            self.host.sleep_until(self.host.tick() + wait).await;
        }
    }

    /// A target, and leave to ask it.
    fn choose(&self, delivery: &Delivery<'_>, roster: &Roster, tried: &[usize]) -> Result<Chosen, Failure> {
        let Delivery { upstream, pool, key, .. } = *delivery;
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
        let fit = |at: usize| {
            roster.states.get(at).is_none_or(|state| {
                state.health.is_fit(&upstream.health, now)
                    && rule.is_none_or(|rule| !state.circuit.is_open(rule, now))
            })
        };
        let nowhere = AtomicU64::new(chance);
        let choosing = Choosing {
            set: &roster.set,
            states: &roster.states,
            balance: &upstream.balance,
            turn: pool.map_or(&nowhere, |pool| &pool.turn),
            key,
            tried,
            chance,
            now,
        };
        let at = balance::choose(&choosing, fit).ok_or_else(|| {
            Failure::from(Problem::UpstreamUnavailable).cause("no target is fit to be asked")
        })?;
        let state = roster.states.get(at);
        let target = rule.zip(state).and_then(|(rule, state)| state.circuit.pass(rule, now, chance));
        Ok(Chosen { at, target, upstream: passed, flight: state.map(Flight::begin) })
    }

    /// One exchange with one target.
    async fn once(
        &self,
        delivery: &Delivery<'_>,
        member: &Member,
        mut head: Parts,
        body: Body<Upload<H::Stream>>,
        meter: Option<&Arc<Meter>>,
        attempts: &mut u32,
    ) -> Attempted<H::Stream> {
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
                self.send(&route.patience, &member.target, &shown, request, deadline, meter, attempts).await
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
        Attempted { answer, outcome: Outcome { came, took: self.host.tick() - begun } }
    }

    /// Tells all who learn from it how an attempt ended.
    fn learn(
        &self,
        delivery: &Delivery<'_>,
        roster: &Roster,
        chosen: &Chosen,
        outcome: &Outcome,
        record: &Record,
    ) {
        let Delivery { upstream, pool, .. } = *delivery;
        let now = self.host.tick();
        let circuit = upstream.circuit.as_ref();
        if let Some(state) = roster.states.get(chosen.at) {
            state.health.note(&upstream.health, outcome, now);
            balance::note(state, outcome, now);
            if let (Some(rule), Some(pass)) =
                (circuit.and_then(|circuit| circuit.target.as_ref()), chosen.target)
            {
                state.circuit.note(rule, pass, outcome, now);
            }
        }
        if let (Some(rule), Some(pass), Some(pool)) =
            (circuit.and_then(|circuit| circuit.upstream.as_ref()), chosen.upstream, pool)
        {
            pool.circuit.note(rule, pass, outcome, now);
        }
        if let (Some(ticket), Some(admission)) = (&record.taken.ticket, &upstream.admission) {
            ticket.note(admission, outcome);
        }
        if let Some(pool) = pool {
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
