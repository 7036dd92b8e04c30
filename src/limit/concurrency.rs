//! How many requests of a key are in flight: counted from admission until the answer has ended, or the client is gone.
//!
//! There is one count a key while any of its requests is in flight and none after, so that there are never more counts
//! than requests. A [`Hold`] gives back what it took when it is dropped, whatever the reason: nobody can forget it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Key;

/// How many maps the counts are spread over, so that workers seldom meet: a few for each of as many cores as servers have.
const SHARDS: usize = 64;

/// What a refused client is told to wait, in milliseconds: when an answer of another request ends, nobody knows.
pub const RETRY: u64 = 1_000;

/// The requests in flight in one process, by key.
#[derive(Debug)]
pub struct Flights([Mutex<BTreeMap<Key, u64>>; SHARDS]);

/// A part of a count. Dropped, it is given back.
#[derive(Debug)]
pub struct Hold {
    flights: Arc<Flights>,
    key: Key,
    weight: u64,
}

/// What a request holds until its answer has ended.
#[derive(Debug, Default)]
pub struct Held(Vec<Hold>);

// === impl Flights ===

impl Flights {
    /// Takes `weight` of `most` for `key`, and says how many are left; the error is how many there are.
    pub fn hold(self: &Arc<Self>, key: Key, weight: u64, most: u64) -> Result<(Hold, u64), u64> {
        let mut shard = self.shard(&key);
        let count = shard.get(&key).copied().unwrap_or_default();
        let left = most.saturating_sub(count);
        if weight > left {
            return Err(left);
        }
        shard.insert(key, count + weight);
        Ok((Hold { flights: Arc::clone(self), key, weight }, left - weight))
    }

    /// How many are in flight.
    pub fn count(&self, key: &Key) -> u64 {
        self.shard(key).get(key).copied().unwrap_or_default()
    }

    /// How many keys have requests in flight.
    pub fn keys(&self) -> usize {
        self.0.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn release(&self, key: Key, weight: u64) {
        if let Entry::Occupied(mut count) = self.shard(&key).entry(key) {
            *count.get_mut() = count.get().saturating_sub(weight);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, BTreeMap<Key, u64>> {
        // Any byte of a digest is as good as another.
        self.0[usize::from(key.0[15]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Flights {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

// === impl Hold ===

impl Drop for Hold {
    fn drop(&mut self) {
        self.flights.release(self.key, self.weight);
    }
}

// === impl Held ===

impl Held {
    /// Holds this too.
    pub fn push(&mut self, hold: Hold) {
        self.0.push(hold);
    }

    /// Holds what `other` holds, too: a request is judged in two places.
    pub fn join(&mut self, mut other: Self) {
        if self.0.is_empty() {
            *self = other;
        } else {
            self.0.append(&mut other.0);
        }
    }

    /// Gives all of it back.
    pub fn release(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEY: Key = Key([7; 16]);

    #[test]
    fn so_many_at_the_same_time() {
        let flights = Arc::new(Flights::default());
        let (first, left) = flights.hold(KEY, 1, 2).unwrap();
        assert_eq!(left, 1);
        let (_second, left) = flights.hold(KEY, 1, 2).unwrap();
        assert_eq!(left, 0);
        assert_eq!(flights.hold(KEY, 1, 2).unwrap_err(), 0);
        assert!(flights.hold(Key([8; 16]), 1, 1).is_ok(), "another key is another count");
        drop(first);
        assert_eq!(flights.hold(KEY, 2, 2).unwrap_err(), 1);
        assert!(flights.hold(KEY, 1, 2).is_ok());
        assert_eq!(flights.hold(KEY, 1, 0).unwrap_err(), 0, "a limit that became smaller");
    }

    #[test]
    fn no_key_stays() {
        let flights = Arc::new(Flights::default());
        let mut held = Held::default();
        for key in 0..=255 {
            let mut one = Held::default();
            one.push(flights.hold(Key([key; 16]), 3, 9).unwrap().0);
            held.join(one);
        }
        assert_eq!(flights.keys(), 256);
        held.release();
        assert_eq!(flights.keys(), 0);
    }

    #[test]
    fn threads_never_hold_more_than_there_is() {
        let flights = Arc::new(Flights::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let hold = flights.hold(KEY, 1, 3);
                        let count = flights.count(&KEY);
                        assert!(count <= 3, "{count}");
                        assert!(hold.is_err() || count >= 1);
                    }
                });
            }
        });
        assert_eq!(flights.keys(), 0);
    }
}
