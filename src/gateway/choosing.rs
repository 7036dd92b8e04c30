//! A target for a request, and what is learnt from how it answers.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::RETRY_AFTER;

use super::attempts::Delivery;
use super::{Afterwards, Gateway};
use crate::admission::Reason;
use crate::balance::{self, Choosing};
use crate::health::sharing::{self, Noted};
use crate::host::{Host, Tick};
use crate::pool::{Flight, Roster};
use crate::problem::{Failure, Problem};
use crate::retry::{Came, Outcome};
use crate::{circuit, health};

/// How many targets a request looks for leave at whose circuits let only some pass: with as many that turned it away, most
/// would, and the upstream is better left alone.
const MOST_TURNED_AWAY: usize = 8;

/// A target that was chosen, and leave to ask it.
pub(super) struct Chosen {
    pub(super) at: usize,
    target: Option<circuit::Pass>,
    upstream: Option<circuit::Pass>,
    pub(super) flight: Option<Flight>,
}

/// A target's index, leave of its circuit, and a place among the requests in flight there, where anything is remembered of it.
type Found = (usize, Option<circuit::Pass>, Option<Flight>);

// === impl Delivery ===

impl<'a> Delivery<'a> {
    /// The circuit of the upstream as a whole, where it has one.
    fn whole<'b>(&self, roster: &'b Roster) -> Option<(&'b circuit::Rule, &'b circuit::State)>
    where
        'a: 'b,
    {
        let rule = self.upstream.circuit.as_ref()?.upstream.as_ref()?;
        let state = self.pool.map(|pool| &pool.circuit).or(roster.circuit.as_ref())?;
        Some((rule, state))
    }
}

impl<H: Host> Gateway<H> {
    /// A target, and leave to ask it.
    pub(super) fn choose(
        &self,
        delivery: &Delivery<'_>,
        roster: &Roster,
        tried: &[usize],
    ) -> Result<Chosen, Failure> {
        let Delivery { upstream, pool, .. } = *delivery;
        let now = self.judged_at(delivery);
        let whole = delivery.whole(roster);
        let passed = match whole {
            None => None,
            Some((rule, circuit)) => {
                let pass = circuit.pass(rule, now, self.chance());
                Some(pass.ok_or_else(|| unavailable("its circuit is open", circuit.wait(now)))?)
            }
        };
        let full = Cell::new(false);
        if let Some((at, target, flight)) = self.search(delivery, roster, tried, now, &full) {
            return Ok(Chosen { at, target, upstream: passed, flight });
        }
        if let Some((pass, (rule, circuit))) = passed.zip(whole) {
            // Nobody was asked: the place is somebody else's.
            let outcome = Outcome { came: Came::Unknown, took: Duration::ZERO };
            circuit.note(rule, pass, &outcome, now);
        }
        if full.get() {
            pool.inspect(|pool| pool.gate.note_refused(Reason::TargetsFull));
            return Err(Reason::TargetsFull.failure());
        }
        let wait =
            roster.states.iter().filter_map(|state| health::back(&state.health, &upstream.health, now));
        Err(unavailable("no target is fit to be asked", wait.min().unwrap_or_default()))
    }

    /// A fit target with a place for a request, and with leave of its circuit. `full`: some target would have been fit but for
    /// its number of requests.
    fn search(
        &self,
        delivery: &Delivery<'_>,
        roster: &Roster,
        tried: &[usize],
        now: Tick,
        full: &Cell<bool>,
    ) -> Option<Found> {
        let Delivery { upstream, pool, key, session, .. } = *delivery;
        let chance = self.chance();
        let rule = upstream.circuit.as_ref().and_then(|circuit| circuit.target.as_ref());
        let per_target = upstream.admission.as_ref().and_then(|admission| admission.per_target);
        let fit = |at: usize| {
            let Some(state) = roster.states.get(at) else { return true };
            let fit = state.health.is_fit(&upstream.health, now)
                && rule.is_none_or(|rule| !state.circuit.is_open(rule, now));
            let is_full =
                fit && per_target.is_some_and(|most| state.in_flight.load(Ordering::Relaxed) >= most);
            full.set(full.get() || is_full);
            fit && !is_full
        };
        let nowhere = AtomicU64::new(chance);
        // Those that let nobody pass, because their circuits recover or others were faster: asked again no more than the
        // others that were tried.
        let mut avoided: Vec<usize> = Vec::new();
        for _ in 0..MOST_TURNED_AWAY {
            let choosing = Choosing {
                set: &roster.set,
                states: &roster.states,
                balance: &upstream.balance,
                turn: pool.map_or(&nowhere, |pool| &pool.turn),
                key,
                session,
                tried: if avoided.is_empty() { tried } else { &avoided },
                chance,
                now,
            };
            let at = balance::choose(&choosing, fit)?;
            let Some(state) = roster.states.get(at) else { return Some((at, None, None)) };
            // Another worker may have taken the last place since it was looked at.
            if let Some(flight) = Flight::begin(state, per_target) {
                let Some(rule) = rule else { return Some((at, None, Some(flight))) };
                if let Some(pass) = state.circuit.pass(rule, now, self.chance()) {
                    return Some((at, Some(pass), Some(flight)));
                }
            }
            if avoided.contains(&at) {
                break;
            }
            if avoided.is_empty() {
                avoided.extend_from_slice(tried);
            }
            avoided.push(at);
        }
        None
    }

    /// Tells all who learn from it how an attempt ended.
    pub(super) fn learn(&self, delivery: &Delivery<'_>, roster: &Roster, chosen: &Chosen, outcome: &Outcome) {
        let Delivery { upstream, pool, .. } = *delivery;
        let now = self.judged_at(delivery);
        let circuit = upstream.circuit.as_ref();
        self.tell(delivery, roster, chosen, outcome);
        if let Some(state) = roster.states.get(chosen.at) {
            let chance = || self.chance();
            health::note(&upstream.health, &roster.states, chosen.at, outcome, now, chance);
            balance::note(state, outcome, now);
            let rule = circuit.and_then(|circuit| circuit.target.as_ref());
            if let (Some(rule), Some(pass)) = (rule, chosen.target) {
                state.circuit.note(rule, pass, outcome, now);
            }
        }
        if let Some((pass, (rule, circuit))) = chosen.upstream.zip(delivery.whole(roster)) {
            circuit.note(rule, pass, outcome, now);
        }
        if let (Some(_), Some(pool)) = (upstream.hedge, pool) {
            pool.latencies.note(outcome, now);
        }
    }

    /// Has others told how an attempt ended, where nothing is remembered here. Before it is noted: what follows from it is found
    /// out anew from what all others have told.
    fn tell(&self, delivery: &Delivery<'_>, roster: &Roster, chosen: &Chosen, outcome: &Outcome) {
        let Delivery { upstream, pool, .. } = *delivery;
        let told = upstream.health.share.is_some() && pool.is_none() && outcome.came != Came::Unknown;
        if !told || !sharing::is_news(upstream, roster, chosen.at, outcome) {
            return;
        }
        self.host.defer(Afterwards::tell(Noted {
            plan: Arc::clone(&self.plan),
            upstream: delivery.index,
            set: Arc::clone(&roster.set),
            at: chosen.at,
            of_target: chosen.target,
            of_upstream: chosen.upstream,
            outcome: *outcome,
            chance: self.chance(),
        }));
    }

    /// The time by which targets are judged: the host's own where it remembers, else one that all have in common.
    fn judged_at(&self, delivery: &Delivery<'_>) -> Tick {
        match delivery.pool {
            Some(_) => self.host.tick(),
            None => sharing::now(&self.host),
        }
    }
}

/// The upstream is left alone, for `wait` at least. RFC 9110 section 10.2.3: a client is told in whole seconds, and that it
/// should not come back at once.
fn unavailable(cause: &str, wait: Duration) -> Failure {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Failure::from(Problem::UpstreamUnavailable).cause(cause).field(RETRY_AFTER, seconds.max(1))
}
