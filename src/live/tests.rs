//! The document, and changing it while others do too.

#![allow(clippy::unwrap_used)]
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::*;

/// A store in which others write too.
#[derive(Default)]
struct Shared {
    value: RefCell<Option<Bytes>>,
    /// What others write after each of the next reads.
    others: RefCell<VecDeque<Bytes>>,
    /// What others write after the next write.
    over: RefCell<Option<Bytes>>,
    writes: Cell<usize>,
    exact: bool,
}

impl Clock for Shared {
    type Sleep = std::future::Pending<()>;
    fn unix(&self) -> crate::host::UnixMillis {
        crate::host::UnixMillis(0)
    }
    fn tick(&self) -> Tick {
        Tick(0)
    }
    fn sleep_until(&self, _: Tick) -> Self::Sleep {
        std::future::pending()
    }
}

impl KeyValue for Shared {
    async fn get(&self, _: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        assert_eq!(key, KEY);
        let value = self.value.borrow().clone();
        if let Some(other) = self.others.borrow_mut().pop_front() {
            *self.value.borrow_mut() = Some(other);
        }
        Ok(value)
    }
    async fn set(&self, _: &StorePlan, _: &str, _: Bytes) -> Result<(), StoreError> {
        unreachable!()
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
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        assert_eq!(keep, None);
        self.writes.set(self.writes.get() + 1);
        if self.value.borrow().as_deref() != before {
            return Ok(false);
        }
        *self.value.borrow_mut() = self.over.take().or(Some(after));
        Ok(true)
    }
    fn swaps_exactly(&self, _: &StorePlan) -> bool {
        self.exact
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn live() -> Live {
    let second = Duration::from_secs(1);
    Live { store: StorePlan::default(), refresh: second, timeout: second }
}

fn set(document: &mut Document, route: &str, weight: u32) {
    document.weights.insert(route.into(), [("new".into(), weight)].into());
}

fn stored(store: &Shared) -> Document {
    Document::decode(store.value.borrow().as_ref().unwrap()).unwrap()
}

#[test]
fn what_was_written_is_read() {
    let mut document = Document { serial: 7, ..Document::default() };
    set(&mut document, "orders", 20);
    let target = Endpoint { host: "10.0.0.1".into(), port: 80, weight: Some(3), ..Endpoint::default() };
    let endpoints = Endpoints { serial: 2, source: "dns".into(), at: 5, targets: vec![target] };
    document.endpoints.insert("orders".into(), endpoints);
    assert_eq!(Document::decode(&document.encode().unwrap()), Ok(document));
    let by_hand = br#"{ "version": 1, "weights": { "orders": { "new": 5 } } }"#;
    assert_eq!(Document::decode(by_hand).unwrap().weights_of("orders").unwrap()["new"], 5);
}

#[test]
fn what_is_not_of_the_form_is_not_read() {
    let none: [(&[u8], Unreadable); 8] = [
        (b"", Unreadable::Form),
        (b"{}", Unreadable::Form),
        (b"null", Unreadable::Form),
        (br#"{"version":1,"weights":{"a":{"b":-1}}}"#, Unreadable::Form),
        (br#"{"version":1,"other":1}"#, Unreadable::Form),
        (br#"{"version":2,"other":1}"#, Unreadable::Version),
        (br#"{"version":1,"endpoints":{"a":{"targets":[{"host":"","port":1}]}}}"#, Unreadable::Bounds),
        (br#"{"version":1,"endpoints":{"a":{"targets":[{"host":"a","port":70000}]}}}"#, Unreadable::Form),
    ];
    for (bytes, why) in none {
        assert_eq!(Document::decode(bytes), Err(why), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(Document::decode(&vec![b' '; LARGEST + 1]), Err(Unreadable::Bounds));
}

#[test]
fn no_document_is_beyond_its_bounds() {
    let target = Endpoint { host: "a".into(), port: 1, ..Endpoint::default() };
    let with = |count: usize| {
        let endpoints = Endpoints { targets: vec![target.clone(); count], ..Endpoints::default() };
        Document { endpoints: [("a".into(), endpoints)].into(), ..Document::default() }
    };
    assert!(with(MOST_TARGETS).encode().is_some());
    assert!(with(MOST_TARGETS + 1).encode().is_none());
    let mut many = Document::default();
    (0..1_001).for_each(|number| set(&mut many, &number.to_string(), 1));
    assert!(many.encode().is_none());
}

#[test]
fn changes_of_others_are_not_overwritten() {
    for exact in [true, false] {
        let store = Shared { exact, ..Shared::default() };
        let mut theirs = Document { serial: 1, ..Document::default() };
        set(&mut theirs, "theirs", 1);
        store.others.borrow_mut().push_back(theirs.encode().unwrap());
        let after = now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).unwrap();
        assert_eq!(after, stored(&store));
        assert_eq!(after.weights.len(), 2);
        assert_eq!(after.serial, 2);
    }
}

#[test]
fn what_others_overwrote_is_done_again() {
    let store = Shared::default();
    let mut theirs = Document { serial: 1, ..Document::default() };
    set(&mut theirs, "theirs", 1);
    *store.over.borrow_mut() = theirs.encode();
    let after = now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).unwrap();
    assert_eq!((after.weights.len(), store.writes.get()), (2, 2));
}

#[test]
fn what_is_so_already_is_not_written() {
    let store = Shared::default();
    now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).unwrap();
    now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).unwrap();
    assert_eq!((stored(&store).serial, store.writes.get()), (1, 1));
}

#[test]
fn rubbish_is_replaced_and_a_later_version_is_not() {
    let store = Shared::default();
    *store.value.borrow_mut() = Some(Bytes::from_static(b"rubbish"));
    now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).unwrap();
    assert_eq!(stored(&store).weights.len(), 1);
    *store.value.borrow_mut() = Some(Bytes::from_static(br#"{"version":2}"#));
    assert!(now(write(&store, &live(), Deadline::never(), |it| set(it, "mine", 2))).is_err());
    assert_eq!(store.value.borrow().as_deref(), Some(&br#"{"version":2}"#[..]));
}

#[test]
fn one_at_a_time_reads_it_again() {
    let (known, store) = (Known::default(), StorePlan::default());
    let second = Duration::from_secs(1);
    assert!(known.claim(&store, Tick(5), second));
    assert!(!known.claim(&store, Tick(5) + second / 2, second));
    assert!(known.claim(&store, Tick(5) + second, second));
    known.learn(&store, Some(Arc::new(Document { serial: 3, ..Document::default() })));
    assert_eq!(known.document(&store).unwrap().serial, 3);
    // Another store has another document.
    let other = StorePlan { label: "other".into(), ..StorePlan::default() };
    assert_eq!(known.document(&other), None);
    assert!(known.claim(&other, Tick(6), second));
    assert_eq!(known.document(&other), None);
    known.learn(&store, None);
    assert!(known.claim(&other, Tick(6) + second, second));
}
