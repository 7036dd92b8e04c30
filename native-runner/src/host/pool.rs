//! Connections to upstreams, kept open between requests. A worker has its own pool.

use std::collections::HashMap;
use std::future::Future as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::time::{Duration, Instant};
use tollgate::body::{Body, Upload};

use super::body::NativeBody;
use super::connect::Stream;
use super::rooms::Place;

/// What is sent over a connection.
pub type Outbound = Body<Upload<NativeBody>>;
/// A connection of HTTP/1.1, as hyper has it.
pub type Http1Connection = http1::Connection<TokioIo<Stream>, Outbound>;

/// How long a connection may lie unused. Below the keep-alive time of most servers (nginx 75 s, Apache and Node less),
/// so that it is mostly we who close it.
const IDLE: Duration = Duration::from_secs(50);
/// How many unused connections to one target a worker keeps.
const MOST_IDLE: usize = 256;

/// Connections to upstreams.
#[derive(Debug, Default)]
pub struct Pool {
    kept: Mutex<HashMap<u64, Kept, BuildHasherDefault<Identity>>>,
}

/// Connections to one target.
#[derive(Debug, Default)]
struct Kept {
    idle: Vec<(Instant, Box<Http1>)>,
    shared: Option<http2::SendRequest<Outbound>>,
}

/// A connection of HTTP/1.1 and its handle.
#[derive(Debug)]
pub struct Http1 {
    /// Sends requests.
    pub sender: http1::SendRequest<Outbound>,
    /// Moves the bytes.
    pub connection: Http1Connection,
    /// Its place among the connections to its target, where their number is bounded.
    pub place: Option<Place>,
}

/// A connection taken from a pool, to be given back.
#[derive(Debug)]
pub struct Lease {
    http1: Box<Http1>,
    pool: Arc<Pool>,
    key: u64,
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct Identity(u64);

// === impl Pool ===

impl Pool {
    /// A connection of HTTP/1.1 to the target with this key that was alive a moment ago, and how long it has been
    /// unused.
    pub fn take(&self, key: u64) -> Option<(Box<Http1>, Duration)> {
        loop {
            let (since, mut http1) = self.lock().get_mut(&key)?.idle.pop()?;
            // Whether the other side has closed it meanwhile: the runtime has seen that already, so this asks no one.
            let closed = http1.drive(&mut Context::from_waker(Waker::noop())).is_ready();
            let unused = since.elapsed();
            if !closed && unused < IDLE && http1.sender.is_ready() {
                return Some((http1, unused));
            }
        }
    }

    /// The connection of HTTP/2 to the target with this key.
    pub fn shared(&self, key: u64) -> Option<http2::SendRequest<Outbound>> {
        let mut kept = self.lock();
        let kept = kept.get_mut(&key)?;
        if kept.shared.as_ref().is_some_and(http2::SendRequest::is_closed) {
            kept.shared = None;
        }
        kept.shared.clone()
    }

    /// Keeps a connection of HTTP/2 for all.
    pub fn share(&self, key: u64, sender: http2::SendRequest<Outbound>) {
        self.lock().entry(key).or_default().shared = Some(sender);
    }

    /// An unused connection to the target with this key that has a place which somebody else could use.
    pub fn take_counted(&self, key: u64) -> Option<Box<Http1>> {
        let mut kept = self.lock();
        let idle = &mut kept.get_mut(&key)?.idle;
        let at = idle.iter().position(|(_, http1)| http1.place.is_some())?;
        Some(idle.remove(at).1)
    }

    fn put(self: &Arc<Self>, key: u64, http1: Box<Http1>) {
        let mut kept = self.lock();
        // Under the lock: whoever begins to wait afterwards finds the connection among the unused ones.
        let room = http1.place.as_ref().map(|place| Arc::clone(place.room()));
        if let Some(room) = room.filter(|room| room.is_awaited()) {
            drop(kept);
            return room.offer(http1, self);
        }
        let idle = &mut kept.entry(key).or_default().idle;
        if idle.len() < MOST_IDLE {
            idle.push((Instant::now(), http1));
        }
    }

    /// Closes what has been unused for too long.
    pub fn sweep(&self) {
        self.lock().retain(|_, kept| {
            kept.idle.retain_mut(|(since, http1)| {
                since.elapsed() < IDLE && http1.drive(&mut Context::from_waker(Waker::noop())).is_pending()
            });
            !kept.idle.is_empty() || kept.shared.as_ref().is_some_and(|sender| !sender.is_closed())
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Kept, BuildHasherDefault<Identity>>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Http1 ===

impl Http1 {
    /// Moves the connection. Ready when it has ended.
    pub fn drive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        Pin::new(&mut self.connection).poll(cx)
    }
}

// === impl Lease ===

impl Lease {
    /// A connection that goes to `pool` when it is given back.
    pub fn new(http1: Box<Http1>, pool: Arc<Pool>, key: u64) -> Self {
        Self { http1, pool, key }
    }

    /// Moves the connection. Ready when it has ended.
    pub fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.http1.drive(cx).map(drop)
    }

    /// Back to the pool, where nothing is under way on the connection any more; else it is closed.
    #[allow(clippy::boxed_local, reason = "a body holds it boxed, and moving it out would copy it")]
    pub fn give_back(mut self: Box<Self>, cx: &mut Context<'_>) {
        // hyper takes notice of the end of an exchange when it is polled next.
        if self.http1.drive(cx).is_pending() && self.http1.sender.is_ready() {
            let Self { http1, pool, key } = *self;
            pool.put(key, http1);
        }
    }
}

// === impl Identity ===

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
