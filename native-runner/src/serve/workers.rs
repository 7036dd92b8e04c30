//! The workers of a server and the sockets they accept from, whatever answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;
use socket2::{Domain, Protocol, Socket, Type};
use tollgate::plan::{Listener, ServerPlan};

use super::Answer;
use super::connection::Serving;
use super::state::State;
use super::tls::{Certificates, Listening};
use super::worker::{self, Bound};

/// What one worker answers with, and what it looks after every few seconds.
pub type Duty<A> = (Arc<A>, Box<dyn Fn() + Send + Sync>);

/// Running workers.
#[derive(Debug)]
pub struct Workers {
    state: Arc<State>,
    certificates: Option<Arc<Certificates>>,
    addresses: Vec<(SocketAddr, bool)>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

// === impl Workers ===

impl Workers {
    /// Binds the listeners and starts a worker for each duty. Certificates are relative to `directory`.
    pub fn start<A: Answer>(
        plan: &ServerPlan,
        directory: &Path,
        duties: Vec<Duty<A>>,
    ) -> anyhow::Result<Self> {
        let state = State::new(plan, duties.len());
        let certificates = match plan.certificates.as_slice() {
            [] => None,
            files => Some(Arc::new(Certificates::read(directory, files, &plan.client_authorities)?)),
        };
        let listeners = bind(plan, certificates.as_ref())?;
        let mut addresses = Vec::new();
        for listener in &listeners {
            addresses.push((listener.socket.local_addr()?, listener.tls.is_some()));
        }
        let mut threads = Vec::new();
        for (number, (answer, upkeep)) in duties.into_iter().enumerate() {
            let serving = Arc::new(Serving { answer, state: Arc::clone(&state) });
            threads.push(worker::start(number, &listeners, serving, upkeep, plan.drain)?);
        }
        Ok(Self { state, certificates, addresses, threads: Mutex::new(threads) })
    }

    /// What all workers share.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The certificates in force.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_deref()
    }

    /// The addresses listened on, and whether each speaks TLS.
    pub fn addresses(&self) -> &[(SocketAddr, bool)] {
        &self.addresses
    }

    /// Waits until every worker has ended; blocks.
    pub fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A worker that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}

fn bind(plan: &ServerPlan, certificates: Option<&Arc<Certificates>>) -> anyhow::Result<Vec<Bound>> {
    let mut bound = Vec::new();
    for listener in &plan.listeners {
        let socket = listen(listener).with_context(|| format!("cannot listen on {}", listener.address))?;
        let certificates = certificates.filter(|_| listener.secure).cloned();
        let tls = certificates.map(|certificates| Listening { certificates, clients: listener.clients });
        anyhow::ensure!(!listener.secure || tls.is_some(), "{} has no certificate", listener.address);
        bound.push(Bound { socket, tls });
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
