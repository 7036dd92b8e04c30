//! A running native server: started, changed while it runs, and stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;
use tollgate::admission::View;
use tollgate::host::{Clock as _, Tick};
use tollgate::plan::Plan;

use super::admin::Operated;
use super::admin::manage::Managed;
use super::admin::manage::usage::Counted;
use super::native::Native;
use super::tls::Certificates;
use super::workers::{Duty, Workers};
use crate::discover::view;
use crate::host::trust::Trust;
use crate::host::{Client, Deferred, NativeHost, Opened, Rooms, Shared, Stores, Variables};
use crate::inspect;
use crate::observe::exposition::Snapshot;
use crate::observe::metrics::Counts;
use crate::observe::{AccessLog, Observer, seen};

/// What a server is started with, beyond the plan.
#[derive(Debug)]
pub struct Settings {
    /// The configuration's directory: files that the plan names are relative to it.
    pub directory: PathBuf,
    /// Where variables come from.
    pub variables: Arc<Variables>,
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// How many workers there are.
    pub workers: usize,
    /// Whether key sets are fetched before a request needs them, and sources of targets are followed; off where every
    /// request that the gateway makes is counted.
    pub upkeep: bool,
}

/// A running native server.
#[derive(Debug)]
pub struct Server {
    plan: arc_swap::ArcSwap<Plan>,
    natives: Vec<Arc<Native>>,
    workers: Workers,
    trust: Arc<Trust>,
    access_log: AccessLog,
    shared: Arc<Shared>,
    variables: Arc<Variables>,
    taken: AtomicU64,
    refused: AtomicU64,
}

// === impl Server ===

impl Server {
    /// Binds the listeners and starts the workers.
    pub fn start(plan: Arc<Plan>, settings: &Settings) -> anyhow::Result<Self> {
        let trust = Arc::new(Trust::new(&settings.directory));
        let epoch = Instant::now();
        let stores = Stores::new(&settings.directory, Arc::clone(&settings.variables));
        stores.open(&plan, None)?;
        let shared = Arc::new(Shared::new(stores));
        let rooms = Arc::new(Rooms::default());
        let natives: Vec<_> = (0..settings.workers.max(1))
            .map(|_| {
                let client = Client::new(Arc::clone(&trust), Arc::clone(&rooms));
                let observer = Observer::new(settings.access_log.clone());
                let host = NativeHost::new(
                    epoch,
                    client,
                    Arc::clone(&settings.variables),
                    Arc::clone(&shared),
                    observer,
                );
                let upkeep = settings.upkeep.then_some(&*settings.directory);
                Arc::new(Native::new(Arc::clone(&plan), host, upkeep))
            })
            .collect();
        let duties = natives.iter().map(duty).collect();
        let workers = Workers::start(&plan.server, &settings.directory, duties)?;
        Ok(Self {
            plan: arc_swap::ArcSwap::new(plan),
            natives,
            workers,
            trust,
            access_log: settings.access_log.clone(),
            shared,
            variables: Arc::clone(&settings.variables),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// The addresses it listens on, and whether each speaks TLS.
    pub fn addresses(&self) -> &[(SocketAddr, bool)] {
        self.workers.addresses()
    }

    /// The plan in force.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    /// Puts another plan in force; what it says of listeners waits for the next start. Where a store that it names cannot
    /// be opened, the plan before stays in force.
    pub fn install(&self, plan: Arc<Plan>) -> anyhow::Result<()> {
        self.shared.stores.open(&plan, Some(&self.plan.load()))?;
        self.trust.forget();
        for native in &self.natives {
            native.install(Arc::clone(&plan));
        }
        self.plan.store(plan);
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The key-value store; `None` where the configuration has none.
    pub fn store(&self) -> Option<Arc<Opened>> {
        self.shared.stores.find(self.plan.load().auth.store.as_ref()?).ok()
    }

    /// Work that goes on and that no answer waits for.
    pub fn deferred(&self) -> Deferred {
        self.shared.deferred()
    }

    /// Counts a configuration that was not taken.
    pub fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The certificates in force.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.workers.certificates()
    }

    /// Whether it is about to stop.
    pub fn is_draining(&self) -> bool {
        self.workers.state().is_draining()
    }

    /// What there is to expose.
    pub fn snapshot(&self) -> Snapshot {
        let mut counts = Counts::default();
        for native in &self.natives {
            native.host().observer().shard().add_to(&mut counts);
        }
        Snapshot {
            counts,
            in_flight: self.workers.state().in_flight() as u64,
            connections: self.workers.state().open_connections() as u64,
            dropped_lines: self.access_log.dropped(),
            limit_stores: self.shared.memory.breakers.totals(),
            kept: (self.shared.memory.cache.entries(), self.shared.memory.cache.bytes()),
            cache_stores: self.shared.memory.cache.totals(),
            upstreams: self.seen(),
            mirrors: self.shared.memory.migration.shadows(),
            gates: self.gates(),
            reloads: (self.taken.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed)),
            sources: view::known(&self.plan.load(), &self.shared.memory),
        }
    }

    /// How upstreams and their targets are doing.
    pub fn seen(&self) -> Vec<seen::Upstream> {
        let now = self.natives.first().map_or_else(Tick::default, |native| native.host().tick());
        seen::upstreams(&self.plan(), &self.shared.memory.pools, now)
    }

    /// How much upstreams are asked at once, where that is bounded.
    fn gates(&self) -> Vec<(Box<str>, View)> {
        let plan = self.plan.load();
        let pools = self.shared.memory.pools.all();
        let gates = plan.upstreams.iter().filter_map(|upstream| {
            let (name, pool) = pools.iter().find(|(name, _)| *name == upstream.name)?;
            Some((name.clone(), pool.gate.view(upstream.admission.as_ref()?)))
        });
        gates.collect()
    }

    /// Stops accepting. Requests in flight go on; [`Self::join`] waits for them.
    pub fn start_drain(&self) {
        self.workers.state().start_drain();
    }

    /// Waits until every worker has ended, and what they logged is written; blocks.
    pub fn join(&self) {
        self.workers.join();
        self.access_log.flush();
    }
}

fn duty(native: &Arc<Native>) -> Duty<Native> {
    let host = native.host().clone();
    (Arc::clone(native), Box::new(move || host.client().sweep()))
}

impl Operated for Server {
    fn is_draining(&self) -> bool {
        self.is_draining()
    }

    fn snapshot(&self) -> Snapshot {
        self.snapshot()
    }

    fn configuration(&self) -> serde_json::Value {
        inspect::plan(&self.plan())
    }

    fn upstreams(&self) -> Option<serde_json::Value> {
        Some(seen::json(&self.seen()))
    }

    fn discovery(&self) -> serde_json::Value {
        view::all(&self.plan(), &self.shared.memory)
    }

    fn managed(&self) -> Managed {
        Managed::of(&self.plan(), self.store().as_deref(), &self.variables)
    }

    /// The counts are those of all workers: what one worker's host reaches, every other's does.
    fn counted(&self) -> Option<Counted> {
        let host = self.natives.first()?.host().clone();
        Some(Counted { plan: self.plan(), host })
    }
}
