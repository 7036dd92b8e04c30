//! What all workers of a server share: limits, counts, and the wish to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tollgate::plan::ServerPlan;

use super::guard::Limits;

/// How long an idle connection stays open when the server is about to stop, so that a request that is on its way
/// still finds it.
pub const LINGER: Duration = Duration::from_secs(2);

/// What all workers of a server share.
#[derive(Debug)]
pub struct State {
    /// Limits on heads.
    pub heads: Limits,
    /// How long a connection may be idle.
    pub idle: Duration,
    /// Places for connections.
    pub connections: Arc<Semaphore>,
    workers: usize,
    most_connections: usize,
    most_in_flight: usize,
    in_flight: AtomicUsize,
    draining: AtomicBool,
    drain: Notify,
}

/// A request in flight.
#[derive(Debug)]
pub struct Permit(Arc<State>);

// === impl State ===

impl State {
    /// The state of a server with these limits and so many workers.
    pub fn new(plan: &ServerPlan, workers: usize) -> Arc<Self> {
        let heads = Limits {
            line: plan.request_line,
            fields: plan.headers,
            count: plan.header_count,
            time: plan.header_time,
        };
        Arc::new(Self {
            heads,
            idle: plan.idle,
            connections: Arc::new(Semaphore::new(plan.connections)),
            workers: workers.max(1),
            most_connections: plan.connections,
            most_in_flight: plan.in_flight,
            in_flight: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            drain: Notify::new(),
        })
    }

    /// A place for a request; `None` where there are as many as may be.
    pub fn admit(self: &Arc<Self>) -> Option<Permit> {
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= self.most_in_flight {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Permit(Arc::clone(self)))
    }

    /// Requests that have not ended.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Open connections.
    pub fn open_connections(&self) -> usize {
        self.most_connections - self.connections.available_permits().min(self.most_connections)
    }

    /// Whether a worker with `own` connections has more than its share.
    pub fn has_enough(&self, own: usize) -> bool {
        own * self.workers > self.open_connections() + self.workers
    }

    /// Stops accepting.
    pub fn start_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.drain.notify_waiters();
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until the server is about to stop, and then a little for what is on its way.
    pub async fn lingered(&self) {
        self.draining().await;
        tokio::time::sleep(LINGER).await;
    }

    /// Waits until the server is about to stop.
    pub async fn draining(&self) {
        let mut notified = std::pin::pin!(self.drain.notified());
        // Before looking: a notification between looking and waiting must not be lost.
        notified.as_mut().enable();
        if !self.is_draining() {
            notified.await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
