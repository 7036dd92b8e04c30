//! An instance of a gateway, whose store fails as it is told.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tollgate::body::{Body, Upload};
use tollgate::gateway::Afterwards;
use tollgate::host::{
    Clock, Compute, Count, Defer, HttpClient, KeyValue, Observe, Random, Remember, Secret, SendError,
    StoreError, Tick, UnixMillis, VariableError, Variables,
};
use tollgate::limit::Ask;
use tollgate::memory::Memory;
use tollgate::plan::{Patience, StorePlan, Target};
use tollgate::sim::SimHost;
use tollgate::sim::body::SimStream;
use tollgate::sim::clock::SimSleep;
use tollgate::telemetry::Record;

/// What goes wrong with one operation of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It says that it cannot.
    Errs,
    /// It does nothing, and never answers.
    Stalls,
    /// It does what it was asked to, and its answer is lost.
    Swallows,
    /// Of the value that is read or written, half is there.
    Tears,
    /// One bit of the value is another.
    Flips,
    /// What is read is the value of another key; what is written goes to another.
    Swaps,
    /// What was written is not there, and nobody is told.
    Loses,
}

/// All of them.
pub const FAULTS: [Fault; 7] =
    [Fault::Errs, Fault::Stalls, Fault::Swallows, Fault::Tears, Fault::Flips, Fault::Swaps, Fault::Loses];

/// An instance.
#[derive(Clone)]
pub struct Instance {
    pub sim: SimHost,
    /// None on a host that makes a fresh instance for each request.
    pub memory: Option<Arc<Memory>>,
    pub store: Rc<Store>,
}

/// A store, with or without an end to what is in it.
#[derive(Debug, Default)]
pub struct Store {
    pub values: RefCell<BTreeMap<String, (Option<Tick>, Bytes)>>,
    pub forgets: Cell<bool>,
    /// Operations so far.
    pub calls: Cell<usize>,
    /// Which of them goes wrong, and how.
    pub fault: Cell<Option<(usize, Fault)>>,
    /// How long each takes.
    pub delay: Cell<Duration>,
}

impl Instance {
    /// One with a store of its own.
    pub fn new(memory: Option<Arc<Memory>>, forgets: bool) -> Self {
        let store = Store { forgets: Cell::new(forgets), ..Store::default() };
        Self { sim: SimHost::new(7), memory, store: Rc::new(store) }
    }

    /// Begins an operation: what goes wrong with it.
    async fn begin(&self) -> Result<Option<Fault>, StoreError> {
        let Store { calls, fault, delay, .. } = &*self.store;
        let call = calls.replace(calls.get() + 1);
        if !delay.get().is_zero() {
            self.sim.sleep(delay.get()).await;
        }
        match fault.get().filter(|(at, _)| *at == call).map(|(_, fault)| fault) {
            Some(Fault::Errs) => Err(StoreError { cause: "out of order".to_owned() }),
            Some(Fault::Stalls) => pending().await,
            fault => Ok(fault),
        }
    }

    fn value(&self, key: &str) -> Option<Bytes> {
        let values = self.store.values.borrow();
        let (end, value) = values.get(key)?;
        end.is_none_or(|end| self.sim.tick() < end).then(|| value.clone())
    }

    fn write(&self, fault: Option<Fault>, key: &str, value: &[u8], keep: Option<Duration>) {
        let mut values = self.store.values.borrow_mut();
        let end = keep.filter(|_| self.store.forgets.get()).map(|keep| self.sim.tick() + keep);
        let value = Bytes::from(spoiled(fault, value));
        match fault {
            Some(Fault::Loses) => {}
            Some(Fault::Swaps) => {
                let other = values.keys().find(|other| *other != key).cloned();
                values.insert(other.unwrap_or_default(), (end, value));
            }
            _ => drop(values.insert(key.to_owned(), (end, value))),
        }
    }
}

/// What becomes of a value.
fn spoiled(fault: Option<Fault>, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    match fault {
        Some(Fault::Tears) => value.truncate(value.len() / 2),
        Some(Fault::Flips) => {
            let middle = value.len() / 2;
            value.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 0x10);
        }
        _ => {}
    }
    value
}

async fn answer<T>(fault: Option<Fault>, answer: T) -> Result<T, StoreError> {
    match fault {
        Some(Fault::Swallows) => pending().await,
        _ => Ok(answer),
    }
}

impl KeyValue for Instance {
    async fn get(&self, _: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        let fault = self.begin().await?;
        let value = match fault {
            Some(Fault::Loses) => None,
            Some(Fault::Swaps) => {
                let values = self.store.values.borrow();
                values.iter().find(|(other, _)| *other != key).map(|(_, (_, value))| value.clone())
            }
            _ => self.value(key).map(|value| spoiled(fault, &value).into()),
        };
        answer(fault, value).await
    }

    async fn set(&self, _: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        let fault = self.begin().await?;
        self.write(fault, key, &value, None);
        answer(fault, ()).await
    }

    async fn delete(&self, _: &StorePlan, key: &str) -> Result<(), StoreError> {
        let fault = self.begin().await?;
        self.store.values.borrow_mut().remove(key);
        answer(fault, ()).await
    }

    async fn set_for(
        &self,
        _: &StorePlan,
        key: &str,
        value: Bytes,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let fault = self.begin().await?;
        self.write(fault, key, &value, Some(keep));
        answer(fault, ()).await
    }

    async fn swap(
        &self,
        _: &StorePlan,
        key: &str,
        before: Option<&[u8]>,
        after: Bytes,
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let fault = self.begin().await?;
        let same = self.value(key).as_deref() == before;
        if same {
            self.write(fault, key, &after, keep);
        }
        answer(fault, same).await
    }

    fn swaps_exactly(&self, _: &StorePlan) -> bool {
        true
    }

    fn forgets(&self, _: &StorePlan) -> bool {
        self.store.forgets.get()
    }
}

impl Remember for Instance {
    fn memory(&self) -> Option<&Memory> {
        self.memory.as_deref()
    }
}

impl Clock for Instance {
    type Sleep = SimSleep;

    fn unix(&self) -> UnixMillis {
        self.sim.unix()
    }

    fn tick(&self) -> Tick {
        self.sim.tick()
    }

    fn sleep_until(&self, tick: Tick) -> SimSleep {
        self.sim.sleep_until(tick)
    }
}

impl Random for Instance {
    fn fill(&self, bytes: &mut [u8]) {
        self.sim.fill(bytes);
    }
}

impl Variables for Instance {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        self.sim.variable(name).await
    }
}

impl Count for Instance {
    async fn count(
        &self,
        store: &StorePlan,
        asks: &mut [Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.sim.count(store, asks, now).await
    }

    async fn give_back(
        &self,
        store: &StorePlan,
        asks: &[Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.sim.give_back(store, asks, now).await
    }
}

impl Compute for Instance {
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        Some(work())
    }
}

impl HttpClient for Instance {
    type Stream = SimStream;

    async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Body<Upload<SimStream>>>,
    ) -> Result<Response<SimStream>, SendError> {
        self.sim.send(target, patience, request).await
    }
}

impl Defer for Instance {
    fn defer(&self, work: Afterwards) {
        self.sim.defer(work);
    }
}

impl Observe for Instance {
    fn observe(&self, record: &Record) {
        self.sim.observe(record);
    }
}
