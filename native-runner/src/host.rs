//! The native host: tokio's clock, the system's random numbers, and hyper's connections.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tollgate::body::{Body, Upload};
use tollgate::gateway::{Afterwards, settle};
use tollgate::host::{
    Clock, Compute, Count, Defer, HttpClient, KeyValue, Observe, Random, Remember, Secret, SendError,
    SendErrorKind, StoreError, Tick, UnixMillis, VariableError,
};
use tollgate::limit::{Ask, Counters};
use tollgate::memory::Memory;
use tollgate::plan::{Patience, StorePlan, Target};
use tollgate::telemetry::Record;

pub mod bench;
pub mod body;
pub mod client;
pub mod connect;
pub mod pool;
pub mod redis;
pub mod rooms;
pub mod store;
pub mod stores;
pub mod trust;
pub mod variables;

pub use bench::Bench;
pub use body::NativeBody;
pub use client::Client;
pub use redis::Redis;
pub use rooms::Rooms;
pub use store::Store;
pub use stores::{Opened, Stores};
pub use variables::Variables;

use crate::observe::Observer;
use crate::random::Generator;

/// The native host of one worker. Workers share variables and trust, and have connections and counters of their own,
/// so that nothing on a request's way is contended.
#[derive(Debug, Clone)]
pub struct NativeHost(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    epoch: Instant,
    client: Client,
    variables: Arc<Variables>,
    shared: Arc<Shared>,
    observer: Observer,
}

/// What all workers of a server share, and what outlives a change of the plan.
#[derive(Debug)]
pub struct Shared {
    /// What the core remembers.
    pub memory: Memory,
    /// The stores.
    pub stores: Stores,
    /// Work that takes long on purpose.
    pub bench: Bench,
    /// How much more work may go on that no answer waits for.
    deferred: Deferred,
}

/// Work that goes on and that no answer waits for.
#[derive(Debug, Clone)]
pub struct Deferred(Arc<Semaphore>);

/// How much work may go on that no answer waits for: as much as a store or an upstream has in flight at most from one
/// server; what comes on top is not done.
const DEFERRED: u32 = 1_024;

// === impl Shared ===

impl Shared {
    /// Nothing is remembered yet.
    pub fn new(stores: Stores) -> Self {
        let mut seed = [0; 8];
        Generator::new().fill(&mut seed);
        let limits = Counters::seeded(u64::from_le_bytes(seed));
        Self {
            memory: Memory { limits, ..Memory::default() },
            stores,
            bench: Bench::default(),
            deferred: Deferred(Arc::new(Semaphore::new(DEFERRED as usize))),
        }
    }

    /// Work that goes on and that no answer waits for.
    pub fn deferred(&self) -> Deferred {
        self.deferred.clone()
    }
}

// === impl Deferred ===

impl Deferred {
    /// Ready when all that was left to do until now is done: for tests, which look at what came of it.
    pub async fn done(&self) {
        let _all = self.0.acquire_many(DEFERRED).await;
    }
}

// === impl NativeHost ===

impl NativeHost {
    /// A host with these parts.
    pub fn new(
        epoch: Instant,
        client: Client,
        variables: Arc<Variables>,
        shared: Arc<Shared>,
        observer: Observer,
    ) -> Self {
        Self(Arc::new(Inner { epoch, client, variables, shared, observer }))
    }

    /// The worker's connections to upstreams.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Where the worker's finished requests are counted.
    pub fn observer(&self) -> &Observer {
        &self.0.observer
    }
}

impl Clock for NativeHost {
    type Sleep = tokio::time::Sleep;

    fn unix(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn tick(&self) -> Tick {
        Tick(u64::try_from(self.0.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn sleep_until(&self, Tick(nanos): Tick) -> Self::Sleep {
        tokio::time::sleep_until(self.0.epoch + Duration::from_nanos(nanos))
    }
}

impl Random for NativeHost {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.client.random().fill(bytes);
    }
}

impl tollgate::host::Variables for NativeHost {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        tollgate::host::Variables::variable(&*self.0.variables, name).await
    }
}

impl KeyValue for NativeHost {
    async fn get(&self, store: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        let opened = self.0.shared.stores.find(store)?;
        let found = opened.get(&store.label, key, self.unix()).await.map_err(StoreError::from)?;
        Ok(found.map(Bytes::from))
    }

    async fn set(&self, store: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        let opened = self.0.shared.stores.find(store)?;
        opened.set(&store.label, key, &value, None).await.map_err(StoreError::from)
    }

    async fn delete(&self, store: &StorePlan, key: &str) -> Result<(), StoreError> {
        let opened = self.0.shared.stores.find(store)?;
        opened.delete(&store.label, key).await.map(drop).map_err(StoreError::from)
    }

    async fn set_for(
        &self,
        store: &StorePlan,
        key: &str,
        value: Bytes,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let opened = self.0.shared.stores.find(store)?;
        opened.set_for(&store.label, key, &value, keep).await.map_err(StoreError::from)
    }

    async fn swap(
        &self,
        store: &StorePlan,
        key: &str,
        before: Option<&[u8]>,
        after: Bytes,
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let opened = self.0.shared.stores.find(store)?;
        opened.swap(&store.label, key, before, &after, keep).await.map_err(StoreError::from)
    }

    fn swaps_exactly(&self, _: &StorePlan) -> bool {
        true
    }

    fn forgets(&self, _: &StorePlan) -> bool {
        true
    }
}

impl Count for NativeHost {
    async fn count(
        &self,
        store: &StorePlan,
        asks: &mut [Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.0.shared.stores.find(store)?.count(&store.label, asks, now).await
    }

    async fn give_back(
        &self,
        store: &StorePlan,
        asks: &[Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.0.shared.stores.find(store)?.give_back(&store.label, asks, now).await
    }
}

impl Compute for NativeHost {
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        self.0.shared.bench.compute(work).await
    }
}

impl Defer for NativeHost {
    fn defer(&self, work: Afterwards) {
        let Ok(permit) = Arc::clone(&self.0.shared.deferred.0).try_acquire_owned() else { return };
        let host = self.clone();
        tokio::spawn(async move {
            settle(&host, work).await;
            drop(permit);
        });
    }
}

impl Remember for NativeHost {
    fn memory(&self) -> Option<&Memory> {
        Some(&self.0.shared.memory)
    }
}

impl HttpClient for NativeHost {
    type Stream = NativeBody;

    async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Body<Upload<NativeBody>>>,
    ) -> Result<Response<NativeBody>, SendError> {
        self.0.client.send(target, patience, request).await
    }

    async fn reach(&self, target: &Target, patience: Duration) -> Result<(), SendError> {
        let connected = tokio::time::timeout(patience, connect::connect_tcp(target)).await;
        let late = SendError::unsent(SendErrorKind::ConnectTimeout, "no connection in time");
        connected.unwrap_or(Err(late)).map(drop)
    }
}

impl Observe for NativeHost {
    fn observe(&self, record: &Record) {
        self.0.observer.observe(record);
    }
}
