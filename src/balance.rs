//! Which target of an upstream a request goes to.
//!
//! A choice is a function of the set of targets, of what is known about each, of the request's key and of chance. What a host
//! remembers of targets ([`crate::pool`]) makes better choices; every choice can be made without it.
//!
//! Targets stand on levels ([`Set`]): by tier, and within a tier those of the gateway's own zone before the others. A request
//! goes to the first level while enough of it is fit, and in proportion to later ones as it is not (`search`); within the
//! level the [`Policy`] draws (`draw`).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::host::Tick;
use crate::plan::Target;
use crate::pool::TargetState;
use crate::retry::Outcome;

mod draw;
pub mod ewma;
pub mod hash;
pub mod key;
pub mod logarithm;
pub mod maglev;
mod rendezvous;
mod search;
mod set;
pub mod sticky;

pub use key::Part;
pub use set::Set;
pub use sticky::Sticky;

/// One target of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What tells it apart in hashes, metrics and reports.
    pub name: Box<str>,
    /// Where it is.
    pub target: Target,
    /// Its share of requests, compared with the others'; 0 for none but those of sessions that it has.
    pub weight: u32,
    /// Its tier; 0 is asked first.
    pub priority: u32,
    /// Where it runs.
    pub zone: Option<Box<str>>,
}

/// How a target is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// How one of a level is drawn.
    pub policy: Policy,
    /// Where the gateway runs: within a tier, targets there are asked before others.
    pub zone: Option<Box<str>>,
    /// Where fewer than so many percent of a level are fit, and all levels together are too few, all of it is asked; 0 for
    /// never.
    pub panic: u8,
    /// Over how long a target that joins comes to its share.
    pub slow_start: Option<Duration>,
    /// How clients stay with a target.
    pub sticky: Option<Sticky>,
}

/// How one target of several is drawn. All draw by weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Policy {
    /// By chance.
    #[default]
    Random,
    /// In turn.
    RoundRobin,
    /// Of two drawn by chance, the one with fewer exchanges in flight (Mitzenmacher, The Power of Two Choices in Randomized
    /// Load Balancing, 2001).
    LeastRequests,
    /// Of two drawn by chance, the one that is expected to answer sooner ([`ewma`]).
    PeakEwma,
    /// By the request's key, from a table ([`maglev`]).
    Maglev {
        /// What makes the key.
        key: Box<[Part]>,
        /// How many places the table has: a prime number.
        places: u32,
    },
    /// By the request's key, the target with the highest score (weighted rendezvous hashing).
    Rendezvous {
        /// What makes the key.
        key: Box<[Part]>,
    },
}

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
    /// The target that the client's session is with, by the hash of its name.
    pub session: Option<u64>,
    /// Indices of targets that were asked for this request already: asked again only where there is no other.
    pub tried: &'a [usize],
    /// Random bits.
    pub chance: u64,
    /// The time.
    pub now: Tick,
}

/// Where fewer than so many percent are fit, fitness says more about the judge than about the targets.
pub const USUAL_PANIC: u8 = 50;

// === impl Balance ===

impl Default for Balance {
    fn default() -> Self {
        Self { policy: Policy::default(), zone: None, panic: USUAL_PANIC, slow_start: None, sticky: None }
    }
}

// === impl Policy ===

impl Policy {
    /// What makes the key of a request, where targets are drawn by one.
    pub fn key(&self) -> Option<&[Part]> {
        match self {
            Self::Maglev { key, .. } | Self::Rendezvous { key } => Some(key),
            _ => None,
        }
    }
}

/// The index of the target to ask. `fit` says of each whether it should be asked; it is called once or twice where the first
/// that is drawn is fit, and for all targets where it is not. Nothing is allocated.
///
/// `None` only where there is no target with a weight, or none is fit and the panic threshold is 0. A target that is not fit
/// is chosen only where too few are ([`Balance::panic`]); one that was tried, only where no other may be asked.
pub fn choose(choosing: &Choosing<'_>, fit: impl Fn(usize) -> bool) -> Option<usize> {
    let session = choosing.session.and_then(|hash| choosing.set.by_hash(hash));
    if let Some(at) = session
        && fit(at)
        && !choosing.tried.contains(&at)
    {
        return Some(at);
    }
    let first = choosing.set.levels().first()?;
    let mut draws = draw::Draws::new(choosing);
    let drawn = draws.draw(first);
    if !fit(drawn) || choosing.tried.contains(&drawn) {
        return search::search(choosing, &mut draws, drawn, &fit);
    }
    let may = |at: usize| fit(at) && !choosing.tried.contains(&at);
    if draws.is_warm(drawn) { Some(draws.better(first, drawn, &may)) } else { draws.pick(first, &may) }
}

/// Takes note of how an exchange with a target ended, for choices to come.
pub fn note(state: &TargetState, outcome: &Outcome, now: Tick) {
    ewma::note(&state.load, outcome, now);
}
