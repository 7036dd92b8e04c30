//! Instances of a gateway that share stores, which fail as they are told.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tollgate::body::{Body, Upload};
use tollgate::deadline::Deadline;
use tollgate::gateway::Afterwards;
use tollgate::host::{
    Clock, Compute, Count, Defer, HttpClient, KeyValue, Observe, Random, Remember, Secret, SendError,
    StoreError, Tick, UnixMillis, VariableError, Variables,
};
use tollgate::limit::{
    Algorithm, Ask, Counters, Judgement, Key, Limit, Limits, OnFailure, Outcome, Place, Ruling, Wanted,
    Weight, judge,
};
use tollgate::memory::Memory;
use tollgate::plan::{Patience, StorePlan, Target};
use tollgate::sim::SimHost;
use tollgate::sim::body::SimStream;
use tollgate::sim::clock::SimSleep;
use tollgate::telemetry::Record;

/// What a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It counts and answers after so long.
    Answers(Duration),
    /// It says that it cannot.
    Errs,
    /// It never answers, and counts nothing.
    Stalls,
    /// It counts, and its answer is lost.
    Swallows,
}

/// The world that instances share: a clock, and two stores named `0` and `1`.
pub struct World {
    pub sim: SimHost,
    pub moods: [Cell<Mood>; 2],
    pub counted: [Counters; 2],
    /// Calls of each store, also those that failed.
    pub calls: [Cell<usize>; 2],
    /// Permits that each store was given back.
    pub given_back: RefCell<Vec<(usize, u64)>>,
}

/// One instance of the gateway.
#[derive(Clone)]
pub struct Instance {
    pub world: Rc<World>,
    pub memory: Rc<Memory>,
    /// A component's does not remember.
    pub remembers: bool,
}

pub const AT_ONCE: Mood = Mood::Answers(Duration::ZERO);
pub const TIMEOUT: Duration = Duration::from_millis(50);

impl World {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            sim: SimHost::new(1),
            moods: [AT_ONCE, AT_ONCE].map(Cell::new),
            counted: Default::default(),
            calls: Default::default(),
            given_back: RefCell::default(),
        })
    }

    pub fn instance(self: &Rc<Self>) -> Instance {
        Instance { world: Rc::clone(self), memory: Rc::default(), remembers: true }
    }

    pub fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.sim.run(story).unwrap()
    }

    pub async fn pass(&self, millis: u64) {
        self.sim.sleep(Duration::from_millis(millis)).await;
    }

    /// Milliseconds since the beginning.
    pub fn millis(&self) -> u64 {
        self.sim.tick().0 / 1_000_000
    }

    async fn call<T>(&self, store: &StorePlan, count: impl FnOnce(&Counters) -> T) -> Result<T, StoreError> {
        let index: usize = store.label.parse().unwrap();
        self.calls[index].set(self.calls[index].get() + 1);
        match self.moods[index].get() {
            Mood::Errs => Err(StoreError { cause: "out of order".to_owned() }),
            Mood::Stalls => std::future::pending().await,
            Mood::Swallows => {
                count(&self.counted[index]);
                std::future::pending().await
            }
            Mood::Answers(delay) => {
                self.sim.sleep(delay / 2).await;
                let counted = count(&self.counted[index]);
                self.sim.sleep(delay / 2).await;
                Ok(counted)
            }
        }
    }
}

impl Instance {
    /// Judges a request that wants `weight` permits of the key `1` of each limit.
    pub async fn judge(&self, limits: &Limits, weight: u64) -> Judgement {
        let wanted: Vec<_> = (0..limits.all.len()).map(|limit| wanted(limit, weight)).collect();
        judge(self, limits, &wanted, self.unix(), Deadline::never()).await
    }

    pub async fn ruling(&self, limits: &Limits) -> Ruling {
        self.judge(limits, 1).await.ruling
    }

    pub async fn outcomes(&self, limits: &Limits) -> Vec<Outcome> {
        outcomes(&self.judge(limits, 1).await)
    }
}

pub fn outcomes(judgement: &Judgement) -> Vec<Outcome> {
    judgement.judged.iter().map(|judged| judged.outcome).collect()
}

/// A key of each limit.
pub fn wanted(limit: usize, weight: u64) -> Wanted {
    let mut key = [1; 16];
    key[15] = u8::try_from(limit).unwrap();
    Wanted { limit, key: Key(key), weight }
}

// === limits ===

pub fn limits(all: Vec<Limit>) -> Limits {
    let stores = ["0", "1"].map(|label| StorePlan { label: label.into(), ..StorePlan::default() });
    Limits { all, stores: stores.into(), ..Limits::default() }
}

pub fn limit(algorithm: Algorithm, place: Place) -> Limit {
    Limit {
        name: "l".into(),
        algorithm,
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place,
        lease: 1,
        shadow: false,
        on_failure: OnFailure::Allow,
        local: None,
        timeout: TIMEOUT,
    }
}

/// So many in each minute.
pub fn minute(most: u64) -> Algorithm {
    Algorithm::Fixed { most, per: 60_000 }
}

pub fn in_memory(most: u64) -> Limit {
    limit(minute(most), Place::Memory)
}

pub fn in_store(index: usize, most: u64) -> Limit {
    limit(minute(most), Place::Store(index))
}

pub fn failing(limit: Limit, on_failure: OnFailure) -> Limit {
    let limit = Limit { on_failure, ..limit };
    Limit { local: limit.local_share(), ..limit }
}

/// Each at its time, in milliseconds since the beginning, in the order of their times.
pub async fn timed<F: Future>(world: &World, futures: Vec<(u64, F)>) -> Vec<F::Output> {
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate().peekable();
    let mut running = Vec::new();
    let mut alarm = Box::pin(world.sim.sleep_until(Tick(0)));
    poll_fn(|cx| {
        loop {
            while let Some((at, (_, future))) = waiting.next_if(|(_, (millis, _))| *millis <= world.millis())
            {
                running.push((at, Box::pin(future)));
            }
            let Some((_, (millis, _))) = waiting.peek() else { break };
            alarm = Box::pin(world.sim.sleep_until(Tick(millis * 1_000_000)));
            if alarm.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        running.retain_mut(|(at, future)| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                outputs[*at] = Some(output);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() && waiting.peek().is_none() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().map(Option::unwrap).collect()
}

/// All of them side by side.
pub async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in &mut running {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().map(|(_, output)| output.unwrap()).collect()
}

// === the host ===

impl Count for Instance {
    async fn count(
        &self,
        store: &StorePlan,
        asks: &mut [Ask<'_>],
        UnixMillis(now): UnixMillis,
    ) -> Result<(), StoreError> {
        self.world.call(store, |counters| counters.count(asks, now)).await
    }

    async fn give_back(
        &self,
        store: &StorePlan,
        asks: &[Ask<'_>],
        UnixMillis(now): UnixMillis,
    ) -> Result<(), StoreError> {
        self.world.call(store, |counters| counters.give_back(asks, now)).await?;
        let given = asks.iter().map(|ask| ask.verdict.taken).sum();
        self.world.given_back.borrow_mut().push((store.label.parse().unwrap(), given));
        Ok(())
    }
}

impl Remember for Instance {
    fn memory(&self) -> Option<&Memory> {
        self.remembers.then_some(&*self.memory)
    }
}

impl Clock for Instance {
    type Sleep = SimSleep;

    fn unix(&self) -> UnixMillis {
        self.world.sim.unix()
    }

    fn tick(&self) -> Tick {
        self.world.sim.tick()
    }

    fn sleep_until(&self, tick: Tick) -> SimSleep {
        self.world.sim.sleep_until(tick)
    }
}

impl Random for Instance {
    fn fill(&self, bytes: &mut [u8]) {
        self.world.sim.fill(bytes);
    }
}

impl Variables for Instance {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        self.world.sim.variable(name).await
    }
}

impl KeyValue for Instance {
    async fn get(&self, store: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.world.sim.get(store, key).await
    }

    async fn set(&self, store: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        self.world.sim.set(store, key, value).await
    }

    async fn delete(&self, store: &StorePlan, key: &str) -> Result<(), StoreError> {
        self.world.sim.delete(store, key).await
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
        self.world.sim.send(target, patience, request).await
    }
}

impl Defer for Instance {
    fn defer(&self, work: Afterwards) {
        self.world.sim.defer(work);
    }
}

impl Observe for Instance {
    fn observe(&self, record: &Record) {
        self.world.sim.observe(record);
    }
}
