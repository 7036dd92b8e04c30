//! What is kept in the memory of the process: bounded by weight, found under digests, with what was purged of it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use quick_cache::OptionsBuilder;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Weighter};

use super::Entry;
use super::key::Digest;
use super::purge::{InMemory, Order, Purges};
use super::rules::NotKept;
use super::shelf::record::{First, Record, What};
use crate::host::Tick;
use crate::plan::StorePlan;

mod front;

pub use front::Front;

/// All answers kept in the memory of a process, with what was purged of them.
pub struct Shelves {
    cache: Cache<At, Held, Weight>,
    /// How many bytes they may take.
    most: AtomicU64,
    /// How often addresses were made invalid, by a part of their digests.
    epochs: Box<[AtomicU64]>,
    /// Whoever writes under an address has its turn.
    turns: [Mutex<()>; TURNS],
    generations: AtomicU64,
    /// What was purged of the answers that are kept here only.
    purged: InMemory,
    fronts: RwLock<Vec<Arc<Front>>>,
    counts: Counts,
}

/// What happened with the stores of the cache since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Calls that a store answered with an error, or not in time.
    pub failed: u64,
    /// Calls that were not made, because the store had just failed.
    pub skipped: u64,
    /// Addresses that could not be made invalid.
    pub lost: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) lost: AtomicU64,
}

/// Where something stands: in which place, under which digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct At {
    place: u32,
    digest: Digest,
}

/// What stands there.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) record: Record,
    /// When it was read from the store that this is the memory of.
    pub(super) checked: Tick,
    weight: u64,
}

#[derive(Debug, Clone)]
struct Weight;

/// The place of answers that are kept in memory only.
pub(super) const MEMORY: u32 = 0;

/// How many bytes answers may take until a configuration says it.
const UNTIL_TOLD: u64 = 64 << 20;

/// In so many parts memory is, each with a lock of its own and an equal share of the bytes; every core more than that waits
/// for others now and then. A power of two.
const PARTS: usize = 8;

/// The largest share of one answer: what a part takes, with some room.
const SHARE: u64 = PARTS as u64 + 2;

/// How many answers there may be; what is set aside to remember those that were pushed out follows from it.
const ESTIMATE: usize = 16_384;

/// In how many parts addresses are told apart when they are made invalid: answers that are under way for another address of
/// the same part are not kept. 64 KiB.
const EPOCHS: usize = 8_192;

const TURNS: usize = 64;

// === impl Shelves ===

impl Shelves {
    /// How much may be kept from now on, in bytes.
    pub fn resize(&self, bytes: u64) {
        if self.most.swap(bytes, Ordering::Relaxed) != bytes {
            self.cache.set_capacity(bytes);
        }
    }

    /// How many answers are kept, with the records of what tells them apart.
    pub fn entries(&self) -> u64 {
        self.cache.len() as u64
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// What happened with stores so far.
    pub fn totals(&self) -> Totals {
        let Counts { failed, skipped, lost } = &self.counts;
        let [failed, skipped, lost] = [failed, skipped, lost].map(|count| count.load(Ordering::Relaxed));
        Totals { failed, skipped, lost }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was purged so far of the place that is this memory alone.
    pub fn purged(&self) -> Arc<Purges> {
        self.purged.known()
    }

    /// Purges this memory; the number of the purge.
    pub fn purge(&self, order: &Order) -> u64 {
        self.purged.purge(order)
    }

    /// The memory in front of `store`.
    pub(super) fn front(&self, store: &StorePlan) -> Arc<Front> {
        front::of(&self.fronts, store)
    }

    /// How often the address was made invalid, or one that cannot be told from it.
    pub(super) fn epoch(&self, address: &Digest) -> u64 {
        self.epochs[part(address, EPOCHS)].load(Ordering::Acquire)
    }

    /// Has the turn to write under an address.
    pub(super) fn turn(&self, address: &Digest) -> MutexGuard<'_, ()> {
        self.turns[part(address, TURNS)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A generation that no address had yet.
    pub(super) fn generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn get(&self, place: u32, digest: &Digest) -> Option<Held> {
        self.cache.get(&At { place, digest: *digest })
    }

    /// What stands under an address.
    pub(super) fn first(&self, place: u32, address: &Digest) -> Option<First> {
        match self.get(place, address)?.record {
            Record::First(first) => Some(first),
            Record::Variant(_) => None,
        }
    }

    /// Whether an answer is small enough to be kept here.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn takes(&self, entry: &Entry) -> Result<(), NotKept> {
        match entry.weight() <= self.most.load(Ordering::Relaxed) / SHARE {
            true => Ok(()),
            false => Err(NotKept("it is larger than a tenth of the memory for answers")),
        }
    }

    /// Puts something somewhere. Whoever does has the turn of its address.
    pub(super) fn put(&self, place: u32, digest: Digest, record: Record, checked: Tick) {
        let weight = weight(&record);
        self.cache.insert(At { place, digest }, Held { record, checked, weight });
    }

    /// Takes `entry` away, if it is still there.
    pub(super) fn drop(&self, place: u32, digest: &Digest, entry: &Arc<Entry>) {
        self.cache.remove_if(&At { place, digest: *digest }, |held| match &held.record {
            Record::First(First { what: What::Answer(it), .. }) | Record::Variant(it) => {
                Arc::ptr_eq(it, entry)
            }
            Record::First(_) => false,
        });
    }

    /// Makes an address invalid, and whatever is under way for it.
    pub(super) fn forget(&self, place: u32, address: &Digest) {
        let _turn = self.turn(address);
        self.epochs[part(address, EPOCHS)].fetch_add(1, Ordering::AcqRel);
        self.cache.remove(&At { place, digest: *address });
    }
}

impl Default for Shelves {
    fn default() -> Self {
        let mut options = OptionsBuilder::new();
        options.shards(PARTS).estimated_items_capacity(ESTIMATE).weight_capacity(UNTIL_TOLD);
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let cache = match options.build() {
            Ok(options) => Cache::with_options(options, Weight, hasher, lifecycle),
            // Only where something was left out above.
            Err(_) => Cache::with(ESTIMATE, UNTIL_TOLD, Weight, hasher, lifecycle),
        };
        Self {
            cache,
            most: UNTIL_TOLD.into(),
            epochs: (0..EPOCHS).map(|_| AtomicU64::default()).collect(),
            turns: [const { Mutex::new(()) }; TURNS],
            generations: AtomicU64::default(),
            purged: InMemory::default(),
            fronts: RwLock::default(),
            counts: Counts::default(),
        }
    }
}

impl fmt::Debug for Shelves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most, .. } = self;
        f.debug_struct("Shelves")
            .field("entries", &self.entries())
            .field("most", most)
            .finish_non_exhaustive()
    }
}

// === impl Weight ===

impl Weighter<At, Held> for Weight {
    fn weight(&self, _: &At, held: &Held) -> u64 {
        held.weight
    }
}

fn weight(record: &Record) -> u64 {
    /// What a record without answer takes, with its place in the table.
    const BARE: usize = 384;
    match record {
        Record::First(First { what: What::Answer(entry), .. }) | Record::Variant(entry) => entry.weight(),
        Record::First(First { what: What::Varies(varies), .. }) => {
            let names: usize = varies.names.iter().map(|name| size_of_val(name) + name.as_str().len()).sum();
            (BARE + names + size_of_val(&*varies.kept)) as u64
        }
        Record::First(First { what: What::Gone, .. }) => BARE as u64,
    }
}

/// In which of `parts` a digest is: a power of two.
fn part(digest: &Digest, parts: usize) -> usize {
    let [one, two, ..] = digest.0;
    usize::from(u16::from_le_bytes([one, two])) % parts
}
