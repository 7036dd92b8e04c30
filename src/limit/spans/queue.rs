//! Collecting numbers whose spans have passed, in a store that forgets nothing and cannot be listed page by page.
//!
//! Whoever makes a number puts its place at the end of a queue, and takes up to [`TAKEN`] from the beginning whose spans
//! have passed: what is stored follows those who are live, and nothing has to run beside requests. Limits with spans of
//! the same length have a queue together, so that its order is that of the spans' ends, within one span.
//!
//! A queue is two numbers, how many were put in and how many were taken out, and an entry for each that is in it. Several
//! may take at once: who adds to the second number owns the entry of that number. An entry that turns out not to be ripe
//! is put in again. Where the one who takes was faster than the one who puts in, the latter sees it by the second number,
//! and puts it in again.

use super::{Add, Algorithm, PREFIX};
use crate::config::Period;
use crate::host::{StoreError, UnixMillis};
use crate::plan::StorePlan;

/// How many entries are taken for each that is put in: more than one, so that a queue that has grown gets shorter.
const TAKEN: usize = 2;

/// How long after its span a number is kept, in milliseconds: an instance whose clock is behind still counts there.
pub const CLOCK_SKEW: u64 = 60_000;

/// How many entries after one that is missing say that it will not come any more: who should have written it has failed.
const MISSING: u64 = 64;

/// How often an entry is put in again that was skipped.
const TRIES: usize = 3;

/// Takes note of the number at `place`, which may have been made now, and collects others.
pub async fn begin<S: Add>(
    host: &S,
    store: &StorePlan,
    algorithm: &Algorithm,
    place: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    // A number that went back to 0 looks as if it were new; this one only grows.
    if host.add(store, &seen(place), 1).await? != 1 {
        return Ok(());
    }
    let queue = queue(algorithm);
    let entry = format!("{} {place}", algorithm.span(now.0).end);
    let mut out = 0;
    let mut put = 0;
    for _ in 0..TRIES {
        put = put_in(host, store, &queue, &entry).await?;
        out = host.add(store, &format!("{queue}out"), 0).await?;
        if out < put {
            break;
        }
    }
    for _ in 0..TAKEN {
        match take_out(host, store, &queue, out, put, now).await? {
            Some(taken) => out = taken,
            None => break,
        }
    }
    Ok(())
}

async fn put_in<S: Add>(host: &S, store: &StorePlan, queue: &str, entry: &str) -> Result<i64, StoreError> {
    let number = host.add(store, &format!("{queue}in"), 1).await?;
    host.set(store, &format!("{queue}{number}"), entry.to_owned().into()).await?;
    Ok(number)
}

/// Takes the first entry where it is ripe, `out` of `put` having been taken; the number of the one that was taken.
async fn take_out<S: Add>(
    host: &S,
    store: &StorePlan,
    queue: &str,
    out: i64,
    put: i64,
    now: UnixMillis,
) -> Result<Option<i64>, StoreError> {
    let first = out.saturating_add(1);
    if first >= put {
        return Ok(None);
    }
    let ripe = match host.get(store, &format!("{queue}{first}")).await? {
        Some(entry) => is_ripe(&entry, now),
        None => put.abs_diff(first) > MISSING,
    };
    if !ripe {
        return Ok(None);
    }
    // Somebody else may have been faster: then another entry is this one's.
    let own = host.add(store, &format!("{queue}out"), 1).await?;
    let place = format!("{queue}{own}");
    if let Some(entry) = host.get(store, &place).await? {
        match is_ripe(&entry, now) {
            true => remove(host, store, &entry).await?,
            false => drop(put_in(host, store, queue, &String::from_utf8_lossy(&entry)).await?),
        }
        host.delete(store, &place).await?;
    }
    Ok(Some(own))
}

/// Removes the number that `entry` is about; nothing where it is about something else.
async fn remove<S: Add>(host: &S, store: &StorePlan, entry: &[u8]) -> Result<(), StoreError> {
    let Some((_, place)) = read(entry) else { return Ok(()) };
    host.delete(store, place).await?;
    host.delete(store, &seen(place)).await
}

/// Whether the span is over for everybody. An entry that cannot be read is of no use to anybody.
fn is_ripe(entry: &[u8], now: UnixMillis) -> bool {
    read(entry).is_none_or(|(end, _)| end.saturating_add(CLOCK_SKEW) <= now.0)
}

/// When the span ends, and where the number is.
fn read(entry: &[u8]) -> Option<(u64, &str)> {
    let (end, place) = std::str::from_utf8(entry).ok()?.split_once(' ')?;
    place.starts_with(PREFIX).then_some((end.parse().ok()?, place))
}

fn seen(place: &str) -> String {
    format!("{place}/seen")
}

fn queue(algorithm: &Algorithm) -> String {
    let of = |name: &str| format!("tollgate/spans/{name}/");
    match algorithm {
        Algorithm::Calendar { period, .. } => of(match period {
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }),
        Algorithm::Fixed { per, .. } => of(&per.to_string()),
        // These have no spans.
        Algorithm::Bucket { .. } | Algorithm::Sliding { .. } | Algorithm::Concurrent { .. } => of("none"),
    }
}
