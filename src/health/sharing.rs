//! Reading and writing what instances share of an upstream. A store that fails, and a document that cannot be read, say
//! nothing: then everybody is fit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::passive::Facts;
use super::probe::Verdict;
use super::shared::{CircuitRow, Document, Row, civil};
use crate::balance::Set;
use crate::breaker::{Patience, guarded};
use crate::circuit::{self, Pass};
use crate::deadline::Deadline;
use crate::host::{Host, Tick};
use crate::plan::{Plan, StorePlan, Upstream};
use crate::pool::{Pool, Roster, TargetState};
use crate::retry::Outcome;

mod native;

pub use native::exchange;

/// How long a store may take: what it says makes choices better, and no request waits longer for that.
const TIMEOUT: Duration = Duration::from_millis(100);

/// How often a document is written anew because somebody else wrote it meanwhile.
const TRIES: usize = 4;

/// How long a document is of use after it was last written: no ejection and no open circuit lasts longer.
const KEEP: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long what a prober said is believed after it last said so, in milliseconds: three times as long as it takes to say it
/// again.
const BELIEVED: u64 = 90_000;

/// How an exchange of an instance that remembers nothing ended.
#[derive(Debug)]
pub struct Noted {
    /// The plan under which the upstream was asked.
    pub plan: Arc<Plan>,
    /// The index of the upstream.
    pub upstream: usize,
    /// The targets that were in force.
    pub set: Arc<Set>,
    /// The index of the one that was asked.
    pub at: usize,
    /// Leave of the target's circuit.
    pub of_target: Option<Pass>,
    /// Leave of the upstream's.
    pub of_upstream: Option<Pass>,
    /// How it ended.
    pub outcome: Outcome,
    /// Random bits.
    pub chance: u64,
}

/// Where the document of an upstream is.
pub fn key(upstream: &str) -> String {
    format!("tollgate/health/{upstream}")
}

/// The time that is the same for all who share: to be used with what [`roster`] gives.
pub fn now(host: &impl crate::host::Clock) -> Tick {
    civil(host.unix().0)
}

/// The targets of `set`, with what is shared about each in the store.
pub async fn roster<H: Host>(
    host: &H,
    upstream: &Upstream,
    set: &Arc<Set>,
    store: &StorePlan,
    deadline: Deadline,
) -> Roster {
    let (document, _) = read(host, upstream, store, deadline).await.unwrap_or_default();
    restore(upstream, set, &document, now(host))
}

/// Whether how an exchange with the target at `at` ended is to be told to others.
pub fn is_news(upstream: &Upstream, roster: &Roster, at: usize, outcome: &Outcome) -> bool {
    let circuit = upstream.circuit.as_ref();
    let [whole, target] =
        [|it: &circuit::Circuit| it.upstream.clone(), |it: &circuit::Circuit| it.target.clone()]
            .map(|rule| circuit.and_then(rule));
    let stands = |state: &circuit::State| CircuitRow::of(&state.facts()).is_some();
    let failed = [&whole, &target].into_iter().flatten().any(|rule| rule.is_failure(outcome) == Some(true));
    let known = roster.states.get(at).is_some_and(|state| {
        let Facts { failures, unanswered, .. } = state.health.passive.facts();
        failures + unanswered > 0 || stands(&state.circuit)
    });
    outcome.is_failure() || failed || known || roster.circuit.as_ref().is_some_and(stands)
}

/// Tells others how an exchange ended.
pub async fn tell<H: Host>(host: &H, noted: &Noted) {
    let Some(upstream) = noted.plan.upstreams.get(noted.upstream) else { return };
    let Some(store) = &upstream.health.share else { return };
    for _ in 0..TRIES {
        let Some((document, stored)) = read(host, upstream, store, Deadline::never()).await else { return };
        let mut after = applied(upstream, &document, noted, now(host));
        if after == document
            || write(host, upstream, store, stored.as_deref(), &mut after).await != Some(false)
        {
            return;
        }
    }
}

/// The document after what was noted.
fn applied(upstream: &Upstream, document: &Document, noted: &Noted, now: Tick) -> Document {
    let Some(member) = noted.set.members.get(noted.at) else { return document.clone() };
    let states: Vec<Arc<TargetState>> =
        noted.set.members.iter().map(|it| Arc::new(state(upstream, document, &it.name, now))).collect();
    let state = &states[noted.at];
    super::note(&upstream.health, &states, noted.at, &noted.outcome, now, || noted.chance);
    let circuit = upstream.circuit.as_ref();
    let whole = whole(upstream, document, now);
    if let (Some(rule), Some(pass)) = (circuit.and_then(|it| it.upstream.as_ref()), noted.of_upstream) {
        whole.follow(rule, pass, now);
        whole.note(rule, pass, &noted.outcome, now);
    }
    if let (Some(rule), Some(pass)) = (circuit.and_then(|it| it.target.as_ref()), noted.of_target) {
        state.circuit.follow(rule, pass, now);
        state.circuit.note(rule, pass, &noted.outcome, now);
    }
    let mut after = document.clone();
    after.circuit = CircuitRow::of(&whole.facts());
    let failing = document.row(&member.name).is_some_and(|row| row.failing);
    let mut row = Row { name: member.name.clone(), failing, ..Row::default() };
    row.tell(&state.health.passive.facts());
    row.circuit = CircuitRow::of(&state.circuit.facts());
    after.put(row);
    after.targets.retain(|row| !is_over(upstream, row, now));
    after
}

/// Whether what a row tells has been over for so long that nothing follows from it.
fn is_over(upstream: &Upstream, row: &Row, now: Tick) -> bool {
    let most = upstream.health.passive.as_ref().map_or(Duration::ZERO, |passive| passive.most_time * 2);
    let quiet = row.failures == 0 && row.unanswered == 0 && !row.failing && row.circuit.is_none();
    quiet && now > civil(row.until) + most
}

fn restore(upstream: &Upstream, set: &Arc<Set>, document: &Document, now: Tick) -> Roster {
    let states =
        set.members.iter().map(|member| Arc::new(state(upstream, document, &member.name, now))).collect();
    let circuit = Some(whole(upstream, document, now));
    Roster { set: Arc::clone(set), states, discovered: false, circuit }
}

fn state(upstream: &Upstream, document: &Document, name: &str, now: Tick) -> TargetState {
    let state = TargetState::default();
    // Without anybody who probes, and while the store fails, probes say nothing of anybody.
    state.health.probed.learn(Verdict::Passes);
    let Some(row) = document.row(name) else { return state };
    if let Some(passive) = &upstream.health.passive {
        state.health.passive.learn(&row.facts(now + passive.most_time * 2));
    }
    if row.failing && now < civil(document.probed.saturating_add(BELIEVED)) {
        state.health.probed.learn(Verdict::Fails);
    }
    let rule = upstream.circuit.as_ref().and_then(|circuit| circuit.target.as_ref());
    match circuit_of(rule, row.circuit, now) {
        Some(circuit) => TargetState { circuit, ..state },
        None => state,
    }
}

fn whole(upstream: &Upstream, document: &Document, now: Tick) -> circuit::State {
    let rule = upstream.circuit.as_ref().and_then(|circuit| circuit.upstream.as_ref());
    circuit_of(rule, document.circuit, now).unwrap_or_default()
}

/// The circuit of which `row` tells, where `rule` has one.
fn circuit_of(rule: Option<&circuit::Rule>, row: Option<CircuitRow>, now: Tick) -> Option<circuit::State> {
    let facts = row?.facts(now + rule?.most_open)?;
    Some(circuit::State::of(&facts))
}

/// The document, and how it stands in the store; `None` where the store does not answer.
async fn read<H: Host>(
    host: &H,
    upstream: &Upstream,
    store: &StorePlan,
    deadline: Deadline,
) -> Option<(Document, Option<Bytes>)> {
    let patience = Patience::new(host, TIMEOUT, deadline);
    let key = key(&upstream.name);
    let stored = guarded(host, store, patience, host.get(store, &key)).await.ok()?;
    let document = stored.as_ref().and_then(|bytes| Document::decode(bytes)).unwrap_or_default();
    Some((document, stored))
}

/// Writes the document where it is `before`; whether it was, and `None` where the store does not answer.
async fn write<H: Host>(
    host: &H,
    upstream: &Upstream,
    store: &StorePlan,
    before: Option<&[u8]>,
    document: &mut Document,
) -> Option<bool> {
    let patience = Patience::new(host, TIMEOUT, Deadline::never());
    let key = key(&upstream.name);
    let swap = host.swap(store, &key, before, document.encode(), Some(KEEP));
    guarded(host, store, patience, swap).await.ok()
}
