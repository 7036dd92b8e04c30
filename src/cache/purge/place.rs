//! Where documents are: one in the memory of a process, one in each store.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Order, Purges};
use crate::breaker::call::{self, Late};
use crate::cache::policy::{Caching, Place};
use crate::deadline::Deadline;
use crate::host::{Clock, Host, KeyValue, Random, StoreError, Tick};
use crate::plan::StorePlan;

/// The key of a store's document. It is kept without end: without it, nothing in the store is found.
pub const KEY: &str = "tollgate/cache/purges";

/// How often a document is written anew because somebody else wrote it meanwhile: more often than instances purge at the
/// same moment.
const TRIES: usize = 8;

/// What was purged of a process' own memory.
#[derive(Debug, Default)]
pub struct InMemory(RwLock<Arc<Purges>>);

/// What came of purging one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub place: Place,
    /// The number of the purge there; or why it could not be written, so that answers there are as they were.
    pub serial: Result<u64, StoreError>,
}

/// Purges every place in which answers are kept: the memory of this process, and each store. No store has longer than
/// `caching.timeout` for each of its steps.
pub async fn purge<H: Host>(host: &H, caching: &Caching, order: &Order, deadline: Deadline) -> Vec<Done> {
    let mut done = Vec::with_capacity(1 + caching.stores.len());
    if let Some(memory) = host.memory() {
        done.push(Done { place: Place::Memory, serial: Ok(memory.cache.purge(order)) });
    }
    for (index, store) in caching.stores.iter().enumerate() {
        let begun = host.tick();
        let purges = in_store(host, caching, store, order, deadline).await;
        if let (Ok(purges), Some(memory)) = (&purges, host.memory()) {
            // However long this process would have believed what it knew before.
            memory.cache.front(store).learn(&Arc::new(purges.clone()), begun);
        }
        done.push(Done { place: Place::Store(index), serial: purges.map(|purges| purges.serial()) });
    }
    done
}

/// What was purged of `store`, as its document says that is there now. Where there is none, or none that can be read, one is
/// made: whatever is in the store is gone.
///
/// # Errors
/// The store did not answer in time. What was purged is not known, and nothing in the store may be given.
pub async fn known<H: Clock + Random + KeyValue>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    deadline: Deadline,
) -> Result<Purges, StoreError> {
    for _ in 0..TRIES {
        let stored = within(host, due(host, caching, deadline), pin!(host.get(store, KEY))).await?;
        if let Some(purges) = stored.as_ref().and_then(Purges::decode) {
            return Ok(purges);
        }
        let purges = fresh(host);
        let written = pin!(host.swap(store, KEY, stored.as_deref(), purges.encode(), None));
        if within(host, due(host, caching, deadline), written).await? {
            return Ok(purges);
        }
    }
    Err(contended())
}

/// Writes `order` into the document of `store`, and gives it back as it is then.
async fn in_store<H: Clock + Random + KeyValue>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    order: &Order,
    deadline: Deadline,
) -> Result<Purges, StoreError> {
    for _ in 0..TRIES {
        let stored = within(host, due(host, caching, deadline), pin!(host.get(store, KEY))).await?;
        let before = stored.as_ref().and_then(Purges::decode).unwrap_or_else(|| fresh(host));
        let after = before.with(order);
        let written = pin!(host.swap(store, KEY, stored.as_deref(), after.encode(), None));
        if !within(host, due(host, caching, deadline), written).await? {
            continue;
        }
        // A store that compares and writes in two steps may have told somebody else the same, whose document has
        // replaced this one: then the purge would be forgotten.
        let stored = within(host, due(host, caching, deadline), pin!(host.get(store, KEY))).await?;
        match stored.as_ref().and_then(Purges::decode) {
            Some(now) if !now.covers(&after, order) => {}
            Some(now) => return Ok(now),
            // Without a document everything is gone, which is more than was asked for.
            None => return Ok(after),
        }
    }
    Err(contended())
}

/// A document that no answer in the store knows of.
fn fresh(host: &impl Random) -> Purges {
    let mut epoch = [0; 4];
    host.fill(&mut epoch);
    Purges::new(u32::from_le_bytes(epoch))
}

fn contended() -> StoreError {
    StoreError { cause: format!("others wrote the list of purges meanwhile, {TRIES} times") }
}

fn due(host: &impl Clock, caching: &Caching, deadline: Deadline) -> Tick {
    deadline.or_after(host.tick(), Some(caching.timeout))
}

/// What a step comes to, in the time that it has.
async fn within<C: Clock, T>(
    clock: &C,
    due: Tick,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |Late| Err(StoreError { cause: "the store did not answer in time".to_owned() });
    call::within(clock, due, step).await.unwrap_or_else(late)
}

// === impl InMemory ===

impl InMemory {
    /// What was purged so far.
    pub fn known(&self) -> Arc<Purges> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Purges; the number of the purge.
    pub fn purge(&self, order: &Order) -> u64 {
        let mut purges = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *purges = Arc::new(purges.with(order));
        purges.serial()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;
    use std::future::{Pending, pending};
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;

    use super::super::{Tag, Verdict, What};
    use super::*;
    use crate::host::UnixMillis;

    /// A store in which others write too.
    #[derive(Default)]
    struct Shared {
        value: RefCell<Option<Bytes>>,
        /// What others write after each of the next reads.
        others: RefCell<VecDeque<Bytes>>,
        /// What others write after the next write.
        over: RefCell<Option<Bytes>>,
        epochs: Cell<u8>,
        /// Compares and writes in two steps, so that others may come between.
        careless: bool,
        fails: bool,
    }

    impl Clock for Shared {
        type Sleep = Pending<()>;
        fn unix(&self) -> UnixMillis {
            UnixMillis(0)
        }
        fn tick(&self) -> Tick {
            Tick(0)
        }
        fn sleep_until(&self, _: Tick) -> Self::Sleep {
            pending()
        }
    }

    impl Random for Shared {
        fn fill(&self, bytes: &mut [u8]) {
            self.epochs.set(self.epochs.get() + 1);
            bytes.fill(self.epochs.get());
        }
    }

    impl KeyValue for Shared {
        async fn get(&self, _: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
            assert_eq!(key, KEY);
            if self.fails {
                return Err(StoreError { cause: "out of order".to_owned() });
            }
            let value = self.value.borrow().clone();
            if let Some(other) = self.others.borrow_mut().pop_front() {
                *self.value.borrow_mut() = Some(other);
            }
            Ok(value)
        }
        async fn set(&self, _: &StorePlan, _: &str, value: Bytes) -> Result<(), StoreError> {
            *self.value.borrow_mut() = Some(value);
            Ok(())
        }
        async fn delete(&self, _: &StorePlan, _: &str) -> Result<(), StoreError> {
            unreachable!()
        }
        async fn swap(
            &self,
            _: &StorePlan,
            _: &str,
            before: Option<&[u8]>,
            after: Bytes,
            keep: Option<std::time::Duration>,
        ) -> Result<bool, StoreError> {
            assert_eq!(keep, None);
            if !self.careless && self.value.borrow().as_deref() != before {
                return Ok(false);
            }
            *self.value.borrow_mut() = self.over.take().or(Some(after));
            Ok(true)
        }
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn tag(number: u8) -> Order {
        Order { what: What::Tags(vec![Tag([number; 8])]), soft: false }
    }

    fn order(store: &Shared, order: &Order) -> Result<Purges, StoreError> {
        now(in_store(store, &Caching::default(), &StorePlan::default(), order, Deadline::never()))
    }

    fn look(store: &Shared) -> Result<Purges, StoreError> {
        now(known(store, &Caching::default(), &StorePlan::default(), Deadline::never()))
    }

    fn of(purges: &Purges, asked: u64, tag: u8) -> Verdict {
        purges.verdict(asked, "a.test", "/", &[Tag([tag; 8])])
    }

    #[test]
    fn what_was_purged_stays_purged_when_the_document_is_lost() {
        let store = Shared::default();
        let before = look(&store).unwrap().serial();
        assert_eq!(look(&store).unwrap().serial(), before, "it is made once");
        let purges = order(&store, &tag(1)).unwrap();
        assert_eq!((of(&purges, before, 1), of(&purges, before, 2)), (Verdict::Gone, Verdict::Kept));
        for wreck in [None, Some(&b""[..]), Some(b"tgp\x01 or not"), Some(&purges.encode()[..30])] {
            *store.value.borrow_mut() = wreck.map(Bytes::copy_from_slice);
            let next = look(&store).unwrap();
            for asked in [before, purges.serial()] {
                assert_eq!(of(&next, asked, 1), Verdict::Gone, "{wreck:?}");
                assert_eq!(of(&next, asked, 2), Verdict::Gone, "{wreck:?}");
            }
            assert_eq!(of(&next, next.serial(), 1), Verdict::Kept);
            // The same when a purge is what finds it lost.
            *store.value.borrow_mut() = wreck.map(Bytes::copy_from_slice);
            let next = order(&store, &tag(3)).unwrap();
            assert_eq!(of(&next, purges.serial(), 2), Verdict::Gone, "{wreck:?}");
        }
    }

    #[test]
    fn a_document_that_is_older_than_answers_knows_nothing_of_them() {
        let store = Shared::default();
        let first = order(&store, &tag(1)).unwrap();
        let second = order(&store, &tag(2)).unwrap();
        // Somebody puts back an old copy of the store.
        *store.value.borrow_mut() = Some(first.encode());
        assert_eq!(of(&look(&store).unwrap(), second.serial(), 3), Verdict::Gone);
        assert_eq!(of(&look(&store).unwrap(), first.serial(), 3), Verdict::Kept);
    }

    #[test]
    fn purges_of_others_are_not_overwritten() {
        let store = Shared::default();
        let start = order(&store, &tag(0)).unwrap();
        let theirs = start.with(&tag(1));
        *store.others.borrow_mut() = [theirs.encode()].into();
        let both = order(&store, &tag(2)).unwrap();
        for number in [1, 2] {
            assert_eq!(of(&both, start.serial(), number), Verdict::Gone);
        }
        assert_eq!(both.serial(), start.serial() + 2);
    }

    #[test]
    fn a_purge_that_others_overwrote_is_done_again() {
        for soft in [false, true] {
            for what in [What::All, What::Tags(vec![Tag([2; 8])])] {
                let store = Shared { careless: true, ..Shared::default() };
                let start = order(&store, &tag(0)).unwrap();
                let theirs = start.with(&tag(1));
                let mine = Order { what, soft };
                // Somebody who read the same is told to have written it too, and later.
                *store.over.borrow_mut() = Some(theirs.encode());
                let both = order(&store, &mine).unwrap();
                let expected = if soft { Verdict::Stale } else { Verdict::Gone };
                assert_eq!(of(&both, start.serial(), 2), expected);
                assert_eq!(of(&both, start.serial(), 1), Verdict::Gone, "theirs is there still");
                assert_eq!(both.serial(), start.serial() + 2);
            }
        }
    }

    #[test]
    fn whoever_never_has_a_turn_is_told() {
        let store = Shared::default();
        let mut theirs = order(&store, &tag(0)).unwrap();
        for number in 1..=TRIES as u8 {
            theirs = theirs.with(&tag(number));
            store.others.borrow_mut().push_back(theirs.encode());
        }
        assert!(order(&store, &tag(99)).is_err());
        let failing = Shared { fails: true, ..Shared::default() };
        assert!(order(&failing, &tag(1)).is_err());
        assert!(look(&failing).is_err());
    }
}
