//! Counting in memory: sharded, bounded, expiring.

use std::array;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Ask, Key, State};

mod shard;

use shard::Shard;

/// How many locks there are. Far more than a server has cores, so that two of them seldom want the same.
const SHARDS: usize = 64;

/// How many keys are remembered unless [`Counters::remember`] says otherwise: about 64 MiB.
const MOST_KEYS: usize = 1_000_000;

/// How many limits are judged together without allocating.
const FEW: usize = 8;

/// What is counted in the memory of one process.
///
/// When as many keys are remembered as may be, a new one takes the place of one that has used least of its permits, of
/// a few: who asks from a million addresses does not make the one be forgotten who is at its limit.
#[derive(Debug)]
pub struct Counters {
    shards: [Lock; SHARDS],
    most_keys: AtomicUsize,
}

/// A shard on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Lock(Mutex<Shard>);

// === impl Counters ===

impl Counters {
    /// Nothing is counted yet. `seed` is a random number of the process's own.
    pub fn seeded(seed: u64) -> Self {
        let shards = array::from_fn(|_| Lock(Mutex::new(Shard::new(seed))));
        Self { shards, most_keys: AtomicUsize::new(MOST_KEYS) }
    }

    /// From now on, remembers at most so many keys, and at least one in each of its 64 shards.
    pub fn remember(&self, most_keys: usize) {
        self.most_keys.store(most_keys, Ordering::Relaxed);
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Judges `asks` together at `now`, in milliseconds since 1970. Nothing else is counted meanwhile for any of their
    /// keys.
    pub fn count(&self, asks: &mut [Ask<'_>], now: u64) {
        match asks {
            [] => {}
            [ask] => self.count_one(ask, now),
            _ if asks.len() <= FEW => {
                let (mut shards, mut after) = ([const { None }; FEW], [State::default(); FEW]);
                self.count_together(asks, now, &mut shards, &mut after);
            }
            _ => {
                let mut shards: Vec<_> = asks.iter().map(|_| None).collect();
                let mut after = vec![State::default(); asks.len()];
                self.count_together(asks, now, &mut shards, &mut after);
            }
        }
    }

    /// Gives back what the verdicts of `asks` took at `now`: the time that they were counted at.
    pub fn give_back(&self, asks: &[Ask<'_>], now: u64) {
        for ask in asks.iter().filter(|ask| ask.verdict.taken > 0) {
            let algorithm = &ask.limit.algorithm;
            let mut shard = self.shards[index(&ask.key)].lock();
            if let Some(state) = shard.state(&ask.key) {
                let state = algorithm.give_back(state, algorithm.span(now), ask.verdict.taken);
                shard.put(&ask.key, algorithm, state, now, self.most_in_a_shard());
            }
        }
    }

    fn count_one(&self, ask: &mut Ask<'_>, now: u64) {
        let algorithm = &ask.limit.algorithm;
        let span = algorithm.span(now);
        let mut shard = self.shards[index(&ask.key)].lock();
        let state = shard.state(&ask.key).unwrap_or_default();
        let (state, verdict) = algorithm.take(state, span, now, ask.least, ask.most);
        ask.verdict = verdict;
        if verdict.taken > 0 {
            shard.put(&ask.key, algorithm, state, now, self.most_in_a_shard());
        }
    }

    /// `shards` and `after` are room for as many as there are asks.
    fn count_together<'a>(
        &'a self,
        asks: &mut [Ask<'_>],
        now: u64,
        shards: &mut [Option<MutexGuard<'a, Shard>>],
        after: &mut [State],
    ) {
        // Locks are taken in the order of their indices, so that no two calls wait for each other.
        let wanted = asks.iter().fold(0_u64, |wanted, ask| wanted | 1 << index(&ask.key));
        let mut left = wanted;
        for shard in shards.iter_mut().take(wanted.count_ones() as usize) {
            *shard = Some(self.shards[left.trailing_zeros() as usize].lock());
            left &= left - 1;
        }
        let place = |key: &Key| (wanted & ((1 << index(key)) - 1)).count_ones() as usize;
        let state = |shards: &[Option<MutexGuard<'_, Shard>>], key: &Key| {
            shards[place(key)].as_ref().and_then(|shard| shard.state(key)).unwrap_or_default()
        };
        for at in 0..asks.len() {
            let key = asks[at].key;
            // One that is asked for twice has already been taken from.
            let state = match asks[..at].iter().rposition(|ask| ask.key == key) {
                Some(earlier) => after[earlier],
                None => state(shards, &key),
            };
            let (least, most, algorithm) = (asks[at].least, asks[at].most, &asks[at].limit.algorithm);
            (after[at], asks[at].verdict) = algorithm.take(state, algorithm.span(now), now, least, most);
        }
        if asks.iter().any(Ask::refuses) {
            // Nothing is taken for any, and so all say what is left without it.
            for ask in asks.iter_mut().filter(|ask| ask.verdict.taken > 0) {
                let algorithm = &ask.limit.algorithm;
                ask.verdict = algorithm.take(state(shards, &ask.key), algorithm.span(now), now, 0, 0).1;
            }
            return;
        }
        for (ask, state) in asks.iter().zip(after).filter(|(ask, _)| ask.verdict.taken > 0) {
            if let Some(shard) = &mut shards[place(&ask.key)] {
                shard.put(&ask.key, &ask.limit.algorithm, *state, now, self.most_in_a_shard());
            }
        }
    }

    fn most_in_a_shard(&self) -> usize {
        (self.most_keys.load(Ordering::Relaxed) / SHARDS).max(1)
    }
}

impl Default for Counters {
    /// For tests and explanations: where keys stand can be foreseen.
    fn default() -> Self {
        Self::seeded(0)
    }
}

// === impl Lock ===

impl Lock {
    fn lock(&self) -> MutexGuard<'_, Shard> {
        // A shard is whole between any two of its changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which shard a key is in. A key is a digest: any part of it is as good as another, and a shard's table looks at the
/// first eight bytes.
fn index(key: &Key) -> usize {
    usize::from(key.0[8]) % SHARDS
}

#[cfg(test)]
mod tests;
