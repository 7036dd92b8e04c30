//! A running server: started, changed while it runs, and stopped.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context as _;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::Instant;
use tollgate::plan::{Listener, Plan, ServerPlan};

use super::connection::Serving;
use super::native::Native;
use super::state::State;
use super::tls::Certificates;
use super::worker::{self, Bound};
use crate::host::trust::Trust;
use crate::host::{Client, NativeHost, Variables};
use crate::observe::exposition::Snapshot;
use crate::observe::metrics::Counts;
use crate::observe::{AccessLog, Observer};

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
}

/// A running native server.
#[derive(Debug)]
pub struct Server {
    plan: arc_swap::ArcSwap<Plan>,
    natives: Vec<Arc<Native>>,
    state: Arc<State>,
    trust: Arc<Trust>,
    certificates: Option<Arc<Certificates>>,
    addresses: Vec<(SocketAddr, bool)>,
    access_log: AccessLog,
    threads: Mutex<Vec<JoinHandle<()>>>,
    taken: AtomicU64,
    refused: AtomicU64,
}

// === impl Server ===

impl Server {
    /// Binds the listeners and starts the workers.
    pub fn start(plan: Arc<Plan>, settings: &Settings) -> anyhow::Result<Self> {
        let state = State::new(&plan.server);
        let certificates = certificates(&plan.server, settings)?;
        let listeners = bind(&plan.server, certificates.as_ref())?;
        let mut addresses = Vec::new();
        for listener in &listeners {
            addresses.push((listener.socket.local_addr()?, listener.certificates.is_some()));
        }
        let trust = Arc::new(Trust::new(&settings.directory));
        let (epoch, mut natives, mut threads) = (Instant::now(), Vec::new(), Vec::new());
        for number in 0..settings.workers.max(1) {
            let client = Client::new(Arc::clone(&trust));
            let observer = Observer::new(settings.access_log.clone());
            let host = NativeHost::new(epoch, client, Arc::clone(&settings.variables), observer);
            let native = Arc::new(Native::new(Arc::clone(&plan), host.clone()));
            let serving = Arc::new(Serving { answer: Arc::clone(&native), state: Arc::clone(&state) });
            let upkeep = move || host.client().pool().sweep();
            threads.push(worker::start(number, &listeners, serving, upkeep, plan.server.drain)?);
            natives.push(native);
        }
        Ok(Self {
            plan: arc_swap::ArcSwap::new(plan),
            natives,
            state,
            trust,
            certificates,
            addresses,
            access_log: settings.access_log.clone(),
            threads: Mutex::new(threads),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// The addresses it listens on, and whether each speaks TLS.
    pub fn addresses(&self) -> &[(SocketAddr, bool)] {
        &self.addresses
    }

    /// The plan in force.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    /// Puts another plan in force; what it says of listeners waits for the next start.
    pub fn install(&self, plan: Arc<Plan>) {
        self.trust.forget();
        for native in &self.natives {
            native.install(Arc::clone(&plan));
        }
        self.plan.store(plan);
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a configuration that was not taken.
    pub fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The certificates in force.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_deref()
    }

    /// Whether it is about to stop.
    pub fn is_draining(&self) -> bool {
        self.state.is_draining()
    }

    /// What there is to expose.
    pub fn snapshot(&self) -> Snapshot {
        let mut counts = Counts::default();
        for native in &self.natives {
            native.host().observer().shard().add_to(&mut counts);
        }
        Snapshot {
            counts,
            in_flight: self.state.in_flight() as u64,
            connections: self.state.open_connections() as u64,
            dropped_lines: self.access_log.dropped(),
            reloads: (self.taken.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed)),
        }
    }

    /// Stops accepting. Requests in flight go on; [`Self::join`] waits for them.
    pub fn start_drain(&self) {
        self.state.start_drain();
    }

    /// Waits until every worker has ended, and what they logged is written; blocks.
    pub fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A worker that panicked has said so on standard error.
            let _ = thread.join();
        }
        self.access_log.flush();
    }
}

fn certificates(plan: &ServerPlan, settings: &Settings) -> anyhow::Result<Option<Arc<Certificates>>> {
    if plan.certificates.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Certificates::read(&settings.directory, &plan.certificates)?)))
}

fn bind(plan: &ServerPlan, certificates: Option<&Arc<Certificates>>) -> anyhow::Result<Vec<Bound>> {
    let mut bound = Vec::new();
    for listener in &plan.listeners {
        let socket = listen(listener).with_context(|| format!("cannot listen on {}", listener.address))?;
        let certificates = listener.secure.then(|| certificates.cloned()).flatten();
        anyhow::ensure!(!listener.secure || certificates.is_some(), "{} has no certificate", listener.address);
        bound.push(Bound { socket, certificates });
    }
    Ok(bound)
}

fn listen(listener: &Listener) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(listener.address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that was just stopped may start again at once.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listener.address.into())?;
    socket.listen(worker::BACKLOG)?;
    Ok(socket.into())
}
