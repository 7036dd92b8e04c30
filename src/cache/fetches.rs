//! One fetch for many who wait: requests that are alike wait for the one that asks the upstream. And for what is being
//! written into a store: who has an answer and asks again finds it there.
//!
//! Whoever comes first leads. When the leader's client goes away before the answer is complete, one of those who wait
//! leads in its place; when the upstream fails, all of them are told so, and nobody asks again in turn.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use super::key::Digest;
use crate::body::Alarm;
use crate::host::{Clock, Tick};
use crate::problem::Problem;

/// Fetches that are under way.
#[derive(Debug)]
pub struct Fetches {
    /// By the first byte of their digest, so that threads seldom meet.
    shards: [Mutex<BTreeMap<Digest, Arc<Fetch>>>; SHARDS],
    /// How many have come to their end, by the first byte of their digest.
    ended: [AtomicU64; BYTES],
}

#[derive(Debug, Default)]
struct Fetch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    landing: Option<Landing>,
    /// Who waits, by the order in which they came.
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

/// What a fetch came to, for those who waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// The answer is kept: it may be for them too.
    Kept,
    /// It is not kept, or not for others: everybody asks for itself.
    NotKept,
    /// The upstream failed.
    Failed(Problem),
    /// The leader went away: somebody else leads.
    Abandoned,
}

/// A place in a fetch.
#[derive(Debug)]
pub enum Joined {
    /// First: fetch, and say what came of it.
    Lead(Lead),
    /// Not first.
    Wait(Follow),
}

/// The duty to fetch. Dropped without a word, somebody else has it.
#[derive(Debug)]
pub struct Lead {
    fetches: Arc<Fetches>,
    key: Digest,
    fetch: Arc<Fetch>,
    landed: bool,
}

/// The right to wait.
#[derive(Debug)]
pub struct Follow {
    fetch: Arc<Fetch>,
    /// Under which number; none before the first look.
    number: Option<u64>,
}

const SHARDS: usize = 16;
const BYTES: usize = 1 << 8;

// === impl Fetches ===

impl Default for Fetches {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            ended: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Fetches {
    /// Takes part in the fetch of what `key` stands for.
    pub fn join(self: &Arc<Self>, key: Digest) -> Joined {
        let mut shard = self.shard(&key).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetch) = shard.get(&key) {
            return Joined::Wait(Follow { fetch: Arc::clone(fetch), number: None });
        }
        let fetch = Arc::new(Fetch::default());
        shard.insert(key, Arc::clone(&fetch));
        Joined::Lead(Lead { fetches: Arc::clone(self), key, fetch, landed: false })
    }

    /// The right to wait for what `key` stands for, where somebody is at it.
    pub fn follow(&self, key: &Digest) -> Option<Follow> {
        let shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
        shard.get(key).map(|fetch| Follow { fetch: Arc::clone(fetch), number: None })
    }

    /// A number that is another one after a fetch of what `key` stands for has come to its end. It may be another one without
    /// that, seldom.
    pub fn ended(&self, key: &Digest) -> u64 {
        self.ended[usize::from(key.0[0])].load(Ordering::Acquire)
    }

    fn shard(&self, key: &Digest) -> &Mutex<BTreeMap<Digest, Arc<Fetch>>> {
        &self.shards[usize::from(key.0[0]) % SHARDS]
    }
}

// === impl Lead ===

impl Lead {
    /// Tells those who wait.
    pub fn land(mut self, landing: Landing) {
        self.tell(landing);
    }

    fn tell(&mut self, landing: Landing) {
        if std::mem::replace(&mut self.landed, true) {
            return;
        }
        self.fetches.ended[usize::from(self.key.0[0])].fetch_add(1, Ordering::AcqRel);
        // Off the list first: whoever looks for the fetch from now on begins another.
        self.fetches.shard(&self.key).lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        let mut state = self.fetch.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.landing = Some(landing);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.tell(Landing::Abandoned);
    }
}

// === impl Follow ===

impl Follow {
    /// What the fetch came to; `None` where it takes longer than until `due`.
    pub async fn landing<C: Clock>(mut self, clock: &C, due: Tick) -> Option<Landing> {
        let mut alarm = pin!(Alarm::<C>::unset());
        poll_fn(|cx| match self.look(cx.waker()) {
            Some(landing) => Poll::Ready(Some(landing)),
            None => alarm.as_mut().poll_due(clock, due, cx).map(|()| None),
        })
        .await
    }

    fn look(&mut self, waker: &Waker) -> Option<Landing> {
        let mut state = self.fetch.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.landing.is_some() {
            return state.landing;
        }
        let number = *self.number.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.waiting.insert(number, waker.clone());
        None
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.fetch.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lead(fetches: &Arc<Fetches>) -> Lead {
        match fetches.join(Digest([7; 32])) {
            Joined::Lead(lead) => lead,
            Joined::Wait(_) => panic!("somebody leads already"),
        }
    }

    fn follow(fetches: &Arc<Fetches>) -> Follow {
        match fetches.join(Digest([7; 32])) {
            Joined::Wait(follow) => follow,
            Joined::Lead(_) => panic!("nobody leads"),
        }
    }

    #[test]
    fn those_who_wait_are_told_once() {
        let fetches = Arc::new(Fetches::default());
        let leader = lead(&fetches);
        let (mut one, mut two) = (follow(&fetches), follow(&fetches));
        assert_eq!(one.look(Waker::noop()), None);
        assert_eq!(one.look(Waker::noop()), None);
        leader.land(Landing::Failed(Problem::UpstreamRefused));
        assert_eq!(one.look(Waker::noop()), Some(Landing::Failed(Problem::UpstreamRefused)));
        assert_eq!(two.look(Waker::noop()), Some(Landing::Failed(Problem::UpstreamRefused)));
        drop(lead(&fetches));
    }

    #[test]
    fn the_end_of_a_fetch_can_be_seen_afterwards() {
        let fetches = Arc::new(Fetches::default());
        let before = fetches.ended(&Digest([7; 32]));
        let leader = lead(&fetches);
        assert_eq!(fetches.ended(&Digest([7; 32])), before);
        leader.land(Landing::Kept);
        assert_ne!(fetches.ended(&Digest([7; 32])), before);
    }

    #[test]
    fn whoever_leads_and_goes_away_leaves_the_lead_to_others() {
        let fetches = Arc::new(Fetches::default());
        let leader = lead(&fetches);
        let mut one = follow(&fetches);
        assert_eq!(one.look(Waker::noop()), None);
        drop(leader);
        assert_eq!(one.look(Waker::noop()), Some(Landing::Abandoned));
        lead(&fetches).land(Landing::Kept);
    }

    #[test]
    fn whoever_waits_no_longer_is_forgotten() {
        let fetches = Arc::new(Fetches::default());
        let leader = lead(&fetches);
        let mut one = follow(&fetches);
        assert_eq!(one.look(Waker::noop()), None);
        drop(one);
        assert!(leader.fetch.0.lock().unwrap().waiting.is_empty());
    }
}
