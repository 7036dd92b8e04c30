//! Which target is asked, whether it may be, and what is learned from how that ended.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::header::RETRY_AFTER;

use super::attempts::{Chosen, Delivery};
use super::{Afterwards, Gateway};
use crate::balance::{self, Choosing};
use crate::circuit;
use crate::health;
use crate::health::sharing::{self, Noted};
use crate::host::{Host, Tick};
use crate::pool::{Flight, Roster};
use crate::problem::{Failure, Problem};
use crate::retry::{Came, Outcome};

/// How many targets a request looks for leave at whose circuits let only some pass: with as many that turned it away, most
/// would, and the upstream is better left alone.
const MOST_TURNED_AWAY: usize = 8;

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
        let now = self.judged_at(delivery);
        let whole = delivery.whole(roster);
        let passed = match whole {
            None => None,
            Some((rule, circuit)) => {
                let pass = circuit.pass(rule, now, self.chance());
                Some(pass.ok_or_else(|| unavailable("its circuit is open", circuit.wait(now)))?)
            }
        };
        if let Some((at, target)) = self.target(delivery, roster, tried, now) {
            let flight = roster.states.get(at).map(Flight::begin);
            return Ok(Chosen { at, target, upstream: passed, flight });
        }
        if let Some((pass, (rule, circuit))) = passed.zip(whole) {
            // Nobody was asked: the place is somebody else's.
            let outcome = Outcome { came: Came::Unknown, took: Duration::ZERO };
            circuit.note(rule, pass, &outcome, now);
        }
        let health = &delivery.upstream.health;
        let waits = roster.states.iter().filter_map(|state| health::back(&state.health, health, now));
        Err(unavailable("no target is fit to be asked", waits.min().unwrap_or_default()))
    }

    /// The index of a target, and leave of its circuit where it has one.
    fn target(
        &self,
        delivery: &Delivery<'_>,
        roster: &Roster,
        tried: &[usize],
        now: Tick,
    ) -> Option<(usize, Option<circuit::Pass>)> {
        let Delivery { upstream, pool, key, session, .. } = *delivery;
        let rule = upstream.circuit.as_ref().and_then(|circuit| circuit.target.as_ref());
        let fit = |at: usize| {
            roster.states.get(at).is_none_or(|state| {
                state.health.is_fit(&upstream.health, now)
                    && rule.is_none_or(|rule| !state.circuit.is_open(rule, now))
            })
        };
        let chance = self.chance();
        let nowhere = AtomicU64::new(chance);
        // Those that let nobody pass, because their circuits recover or others were faster: asked no sooner than those that
        // were tried.
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
            let Some((rule, state)) = rule.zip(roster.states.get(at)) else { return Some((at, None)) };
            if let Some(pass) = state.circuit.pass(rule, now, self.chance()) {
                return Some((at, Some(pass)));
            }
            if avoided.contains(&at) {
                return None;
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
        // Before it is noted here: what follows from it is found out anew from what all others have told.
        self.tell(delivery, roster, chosen, outcome);
        if let Some(state) = roster.states.get(chosen.at) {
            let chance = || self.chance();
            health::note(&upstream.health, &roster.states, chosen.at, outcome, now, chance);
            balance::note(state, outcome, now);
            let rule = upstream.circuit.as_ref().and_then(|circuit| circuit.target.as_ref());
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

    /// Has others told how an attempt ended, where nothing is remembered here.
    fn tell(&self, delivery: &Delivery<'_>, roster: &Roster, chosen: &Chosen, outcome: &Outcome) {
        let Delivery { upstream, pool, .. } = *delivery;
        let told = upstream.health.share.is_some() && pool.is_none() && outcome.came != Came::Unknown;
        if !told || !sharing::is_news(upstream, roster, chosen.at, outcome) {
            return;
        }
        let same = |other: &crate::plan::Upstream| std::ptr::eq(other, upstream);
        let Some(index) = self.plan.upstreams.iter().position(same) else { return };
        self.host.defer(Afterwards::tell(Noted {
            plan: Arc::clone(&self.plan),
            upstream: index,
            target: roster.set.members[chosen.at].name.clone(),
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
