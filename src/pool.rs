//! What a host remembers of upstreams: their targets, and how they are doing.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::admission::{Gate, Ticket};
use crate::balance::Set;
use crate::host::Tick;
use crate::plan::Upstream;
use crate::retry::{Budget, Latencies};
use crate::{circuit, discovery, health};

/// The pools of a process, by the names of their upstreams, sorted as upstreams of a plan are.
#[derive(Debug, Default)]
pub struct Pools(RwLock<Vec<(Box<str>, Arc<Pool>)>>);

/// What is remembered of one upstream.
#[derive(Debug, Default)]
pub struct Pool {
    roster: RwLock<Arc<Roster>>,
    /// Who is in flight and who waits.
    pub gate: Arc<Gate>,
    /// The circuit of the upstream as a whole.
    pub circuit: circuit::State,
    /// How many retries there may be.
    pub budget: Budget,
    /// How long it took lately.
    pub latencies: Latencies,
    /// Grows with each choice that goes round.
    pub turn: AtomicU64,
    /// How the source of its targets is doing, where they are discovered.
    pub source: discovery::status::Status,
}

/// The targets in force, with what is known about each. Never changed, only replaced.
#[derive(Debug, Default)]
pub struct Roster {
    /// The targets.
    pub set: Arc<Set>,
    /// What is known about each, in the same order; empty where nothing is remembered.
    pub states: Box<[Arc<TargetState>]>,
    /// It was discovered, and not only written.
    pub discovered: bool,
    /// The circuit of the upstream as a whole, where no [`Pool`] has it because the host remembers nothing.
    pub circuit: Option<circuit::State>,
}

/// What is known about one target. Lives as long as some roster has it.
#[derive(Debug, Default)]
pub struct TargetState {
    /// Exchanges that have not ended.
    pub in_flight: AtomicU32,
    /// Peak-sensitive moving average of how long answers take; see [`crate::balance`].
    pub load: AtomicU64,
    /// The tick at which it joined a roster that was in force already; 0 for the first.
    pub joined: AtomicU64,
    /// Its health.
    pub health: health::State,
    /// Its circuit.
    pub circuit: circuit::State,
}

/// An exchange in flight, counted until it is dropped.
#[derive(Debug)]
pub struct Flight(Arc<TargetState>);

/// What a request holds of an upstream until its answer has ended.
#[derive(Debug, Default)]
pub struct Taken {
    /// Its place among those in flight.
    pub ticket: Option<Ticket>,
    /// The target that answers.
    pub flight: Option<Flight>,
}

// === impl Pools ===

impl Pools {
    /// The pools of `upstreams`, in their order; what is remembered of others is forgotten, but for who uses it still.
    /// Targets that are new to a pool join at `now`.
    pub fn adopt(&self, upstreams: &[Upstream], now: Tick) -> Box<[Arc<Pool>]> {
        let mut pools = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let adopted: Vec<(Box<str>, Arc<Pool>)> = upstreams
            .iter()
            .map(|upstream| {
                let pool = known(&pools, upstream).unwrap_or_default();
                pool.adopt(upstream, now);
                (upstream.name.clone(), pool)
            })
            .collect();
        pools.clone_from(&adopted);
        adopted.into_iter().map(|(_, pool)| pool).collect()
    }

    /// The pools of `upstreams` as they are, in their order; a fresh one for each that is not known.
    pub fn of(&self, upstreams: &[Upstream]) -> Box<[Arc<Pool>]> {
        let pools = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let find = |upstream: &Upstream| {
            known(&pools, upstream).unwrap_or_else(|| {
                let pool = Arc::new(Pool::default());
                pool.adopt(upstream, Tick(0));
                pool
            })
        };
        upstreams.iter().map(find).collect()
    }

    /// All pools, by the names of their upstreams.
    pub fn all(&self) -> Vec<(Box<str>, Arc<Pool>)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The pool of an upstream, where it is remembered.
fn known(pools: &[(Box<str>, Arc<Pool>)], upstream: &Upstream) -> Option<Arc<Pool>> {
    let at = pools.binary_search_by(|(name, _)| name.cmp(&upstream.name)).ok()?;
    Some(Arc::clone(&pools[at].1))
}

// === impl Pool ===

impl Pool {
    /// The targets in force.
    pub fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.roster.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the targets that are written in force, unless others were discovered.
    fn adopt(&self, upstream: &Upstream, now: Tick) {
        let current = self.roster();
        let stands = current.discovered && upstream.discovery.is_some();
        if stands && !current.set.suits(&upstream.balance) {
            let set = Set::new(current.set.members.to_vec(), &upstream.balance);
            return self.replace(Arc::new(set), true, now);
        }
        if !stands && (current.discovered || *current.set != *upstream.targets) {
            self.replace(Arc::clone(&upstream.targets), false, now);
        }
    }

    /// Has `set` in force from `now` on. What is known about targets that stay is kept.
    pub fn replace(&self, set: Arc<Set>, discovered: bool, now: Tick) {
        let mut roster = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        let before = Arc::clone(&roster);
        // 0 says that it was there from the beginning.
        let joined = if before.set.members.is_empty() { 0 } else { now.0.max(1) };
        let state = |name: &str| {
            let known = before.set.members.binary_search_by(|member| (*member.name).cmp(name)).ok();
            let known = known.and_then(|at| before.states.get(at)).map(Arc::clone);
            known.unwrap_or_else(|| {
                Arc::new(TargetState { joined: AtomicU64::new(joined), ..TargetState::default() })
            })
        };
        let states = set.members.iter().map(|member| state(&member.name)).collect();
        *roster = Arc::new(Roster { set, states, discovered, circuit: None });
    }
}

// === impl Flight ===

impl Flight {
    /// Begins one, unless there are `most` already.
    pub fn begin(state: &Arc<TargetState>, most: Option<u32>) -> Option<Self> {
        let most = most.unwrap_or(u32::MAX);
        let more = |count: u32| (count < most).then(|| count.saturating_add(1));
        let begun = state.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        begun.is_ok().then(|| Self(Arc::clone(state)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
