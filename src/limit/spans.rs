//! Counting in a store that can add to a number: Spin's with `wasi:keyvalue/atomics`.
//!
//! Limits with spans (fixed windows and the calendar's periods) are counted exactly. There is a number for each key and
//! span; a request adds what it wants and sees by the sum which permits are its own: those up to the limit. What is over
//! it takes back. The sum of what is kept is never over the limit, because a sum counts everything that is kept and was
//! added before. What this costs: in the moment between adding and taking back, somebody else may be refused whom there
//! would have been room for. With a weight of 1 and one limit nobody is, because nothing is taken back
//! while there is room.
//!
//! All other limits go through [`slots`].
//!
//! A number is only ever added to, and read by adding 0: stores keep numbers in forms of their own. Compare-and-swap,
//! which stands beside `increment`, is not used: Spin's is not atomic for a key that is absent, and on Redis not at all
//! (Spin 4.0.2). What the span's start is, the instance's clock says: one whose clock is off by more than
//! `queue::CLOCK_SKEW` counts elsewhere.
//!
//! The numbers of spans that have passed are collected by `queue`.

use super::{Algorithm, Ask, Key, State, Verdict, slots};
use crate::host::{KeyValue, StoreError, UnixMillis};
use crate::plan::StorePlan;

mod queue;

/// A store that can add to a number.
#[allow(async_fn_in_trait, reason = "as in crate::host")]
pub trait Add: KeyValue {
    /// Whether there is something under `key`.
    async fn exists(&self, store: &StorePlan, key: &str) -> Result<bool, StoreError>;
    /// Adds `delta` to the number under `key`, 0 where there is none, in one step that nothing comes between; the sum.
    async fn add(&self, store: &StorePlan, key: &str, delta: i64) -> Result<i64, StoreError>;
}

/// What goes before the key of a number.
pub const PREFIX: &str = "tollgate/span/";

/// Judges `asks` together at `now`: those with spans by their numbers, all others by slots.
///
/// # Errors
/// The store could not be read or written. What was taken is given back, as far as the store lets it.
pub async fn count<S: Add>(
    host: &S,
    store: &StorePlan,
    asks: &mut [Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    let counted = count_all(host, store, asks, now).await;
    if counted.is_err() || asks.iter().any(Ask::refuses) {
        for ask in asks.iter_mut().filter(|ask| has_spans(ask)) {
            // Where this fails, permits are lost until the span ends, and nobody is over the limit.
            let _ = undo(host, store, ask, now).await;
        }
    }
    counted
}

/// Gives back what the verdicts of `asks` took at `now`.
///
/// # Errors
/// The store could not be read or written.
pub async fn give_back<S: Add>(
    host: &S,
    store: &StorePlan,
    asks: &[Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for ask in asks.iter().filter(|ask| has_spans(ask)) {
        undo(host, store, &mut again(ask), now).await?;
    }
    let rough: Vec<_> = asks.iter().filter(|ask| !has_spans(ask)).map(again).collect();
    slots::give_back(host, store, &rough, now).await
}

/// Up to the first that refuses, permits are taken; from there on it is only looked.
async fn count_all<S: Add>(
    host: &S,
    store: &StorePlan,
    asks: &mut [Ask<'_>],
    now: UnixMillis,
) -> Result<(), StoreError> {
    asks.iter_mut().for_each(|ask| ask.verdict = Verdict::default());
    let mut refused = false;
    for ask in asks.iter_mut().filter(|ask| has_spans(ask)) {
        match refused {
            false => take(host, store, ask, now).await?,
            true => look(host, store, ask, now).await?,
        }
        refused |= ask.refuses();
    }
    let mut rough: Vec<_> = asks.iter().filter(|ask| !has_spans(ask)).map(again).collect();
    if rough.is_empty() {
        return Ok(());
    }
    slots::count_unless(refused, host, store, &mut rough, now).await?;
    for (ask, counted) in asks.iter_mut().filter(|ask| !has_spans(ask)).zip(rough) {
        ask.verdict = counted.verdict;
    }
    Ok(())
}

fn has_spans(ask: &Ask<'_>) -> bool {
    matches!(ask.limit.algorithm, Algorithm::Fixed { .. } | Algorithm::Calendar { .. })
}

fn again<'a>(ask: &Ask<'a>) -> Ask<'a> {
    Ask { limit: ask.limit, key: ask.key, least: ask.least, most: ask.most, verdict: ask.verdict }
}

/// Adds what is wanted, and takes back what is over.
async fn take<S: Add>(
    host: &S,
    store: &StorePlan,
    ask: &mut Ask<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let algorithm = &ask.limit.algorithm;
    let wanted = ask.most.max(ask.least).min(algorithm.most());
    if ask.least == 0 || ask.least > algorithm.most() {
        return look(host, store, ask, now).await;
    }
    let place = place(&ask.key, algorithm.span(now.0).start);
    let sum = unsigned(host.add(store, &place, signed(wanted)).await?);
    ask.verdict = said(algorithm, sum.saturating_sub(wanted), now, ask.least, wanted);
    let over = wanted - ask.verdict.taken;
    if over > 0 {
        // Left standing, it would take from those who come later: on the safe side.
        let _ = host.add(store, &place, -signed(over)).await;
    }
    if sum == wanted && ask.verdict.taken > 0 {
        // The decision stands, whatever becomes of this.
        let _ = queue::begin(host, store, algorithm, &place, now).await;
    }
    Ok(())
}

/// Says what would be, and takes nothing. Nothing is made where there is nothing.
async fn look<S: Add>(
    host: &S,
    store: &StorePlan,
    ask: &mut Ask<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let place = place(&ask.key, ask.limit.algorithm.span(now.0).start);
    let used = match host.exists(store, &place).await? {
        true => unsigned(host.add(store, &place, 0).await?),
        false => 0,
    };
    let wanted = said(&ask.limit.algorithm, used, now, ask.least, ask.most);
    let untouched = said(&ask.limit.algorithm, used, now, 0, 0);
    ask.verdict = Verdict { enough: wanted.enough, retry: wanted.retry, ..untouched };
    Ok(())
}

/// Takes nothing after all.
async fn undo<S: Add>(
    host: &S,
    store: &StorePlan,
    ask: &mut Ask<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let taken = std::mem::take(&mut ask.verdict.taken);
    if taken == 0 {
        return Ok(());
    }
    ask.verdict.remaining = ask.verdict.remaining.saturating_add(taken);
    let place = place(&ask.key, ask.limit.algorithm.span(now.0).start);
    host.add(store, &place, -signed(taken)).await.map(drop)
}

/// What the limit says where `used` permits of its span are taken.
fn said(algorithm: &Algorithm, used: u64, now: UnixMillis, least: u64, most: u64) -> Verdict {
    let span = algorithm.span(now.0);
    let state = State { at: span.start, used: used.min(algorithm.most()), before: 0 };
    algorithm.take(state, span, now.0, least, most).1
}

/// Where is counted for `key` in the span that begins at `start`.
fn place(key: &Key, start: u64) -> String {
    format!("{PREFIX}{:032x}/{start}", u128::from_be_bytes(key.0))
}

/// Limits are far below (`Algorithm::is_countable`).
fn signed(permits: u64) -> i64 {
    i64::try_from(permits).unwrap_or(i64::MAX)
}

fn unsigned(sum: i64) -> u64 {
    u64::try_from(sum).unwrap_or(0)
}
