//! Keeping in a store, with memory in front of it where there is any.
//!
//! What is kept in memory is believed for as long as the author says, counted from when the store was asked. All that a
//! lookup asks of a store together takes no longer than one call may.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::super::memory::{Front, Shelves};
use super::super::purge;
use super::super::rules::NotKept;
use super::super::{Caching, Entry};
use super::both::both;
use super::local::{INVALID, useful};
use super::look::{Judge, Looked, Step};
use super::next::Next;
use super::record::{First, Record, What};
use super::slot::{Layout, Stood, first};
use super::{Digest, Found, Seen, Sight, Sought};
use crate::breaker::{self, Missed, Patience};
use crate::deadline::Deadline;
use crate::host::{Host, StoreError, Tick, UnixMillis};
use crate::plan::StorePlan;

/// How long a store remembers that an address was made invalid.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How long after it was looked for an answer may be kept: while the store remembers surely.
const LONGEST_FETCH: Duration = Duration::from_secs(480);

/// The largest value that stores take (Spin: 1 MiB).
const LARGEST: usize = 1 << 20;

/// How often an answer is written where others write under the same address at the same time.
pub const ATTEMPTS: usize = 3;

/// A store, and how it is asked.
struct Depot<'a, H> {
    host: &'a H,
    caching: &'a Caching,
    store: &'a StorePlan,
    layout: Layout,
    patience: Patience,
    /// The memory in front of it, where any of it is believed.
    front: Option<(&'a Shelves, Arc<Front>)>,
    /// How often the address was made invalid by this process when this began.
    epoch: u64,
    begun: Tick,
    now: UnixMillis,
}

/// Looks for an answer in the store of this index.
pub async fn find<H: Host>(
    host: &H,
    caching: &Caching,
    index: usize,
    sought: &Sought<'_>,
    deadline: Deadline,
) -> Found {
    let Some(depot) = Depot::new(host, caching, index, &sought.keys.address, deadline) else {
        return Found::default();
    };
    if let Some(found) = depot.remembered(sought, caching.trust_memory) {
        return found;
    }
    depot.find(sought).await.unwrap_or_default()
}

/// Keeps an answer in the store of this index.
///
/// # Errors
/// Why it is not kept.
pub async fn keep<H: Host>(
    host: &H,
    caching: &Caching,
    index: usize,
    sought: &Sought<'_>,
    seen: &Seen,
    entry: &Arc<Entry>,
) -> Result<(), NotKept> {
    let Sight::Store { stood, epoch, asked } = seen.sight else {
        return Err(NotKept("nobody has looked for it in the store"));
    };
    let address = &sought.keys.address;
    let Some(depot) = Depot::new(host, caching, index, address, Deadline::never()) else {
        return Err(NotKept("there is no such store"));
    };
    useful(entry, depot.now)?;
    if depot.begun.since(asked) > LONGEST_FETCH {
        return Err(NotKept("it took too long to tell whether its address was made invalid since"));
    }
    if depot.epoch != epoch {
        return Err(INVALID);
    }
    for _ in 0..ATTEMPTS {
        if depot.keep(sought, stood, entry).await? {
            return Ok(());
        }
    }
    Err(NotKept("others wrote under its address at the same time"))
}

/// Makes an address invalid in the store of this index; whether that could be written.
pub async fn invalidate<H: Host>(
    host: &H,
    caching: &Caching,
    index: usize,
    address: &Digest,
    deadline: Deadline,
) -> bool {
    let Some(depot) = Depot::new(host, caching, index, address, deadline) else { return false };
    depot.forget(address);
    let gone = Record::First(First { generation: depot.chance(), what: What::Gone });
    let Some(value) = gone.encode(address) else { return false };
    let key = depot.layout.key(address);
    let written = depot.ask(pin!(host.set_for(depot.store, &key, value, REMEMBERED))).await;
    // Again: somebody may have read what was there before.
    depot.forget(address);
    if let (Err(_), Some(memory)) = (written, host.memory()) {
        memory.cache.counts().lost.fetch_add(1, Ordering::Relaxed);
    }
    written.is_ok()
}

// === impl Depot ===

impl<'a, H: Host> Depot<'a, H> {
    fn new(
        host: &'a H,
        caching: &'a Caching,
        index: usize,
        address: &Digest,
        deadline: Deadline,
    ) -> Option<Self> {
        let store = caching.stores.get(index)?;
        let shelves = host.memory().map(|memory| &memory.cache);
        Some(Self {
            host,
            caching,
            store,
            layout: Layout::new(host, caching, store),
            patience: Patience::new(host, caching.timeout, deadline),
            epoch: shelves.map_or(0, |shelves| shelves.epoch(address)),
            front: shelves
                .filter(|_| !caching.trust_memory.is_zero())
                .map(|shelves| (shelves, shelves.front(store))),
            begun: host.tick(),
            now: host.unix(),
        })
    }

    /// What `call` comes to. It is pinned by whoever calls, because a future that is given away whole is there twice in
    /// each function that it passes through.
    async fn ask<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, Missed> {
        let answer = breaker::guarded(self.host, self.store, self.patience, call).await;
        if let (Err(missed), Some(memory)) = (&answer, self.host.memory()) {
            let counts = memory.cache.counts();
            match missed {
                Missed::Failed => counts.failed.fetch_add(1, Ordering::Relaxed),
                Missed::Skipped => counts.skipped.fetch_add(1, Ordering::Relaxed),
                Missed::Hurried => 0,
            };
        }
        answer
    }

    fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        self.host.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Makes an address invalid in the memory in front of the store.
    fn forget(&self, address: &Digest) {
        if let Some(memory) = self.host.memory() {
            let shelves = &memory.cache;
            shelves.forget(shelves.front(self.store).place, address);
        }
    }

    /// What memory has, as far as it is believed.
    fn remembered(&self, sought: &Sought<'_>, trust: Duration) -> Option<Found> {
        let (shelves, front) = self.front.as_ref()?;
        let purges = front.purges(trust, self.begun)?;
        let judge = Judge { sought, purges: &purges, now: self.now };
        let looked = judge.look(shelves, front.place, |checked| self.begun < checked + trust);
        let stood = Stood::Ours(looked.generation?);
        looked.entry.is_some().then(|| self.found(looked, purges.serial(), stood))
    }

    fn found(&self, looked: Looked, serial: u64, stood: Stood) -> Found {
        let sight = Sight::Store { stood, epoch: self.epoch, asked: self.begun };
        Found::new(looked, Seen { serial, sight })
    }

    /// What the store has.
    async fn find(&self, sought: &Sought<'_>) -> Result<Found, Missed> {
        let address = &sought.keys.address;
        let key = self.layout.key(address);
        let (host, store) = (self.host, self.store);
        // The request's own time is looked at around it: to have too little of it is no fault of the store's.
        let known = pin!(purge::known(host, self.caching, store, Deadline::never()));
        let get = pin!(host.get(store, &key));
        let (value, purges) = self.ask(pin!(both(get, known))).await?;
        let purges = Arc::new(purges);
        if let Some((_, front)) = &self.front {
            front.learn(&purges, self.begun);
        }
        let first = first(value.as_ref(), address);
        let stood = Stood::new(value.as_ref(), first.as_ref());
        let judge = Judge { sought, purges: &purges, now: self.now };
        let Some(first) = first else {
            return Ok(self.found(Looked::default(), purges.serial(), stood));
        };
        let tries = match judge.step(&first) {
            Step::Done(looked) => {
                if looked.entry.is_some() {
                    self.hold(sought, [(*address, Record::First(first))]);
                }
                return Ok(self.found(looked, purges.serial(), stood));
            }
            Step::Tries(tries) => tries,
        };
        let mut looked = Looked { entry: None, others: true, generation: Some(first.generation) };
        for digest in tries {
            // What was seen so far is worth knowing, also where the store does not answer now.
            let Ok(value) = self.ask(pin!(host.get(store, &self.layout.key(&digest)))).await else { break };
            let Some(Record::Variant(entry)) = value.and_then(|value| Record::decode(&value, &digest)) else {
                continue;
            };
            if let Some(taken) = judge.takes(&entry) {
                let held = [(digest, Record::Variant(entry)), (*address, Record::First(first))];
                self.hold(sought, held);
                looked = Looked { entry: Some(taken), others: false, ..looked };
                break;
            }
        }
        Ok(self.found(looked, purges.serial(), stood))
    }

    /// Keeps what was read or written in the memory in front of the store, where the address was not made invalid since.
    fn hold(&self, sought: &Sought<'_>, records: impl IntoIterator<Item = (Digest, Record)>) {
        let Some((shelves, front)) = &self.front else { return };
        let address = &sought.keys.address;
        let records = records.into_iter().filter_map(|it| Some((it.0, detached(shelves, it.1)?)));
        let records: Vec<_> = records.collect();
        let _turn = shelves.turn(address);
        if shelves.epoch(address) == self.epoch {
            for (digest, record) in records {
                shelves.put(front.place, digest, record, self.begun);
            }
        }
    }

    /// Writes an answer; whether nobody else did so at the same time.
    async fn keep(&self, sought: &Sought<'_>, stood: Stood, entry: &Arc<Entry>) -> Result<bool, NotKept> {
        let (host, store, address) = (self.host, self.store, &sought.keys.address);
        let key = self.layout.key(address);
        let value = self.ask(pin!(host.get(store, &key))).await.map_err(unanswered)?;
        let current = first(value.as_ref(), address);
        if Stood::new(value.as_ref(), current.as_ref()) != stood {
            return Err(INVALID);
        }
        let generation = current.as_ref().map_or_else(|| self.chance(), |first| first.generation);
        let next = Next::new(current.as_ref(), sought, entry, self.now)?;
        let (first, variant) = next.under(generation, sought, entry);
        let mut held = Vec::new();
        if let Some(digest) = variant {
            let record = Record::Variant(Arc::clone(entry));
            let (key, value) = (self.layout.key(&digest), encoded(&record, &digest)?);
            let keep = self.left(entry.useful_until());
            self.ask(pin!(host.set_for(store, &key, value, keep))).await.map_err(unanswered)?;
            held.push((digest, record));
        }
        let changed = first.is_some();
        if let Some(first) = first.or(current) {
            let until = match &first.what {
                What::Varies(varies) => varies.until,
                What::Gone | What::Answer(_) => entry.useful_until(),
            };
            let record = Record::First(first);
            if changed {
                let after = encoded(&record, address)?;
                let keep = Some(self.left(until));
                let written = self.ask(pin!(host.swap(store, &key, value.as_deref(), after, keep))).await;
                if !written.map_err(unanswered)? {
                    return Ok(false);
                }
            }
            held.push((*address, record));
        }
        self.hold(sought, held);
        Ok(true)
    }

    /// How long it is until `end`; stores take no lifetime that is none.
    fn left(&self, end: UnixMillis) -> Duration {
        Duration::from_millis(end.0.saturating_sub(self.now.0)).max(Duration::from_secs(1))
    }
}

/// The same in memory of its own; `None` where it is too large.
fn detached(shelves: &Shelves, record: Record) -> Option<Record> {
    let detached = |entry: &Entry| shelves.takes(entry).ok().map(|()| Arc::new(entry.detached()));
    Some(match record {
        Record::Variant(entry) => Record::Variant(detached(&entry)?),
        Record::First(First { generation, what: What::Answer(entry) }) => {
            Record::First(First { generation, what: What::Answer(detached(&entry)?) })
        }
        Record::First(first) => Record::First(first),
    })
}

fn encoded(record: &Record, digest: &Digest) -> Result<Bytes, NotKept> {
    let value = record.encode(digest).filter(|value| value.len() <= LARGEST);
    value.ok_or(NotKept("it is larger than a store takes"))
}

fn unanswered(missed: Missed) -> NotKept {
    NotKept(match missed {
        Missed::Skipped => "the store has just failed",
        Missed::Failed | Missed::Hurried => "the store did not answer",
    })
}
