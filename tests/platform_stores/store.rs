//! A store in memory that counts its operations, can fail at any of them, and lets others go first before each; and
//! what asks it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tollgate::host::{KeyValue, StoreError};
use tollgate::limit::spans::Add;
use tollgate::limit::{Algorithm, Ask, Key, Limit, OnFailure, Place, Verdict, Weight};
use tollgate::plan::StorePlan;

pub const BEGINNING: u64 = 1_767_225_600_000;
pub const DAY: u64 = 86_400_000;

/// A store in memory.
#[derive(Default)]
pub struct Store {
    pub values: RefCell<BTreeMap<String, Bytes>>,
    pub numbers: RefCell<BTreeMap<String, i64>>,
    /// How many operations there were.
    pub operations: Cell<usize>,
    pub writes: Cell<usize>,
    /// Which operation fails.
    pub fails_at: Cell<Option<usize>>,
    /// Whether others may go first before each operation.
    pub yields: Cell<bool>,
}

impl Store {
    async fn operation(&self) -> Result<(), StoreError> {
        let mut first = self.yields.get();
        poll_fn(|_| if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }).await;
        let number = self.operations.get();
        self.operations.set(number + 1);
        match self.fails_at.get() {
            Some(at) if at == number => Err(StoreError { cause: "out of order".to_owned() }),
            _ => Ok(()),
        }
    }

    /// All values.
    pub fn bytes(&self) -> usize {
        self.values.borrow().values().map(Bytes::len).sum()
    }

    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.values.borrow().len() + self.numbers.borrow().len()
    }
}

impl KeyValue for Store {
    async fn get(&self, _: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.operation().await?;
        assert!(!self.numbers.borrow().contains_key(key), "a number is not read as a value");
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn set(&self, _: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        self.operation().await?;
        assert!(!self.numbers.borrow().contains_key(key), "a number is not written as a value");
        self.writes.set(self.writes.get() + 1);
        self.values.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete(&self, _: &StorePlan, key: &str) -> Result<(), StoreError> {
        self.operation().await?;
        self.values.borrow_mut().remove(key);
        self.numbers.borrow_mut().remove(key);
        Ok(())
    }
}

impl Add for Store {
    async fn exists(&self, _: &StorePlan, key: &str) -> Result<bool, StoreError> {
        self.operation().await?;
        Ok(self.values.borrow().contains_key(key) || self.numbers.borrow().contains_key(key))
    }

    async fn add(&self, _: &StorePlan, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.operation().await?;
        assert!(!self.values.borrow().contains_key(key), "nothing is added to a value");
        self.writes.set(self.writes.get() + usize::from(delta != 0));
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number += delta;
        Ok(*number)
    }
}

/// Drives what never waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// Drives `waiting`, `together` of them at a time, in an order that `random` chooses; calls `done` with the number of each
/// that ends.
pub fn interleave<'a>(
    mut waiting: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    together: usize,
    random: &mut Random,
    mut done: impl FnMut(usize),
) {
    waiting.reverse();
    let mut numbers = 0..;
    let mut running = Vec::new();
    while !(waiting.is_empty() && running.is_empty()) {
        while running.len() < together
            && let Some(next) = waiting.pop()
        {
            running.push((numbers.next().unwrap(), next));
        }
        let chosen = usize::try_from(random.below(running.len() as u64)).unwrap();
        if running[chosen].1.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            done(running.swap_remove(chosen).0);
        }
    }
}

pub fn limit(algorithm: Algorithm, shadow: bool) -> Limit {
    Limit {
        name: "a".into(),
        algorithm,
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place: Place::Store(0),
        lease: 1,
        shadow,
        on_failure: OnFailure::Deny,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

pub fn ask(limit: &Limit, key: Key, least: u64) -> Ask<'_> {
    Ask { limit, key, least, most: least, verdict: Verdict::default() }
}

/// The key of a caller: spread as a digest would be.
pub fn key(caller: u64) -> Key {
    let mixed = u128::from(caller + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Key((mixed ^ (mixed >> 61)).to_be_bytes())
}

/// Numbers that look random and are the same every time.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
