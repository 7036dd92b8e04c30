//! What the host gives beside HTTP: clocks, random numbers, and a place for the access log.

use std::cell::RefCell;
use std::time::Duration;

use wasip2::cli::{stderr::get_stderr, stdout::get_stdout};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::io::streams::OutputStream;
use wasip2::random::random::get_random_bytes;

use bytes::Bytes;

use super::executor::{self, Ready};
use super::{key_value, redis, variables};
use crate::config::AccessLog;
use crate::gateway::{self, Afterwards};
use crate::host::{
    Clock, Compute, Count, Defer, KeyValue, Observe, Random, Remember, Secret, StoreError, Tick, UnixMillis,
    VariableError, Variables, swap_in_two,
};
use crate::limit::Ask;
#[cfg(not(feature = "spin-atomics"))]
use crate::limit::slots as in_store;
#[cfg(feature = "spin-atomics")]
use crate::limit::spans::{self, self as in_store};
use crate::memory::Memory;
use crate::plan::StorePlan;
use crate::telemetry::{Record, line};

thread_local! {
    /// Work that no answer waits for.
    static DEFERRED: RefCell<Vec<Afterwards>> = const { RefCell::new(Vec::new()) };
}

/// The host of this instance: there is only one, and it has no state on this side.
#[derive(Debug, Clone, Copy)]
pub struct ComponentHost;

/// What one blocking write takes (`wasi:io/streams`).
const WRITE: usize = 4096;

/// Tells the operator on standard error.
pub fn complain(what: &str) {
    write_line(&get_stderr(), format!("tollgate: {what}"));
}

/// Who cannot be told cannot be told that either.
fn write_line(to: &OutputStream, mut line: String) {
    line.push('\n');
    let mut pieces = line.as_bytes().chunks(WRITE);
    let _ = pieces.try_for_each(|piece| to.blocking_write_and_flush(piece));
}

// === impl ComponentHost ===

impl Clock for ComponentHost {
    type Sleep = Ready;

    fn unix(&self) -> UnixMillis {
        let now = wall_clock::now();
        UnixMillis(now.seconds.saturating_mul(1_000) + u64::from(now.nanoseconds / 1_000_000))
    }

    fn tick(&self) -> Tick {
        Tick(monotonic_clock::now())
    }

    fn sleep_until(&self, Tick(tick): Tick) -> Ready {
        match tick {
            // Never: hosts add what is left to their own clock, and some of them would overflow.
            u64::MAX => executor::sleep(Duration::from_secs(1 << 31)),
            tick => Ready::new(monotonic_clock::subscribe_instant(tick)),
        }
    }
}

impl Random for ComponentHost {
    fn fill(&self, bytes: &mut [u8]) {
        let random = get_random_bytes(bytes.len() as u64);
        for (byte, random) in bytes.iter_mut().zip(random) {
            *byte = random;
        }
    }
}

impl Variables for ComponentHost {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        variables::get(name)
    }
}

impl KeyValue for ComponentHost {
    async fn get(&self, store: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        match &store.redis {
            Some(plan) => redis::get(plan, key),
            None => key_value::get(&store.label, key),
        }
    }

    async fn set(&self, store: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        match &store.redis {
            Some(plan) => redis::set(plan, key, &value),
            None => key_value::set(&store.label, key, &value),
        }
    }

    async fn delete(&self, store: &StorePlan, key: &str) -> Result<(), StoreError> {
        match &store.redis {
            Some(plan) => redis::delete(plan, key),
            None => key_value::delete(&store.label, key),
        }
    }

    /// Spin's store has no expiry.
    async fn set_for(
        &self,
        store: &StorePlan,
        key: &str,
        value: Bytes,
        keep: Duration,
    ) -> Result<(), StoreError> {
        match &store.redis {
            Some(plan) => redis::set_for(plan, key, &value, keep),
            None => key_value::set(&store.label, key, &value),
        }
    }

    async fn swap(
        &self,
        store: &StorePlan,
        key: &str,
        before: Option<&[u8]>,
        after: Bytes,
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        match &store.redis {
            Some(plan) => redis::swap(plan, key, before, &after, keep),
            None => swap_in_two(self, store, key, before, after, keep).await,
        }
    }

    fn swaps_exactly(&self, store: &StorePlan) -> bool {
        store.redis.is_some()
    }

    fn forgets(&self, store: &StorePlan) -> bool {
        store.redis.is_some()
    }
}

#[cfg(feature = "spin-atomics")]
impl spans::Add for ComponentHost {
    async fn exists(&self, store: &StorePlan, key: &str) -> Result<bool, StoreError> {
        key_value::exists(&store.label, key)
    }

    async fn add(&self, store: &StorePlan, key: &str, delta: i64) -> Result<i64, StoreError> {
        key_value::increment(&store.label, key, delta)
    }
}

/// In Redis exactly; in the host's store as it is able to ([`crate::plan::Counts`]).
impl Count for ComponentHost {
    async fn count(
        &self,
        store: &StorePlan,
        asks: &mut [Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        match &store.redis {
            Some(plan) => redis::count(plan, asks, now),
            None => in_store::count(self, store, asks, now).await,
        }
    }

    async fn give_back(
        &self,
        store: &StorePlan,
        asks: &[Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        match &store.redis {
            Some(plan) => redis::give_back(plan, asks, now, self.unix()),
            None => in_store::give_back(self, store, asks, now).await,
        }
    }
}

impl Compute for ComponentHost {
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        Some(work())
    }
}

impl Remember for ComponentHost {
    /// An instance lives for one request.
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

impl Defer for ComponentHost {
    fn defer(&self, work: Afterwards) {
        DEFERRED.with_borrow_mut(|deferred| deferred.push(work));
    }
}

/// Does what was deferred: what the next request looks for, or all of it.
pub async fn settle(all: bool) {
    loop {
        let (now, later): (Vec<_>, Vec<_>) =
            DEFERRED.take().into_iter().partition(|work| all || work.is_for_the_next());
        DEFERRED.with_borrow_mut(|deferred| deferred.extend(later));
        if now.is_empty() {
            return;
        }
        for work in now {
            gateway::settle(&ComponentHost, work).await;
        }
    }
}

impl Observe for ComponentHost {
    fn observe(&self, record: &Record) {
        match record.plan.telemetry.access_log {
            AccessLog::Auto | AccessLog::Json => write_line(&get_stdout(), line::json(record)),
            AccessLog::Text => write_line(&get_stdout(), line::text(record)),
            AccessLog::Off => {}
        }
    }
}
