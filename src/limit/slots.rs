//! Counting in a store that can read and write and nothing else: Spin's key-value store on every platform.
//!
//! Such a store has no expiry and cannot be listed piece by piece, so that a value for each caller would be there for
//! ever. There is a fixed number of values instead, *slots*, each with the states of many callers. A decision reads the
//! slots that it needs, judges, and writes those in which a state has changed: a refused request and a look write
//! nothing. Whoever writes a slot leaves out what has expired, so that what is stored is bounded by callers that are
//! live, and by [`record::LONGEST`] whatever happens.
//!
//! Nothing keeps two requests from reading the same slot before either writes it. The one that writes last is the one
//! whose count stays, so that counting is approximate. Of requests that are judged at the same time and share a slot, the
//! last one to write is counted for sure: where at most N others are judged while one is, every N + 1 admitted requests
//! raise the count by one at least, and at most N + 1 times the limit is admitted.
//!
//! Where a slot was written and the next one cannot be, what was taken in the first stays taken until it expires: the
//! store does not answer then, and giving back would ask it once more. Nobody gets more than the limit from that.

use super::decision::{Question, decide};
use super::{Ask, Key, State};
use crate::host::{KeyValue, StoreError, UnixMillis};
use crate::plan::StorePlan;

pub mod record;

use record::{Entry, Slot};

/// How many values there are. Platforms may have few keys (Fermyon Cloud: 1,024), and consumers, API keys and key sets
/// need some; more of them would make each smaller and fewer requests meet in one.
pub const SLOTS: usize = 256;

/// What goes before a slot's number, which is the first byte of its keys.
pub const PREFIX: &str = "tollgate/limits/";

/// Judges `asks` together at `now` by what the slots of `store` say.
///
/// # Errors
/// The store could not be read or written. Nothing was taken, or what was taken before the error.
pub async fn count<S: KeyValue>(
    host: &S,
    store: &StorePlan,
    asks: &mut [Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    count_unless(false, host, store, asks, now).await
}

/// As [`count`], and with `refused` nothing is taken: somebody else has refused the request.
pub(super) async fn count_unless<S: KeyValue>(
    refused: bool,
    host: &S,
    store: &StorePlan,
    asks: &mut [Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    let mut slots = read(host, store, asks, now).await?;
    let questions: Vec<_> = asks.iter().map(Question::from).collect();
    let mut states: Vec<_> = asks.iter().map(|ask| state(&slots, &ask.key)).collect();
    let verdicts = decide(&questions, &mut states, now.0, refused);
    for ((ask, verdict), state) in asks.iter_mut().zip(verdicts).zip(states) {
        ask.verdict = verdict;
        if verdict.taken > 0 {
            put(&mut slots, ask, state);
        }
    }
    write(host, store, &mut slots, now).await
}

/// Gives back what the verdicts of `asks` took at `now`, when it was taken.
///
/// # Errors
/// The store could not be read or written.
pub async fn give_back<S: KeyValue>(
    host: &S,
    store: &StorePlan,
    asks: &[Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    if asks.iter().all(|ask| ask.verdict.taken == 0) {
        return Ok(());
    }
    let mut slots = read(host, store, asks, now).await?;
    for ask in asks.iter().filter(|ask| ask.verdict.taken > 0) {
        let found = slots.iter().find(|slot| slot.number == ask.key.0[0]);
        // What has expired meanwhile has been given back already.
        if let Some(entry) = found.and_then(|slot| slot.get(&ask.key)) {
            let algorithm = &ask.limit.algorithm;
            let state = algorithm.give_back(entry.state, algorithm.span(now.0), ask.verdict.taken);
            put(&mut slots, ask, state);
        }
    }
    write(host, store, &mut slots, now).await
}

/// The key of a slot.
pub fn place(number: u8) -> String {
    format!("{PREFIX}{number:02x}")
}

/// Each slot that some of `asks` needs, once.
async fn read<S: KeyValue>(
    host: &S,
    store: &StorePlan,
    asks: &[Ask<'_>],
    now: UnixMillis,
) -> Result<Vec<Slot>, StoreError> {
    let mut slots: Vec<Slot> = Vec::with_capacity(asks.len());
    for ask in asks {
        // The key is a digest: any byte of it spreads callers evenly.
        let number = ask.key.0[0];
        if slots.iter().all(|slot| slot.number != number) {
            let stored = host.get(store, &place(number)).await?;
            slots.push(Slot::read(number, stored.as_deref().unwrap_or_default(), now.0));
        }
    }
    Ok(slots)
}

async fn write<S: KeyValue>(
    host: &S,
    store: &StorePlan,
    slots: &mut [Slot],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for slot in slots.iter_mut().filter(|slot| slot.changed) {
        let value = slot.write(now.0);
        host.set(store, &place(slot.number), value.into()).await?;
    }
    Ok(())
}

fn state(slots: &[Slot], key: &Key) -> State {
    let slot = slots.iter().find(|slot| slot.number == key.0[0]);
    slot.and_then(|slot| slot.get(key)).map(|entry| entry.state).unwrap_or_default()
}

fn put(slots: &mut [Slot], ask: &Ask<'_>, state: State) {
    let most = ask.limit.algorithm.most().max(1);
    let used = most.saturating_sub(ask.verdict.remaining);
    let entry =
        Entry { key: ask.key, expires: ask.limit.algorithm.expires(&state), used: share(used, most), state };
    if let Some(slot) = slots.iter_mut().find(|slot| slot.number == ask.key.0[0]) {
        slot.put(entry);
    }
}

/// `used` of `most`, as a part of 255.
fn share(used: u64, most: u64) -> u8 {
    let part = u128::from(used.min(most)) * u128::from(u8::MAX) / u128::from(most);
    u8::try_from(part).unwrap_or(u8::MAX)
}
