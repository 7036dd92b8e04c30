//! Permits taken from a store ahead of use, so that not every request asks it.
//!
//! An instance that has none for a key takes up to [`Limit::lease`] permits in one operation, spends what the request
//! weighs, and keeps the rest until they mean nothing any more. Many requests that find none take turns: one asks the store,
//! and the others find what it brought. A refusal is kept too, for at most [`MOST_REFUSAL`]: callers beyond their limit
//! cost the store one operation in that time and not one each.
//!
//! # The bound
//!
//! What was taken is counted, and an instance never has more than `lease - 1` unspent permits of a key: it takes more only
//! when it has fewer than the request needs, and keeps no more than that when some are given back.
//!
//! - Fixed windows and the calendar: permits are spent in the span in which they were taken, or never. Nothing over; at most
//!   `lease - 1` of each instance's are not to be had in a span, because that instance holds them and is not asked.
//! - Sliding windows: the same. The estimate depends on how many permits were taken in each span, not on when in the span;
//!   permits that are spent in the span in which they were taken leave it as if they had been taken then. Nothing over what
//!   the estimate allows.
//! - Buckets: in any stretch of time, what is spent was taken in that stretch (the bucket's own bound holds for that), or
//!   was there unspent when it began: at most `lease - 1` over for each instance. They are void once they would have come
//!   back by themselves, so that an instance that was idle has none to spend at once.
//!
//! A span ends when it ends by the store's clock or by the instance's, whichever is first.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;

use super::{Algorithm, Key, Limit, Verdict};

/// For how many keys permits are kept at most, some 200 bytes each. Beyond, the permits of keys that were not asked for
/// lately are lost, which admits nobody.
const MOST: usize = 100_000;

/// How long a store's refusal is believed, in milliseconds: permits that somebody gives back, or a limit that was raised,
/// are noticed no later.
pub const MOST_REFUSAL: u64 = 1_000;

/// The permits that this process has taken ahead, by key.
pub struct Leases(Cache<Key, Arc<Lease>>);

/// The permits of one key.
#[derive(Debug, Default)]
pub struct Lease {
    /// Whoever has it may ask the store. Given up by being dropped, so that a request that is cancelled gives it to the next.
    pub turn: async_lock::Mutex<()>,
    stock: Mutex<Stock>,
}

/// What there is of one key. All moments are in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
struct Stock {
    /// How many permits.
    left: u64,
    /// From when they are void.
    until: u64,
    /// How many there were in the store after they were taken.
    stored: u64,
    /// When all are there again.
    reset: u64,
    /// So many permits there were not in the store, and until when that is believed.
    refused: (u64, u64),
    /// When there may be as many, in the store's words: `u64::MAX` for never.
    retry: u64,
}

/// Permits spent from a lease, which can be given back.
#[derive(Debug)]
pub struct Spent<'a> {
    lease: Arc<Lease>,
    limit: &'a Limit,
    permits: u64,
    /// What tells the span in which they were taken from the next.
    until: u64,
}

/// What is left for a request that needs more, which whoever has the turn takes from the store.
#[derive(Debug)]
pub struct Claim<'a> {
    lease: &'a Lease,
    limit: &'a Limit,
    weight: u64,
    left: u64,
    until: u64,
}

/// How many permits beyond its number an instance may admit in any stretch of time because of leases.
pub fn over(limit: &Limit) -> u64 {
    match limit.algorithm {
        Algorithm::Bucket { .. } => limit.lease.saturating_sub(1),
        Algorithm::Fixed { .. }
        | Algorithm::Sliding { .. }
        | Algorithm::Calendar { .. }
        | Algorithm::Concurrent { .. } => 0,
    }
}

/// How many permits an instance may keep from the others, at any moment, without having a use for them.
pub fn unused(limit: &Limit) -> u64 {
    limit.lease.saturating_sub(1)
}

// === impl Leases ===

impl Leases {
    /// The lease of `key`.
    pub fn of(&self, key: &Key) -> Arc<Lease> {
        if let Some(lease) = self.0.get(key) {
            return lease;
        }
        let lease: Result<_, Infallible> = self.0.get_or_insert_with(key, || Ok(Arc::default()));
        match lease {
            Ok(lease) => lease,
        }
    }

    /// How many permits of `key` there are at `now`.
    pub fn left(&self, key: &Key, now: u64) -> u64 {
        self.0.get(key).map_or(0, |lease| lease.stock().left_at(now))
    }
}

impl Default for Leases {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("keys", &self.0.len()).finish()
    }
}

// === impl Lease ===

impl Lease {
    /// Spends `weight` permits, or says that the store has just refused as many; `None` where the store must be asked.
    pub fn spend(&self, weight: u64, now: u64) -> Option<Verdict> {
        let mut stock = self.stock();
        let left = stock.left_at(now);
        if left >= weight {
            stock.left = left - weight;
            return Some(stock.verdict(weight, now));
        }
        let (least, until) = stock.refused;
        (now < until && weight - left >= least).then(|| stock.refusal(now))
    }

    /// Claims what is left for a request of `weight`, for which that is not enough, so that nobody spends it while the store
    /// is asked for the rest.
    pub fn claim<'a>(&'a self, limit: &'a Limit, weight: u64, now: u64) -> Claim<'a> {
        let mut stock = self.stock();
        let left = stock.left_at(now);
        stock.left = 0;
        Claim { lease: self, limit, weight, left, until: stock.until }
    }

    /// What a request that has spent `permits` gives back if it goes no further.
    pub fn spent<'a>(self: &Arc<Self>, limit: &'a Limit, permits: u64) -> Spent<'a> {
        Spent { lease: Arc::clone(self), limit, permits, until: self.stock().until }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_bucket(limit: &Limit) -> bool {
    matches!(limit.algorithm, Algorithm::Bucket { .. })
}

/// From when permits that were given at `now` are void.
fn void_from(limit: &Limit, given: &Verdict, now: u64) -> u64 {
    match limit.algorithm {
        // By then as many have come back.
        Algorithm::Bucket { permits, per, .. } => {
            now.saturating_add(given.taken.saturating_mul(per) / permits.max(1))
        }
        // What was taken in a span is forgotten `per` after its end.
        Algorithm::Sliding { per, .. } => {
            limit.algorithm.span(now).end.min(now.saturating_add(given.reset.saturating_sub(per)))
        }
        _ => limit.algorithm.span(now).end.min(now.saturating_add(given.reset)),
    }
}

// === impl Claim ===

impl Claim<'_> {
    /// How many permits are taken from the store: at least, and at most.
    pub fn need(&self) -> (u64, u64) {
        let least = self.weight.saturating_sub(self.left);
        (least, self.limit.lease.max(least))
    }

    /// Keeps what the store gave and spends what the request weighs, or keeps that it refused.
    pub fn fill(mut self, given: &Verdict, now: u64) -> Verdict {
        let (least, _) = self.need();
        let mut stock = self.lease.stock();
        stock.reset = now.saturating_add(given.reset);
        stock.stored = given.remaining;
        if !given.enough {
            stock.retry = now.saturating_add(given.retry);
            stock.refused = (least, now.saturating_add(given.retry.min(MOST_REFUSAL)));
            let left = std::mem::take(&mut self.left);
            stock.put_back(left, self.until, self.limit);
            return stock.refusal(now);
        }
        let left = stock.left_at(now) + std::mem::take(&mut self.left);
        let until = void_from(self.limit, given, now);
        // What was there was taken in the same span; its end may be known better than now.
        stock.until = if left > 0 && !is_bucket(self.limit) { stock.until.min(until) } else { until };
        stock.left = (left + given.taken).saturating_sub(self.weight).min(unused(self.limit));
        stock.refused = (0, 0);
        stock.verdict(self.weight, now)
    }
}

impl Drop for Claim<'_> {
    /// The store did not answer, or the client went away.
    fn drop(&mut self) {
        if self.left > 0 {
            self.lease.stock().put_back(self.left, self.until, self.limit);
        }
    }
}

// === impl Stock ===

impl Stock {
    fn left_at(&self, now: u64) -> u64 {
        if now < self.until { self.left } else { 0 }
    }

    /// Puts permits back that were void from `until` on, as many as may be there. How many are lost.
    fn put_back(&mut self, permits: u64, until: u64, limit: &Limit) -> u64 {
        if !is_bucket(limit) && self.until != until {
            return permits;
        }
        let left = (self.left + permits).min(unused(limit).max(self.left));
        let lost = self.left + permits - left;
        self.left = left;
        lost
    }

    /// What a client is told: what the store said last, and what is left here.
    fn verdict(&self, taken: u64, now: u64) -> Verdict {
        let remaining = self.stored.saturating_add(self.left);
        Verdict { taken, enough: true, remaining, reset: self.reset.saturating_sub(now), retry: 0 }
    }

    fn refusal(&self, now: u64) -> Verdict {
        let remaining = self.stored.saturating_add(self.left_at(now));
        let retry = if self.retry == u64::MAX { u64::MAX } else { self.retry.saturating_sub(now).max(1) };
        Verdict { taken: 0, enough: false, remaining, reset: self.reset.saturating_sub(now), retry }
    }
}

// === impl Spent ===

impl Spent<'_> {
    /// Gives the permits back to the lease, never to the store. How many are lost, because their span is over or the lease
    /// has as many as it may.
    pub fn give_back(self) -> u64 {
        self.lease.stock().put_back(self.permits, self.until, self.limit)
    }
}
