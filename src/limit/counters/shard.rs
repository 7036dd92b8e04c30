//! A part of what is counted, behind a lock of its own: no call does more than a bounded piece of work in it.

use hashbrown::HashTable;

use crate::limit::{Algorithm, Key, State};

/// How many places of the table are looked at for states that have expired, when a key is added. A table has up to
/// sixteen places for seven keys, so that it has been walked through before it has grown by a third.
const SWEPT: usize = 8;

/// Of how many keys the one is forgotten that has used least, where there is no room.
const COMPARED: usize = 8;

/// How many keys are forgotten for a new one at most: more than one where fewer may be remembered than could be before.
const FORGOTTEN: usize = 2;

/// What was counted for some keys.
#[derive(Debug, Default)]
pub(super) struct Shard {
    table: HashTable<Counted>,
    /// Which place is looked at next.
    hand: usize,
    /// What nobody outside knows: where a key stands follows from it too.
    seed: u64,
}

/// What was counted for a key.
#[derive(Debug, Clone, Copy)]
struct Counted {
    key: Key,
    state: State,
    /// From when it means the same as nothing, in milliseconds since 1970.
    expires: u64,
    /// Which part of its permits was used when it was counted: 0 for none to [`u16::MAX`] for all.
    used: u16,
}

// === impl Shard ===

impl Shard {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// What was counted for `key`.
    pub(super) fn state(&self, key: &Key) -> Option<State> {
        self.table.find(self.hash(key), |counted| counted.key == *key).map(|counted| counted.state)
    }

    /// Remembers `state`. A new key makes some be forgotten that have expired, and where there are `most` already, one
    /// that means little.
    pub(super) fn put(&mut self, key: &Key, algorithm: &Algorithm, state: State, now: u64, most: usize) {
        let counted =
            Counted { key: *key, state, expires: algorithm.expires(&state), used: used(algorithm, &state) };
        let hashed = self.hash(key);
        if let Some(known) = self.table.find_mut(hashed, |known| known.key == *key) {
            *known = counted;
            return;
        }
        self.sweep(now);
        for _ in 0..FORGOTTEN {
            if self.table.len() >= most {
                self.forget(key, now);
            }
        }
        let seed = self.seed;
        self.table.insert_unique(hashed, counted, |counted| hash(seed, &counted.key));
    }

    fn hash(&self, key: &Key) -> u64 {
        hash(self.seed, key)
    }

    /// Drops what has expired in the next few places.
    fn sweep(&mut self, now: u64) {
        for _ in 0..SWEPT {
            self.hand += 1;
            if self.hand >= self.table.num_buckets() {
                self.hand = 0;
                self.shrink();
            }
            self.drop_at(self.hand, |counted| counted.expires <= now);
        }
    }

    /// After many have expired, gives most of their room back: else walking through it would take longer and longer
    /// compared to what is in it.
    fn shrink(&mut self) {
        if self.table.len() < self.table.num_buckets() / 8 {
            let seed = self.seed;
            self.table.shrink_to(self.table.len() * 2, |counted| hash(seed, &counted.key));
        }
    }

    /// Drops the one of a few that has expired or used least of its permits. Which few, follows from `key`, so that
    /// whoever adds keys cannot choose them well, and from where the hand is, so that the same key does not always
    /// meet the same.
    fn forget(&mut self, key: &Key, now: u64) {
        let places = self.table.num_buckets();
        let first = usize::from(u16::from_le_bytes([key.0[14], key.0[15]])).wrapping_mul(31) + self.hand;
        let least = (0..places)
            .map(|at| (first + at) % places)
            .filter_map(|place| self.table.get_bucket(place).map(|counted| (place, counted)))
            .take(COMPARED)
            .min_by_key(|(_, counted)| (counted.expires > now, counted.used, counted.expires))
            .map(|(place, _)| place);
        if let Some(place) = least {
            self.drop_at(place, |_| true);
        }
    }

    fn drop_at(&mut self, place: usize, is: impl Fn(&Counted) -> bool) {
        if self.table.get_bucket(place).is_some_and(is)
            && let Ok(found) = self.table.get_bucket_entry(place)
        {
            found.remove();
        }
    }
}

/// A key is a digest, but of something that a client may choose: whoever tries out names until many digests begin alike
/// could make a table walk through all of them. Multiplied with what it does not know, and folded so that every bit of the
/// product counts, they are spread all the same.
fn hash(seed: u64, key: &Key) -> u64 {
    /// The golden ratio, of which no bits are alike.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut first = [0; 8];
    first.copy_from_slice(&key.0[..8]);
    let wide = u128::from(u64::from_le_bytes(first) ^ seed) * u128::from(ODD ^ seed.rotate_left(32) | 1);
    (wide >> 64) as u64 ^ wide as u64
}

fn used(algorithm: &Algorithm, state: &State) -> u16 {
    let all = match algorithm {
        Algorithm::Bucket { per, burst, .. } => *burst as f64 * *per as f64,
        _ => algorithm.most() as f64,
    };
    // A cast of a float ends at the ends of its type.
    (state.used.max(state.before) as f64 / all * f64::from(u16::MAX)) as u16
}
