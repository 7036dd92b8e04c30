//! Which target of an upstream a request goes to.
//!
//! A choice is a function of the set of targets, of what is known about each, of the request's key and of chance. What a host
//! remembers of targets ([`crate::pool`]) makes better choices; every choice can be made without it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::host::Tick;
use crate::plan::Target;
use crate::pool::TargetState;
use crate::retry::Outcome;

/// One target of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What tells it apart in hashes, metrics and reports.
    pub name: Box<str>,
    /// Where it is.
    pub target: Target,
    /// Its share of requests, compared with the others'; 0 for none.
    pub weight: u32,
    /// Its tier; 0 is asked first.
    pub priority: u32,
    /// Where it runs.
    pub zone: Option<Box<str>>,
}

/// The targets of an upstream, in the order of their names, with what choices need worked out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// In the order of their names.
    pub members: Box<[Member]>,
}

/// How a target is chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Balance {}

/// All that a choice depends on.
#[derive(Debug)]
pub struct Choosing<'a> {
    /// The targets.
    pub set: &'a Set,
    /// What is known about each; empty where nothing is.
    pub states: &'a [Arc<TargetState>],
    /// How to choose.
    pub balance: &'a Balance,
    /// Grows with each choice that goes round; random where nothing is remembered.
    pub turn: &'a AtomicU64,
    /// A hash of what the request is balanced by, where it is.
    pub key: Option<u64>,
    /// Indices of targets that were asked for this request already: asked again only where there is no other.
    pub tried: &'a [usize],
    /// Random bits.
    pub chance: u64,
    /// The time.
    pub now: Tick,
}

// === impl Set ===

impl Set {
    /// The set of these targets.
    pub fn new(mut members: Vec<Member>) -> Self {
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members.dedup_by(|a, b| a.name == b.name);
        Self { members: members.into() }
    }
}

/// The index of the target to ask; `None` where there is none. `fit` says of each whether it should be asked.
pub fn choose(choosing: &Choosing<'_>, fit: impl Fn(usize) -> bool) -> Option<usize> {
    let members = &choosing.set.members;
    let may = |at: &usize| members[*at].weight > 0 && fit(*at);
    let all: Vec<usize> = (0..members.len()).filter(may).collect();
    let fresh: Vec<usize> = all.iter().copied().filter(|at| !choosing.tried.contains(at)).collect();
    let candidates = if fresh.is_empty() { all } else { fresh };
    let count = u64::try_from(candidates.len()).ok()?;
    let at = usize::try_from(choosing.chance.checked_rem(count)?).ok()?;
    candidates.get(at).copied()
}

/// Takes note of how an exchange with a target ended, for choices to come.
pub fn note(state: &TargetState, outcome: &Outcome, now: Tick) {
    let _ = (state, outcome, now);
}
