//! Bytes of a connection, watched: a client that reads nothing, or sends nothing, does not keep it for ever.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::coalesce::Coalesce;

/// What a connection is doing, and since when. Written by the connection's own task, so the atomics are never
/// contended; they only let the parts of a connection share it.
#[derive(Debug)]
pub struct Activity {
    begun: Instant,
    /// Requests that are being answered.
    busy: AtomicU64,
    /// When the last one ended, in milliseconds since `begun`.
    idle_since: AtomicU64,
    /// When the client stopped reading, in milliseconds since `begun`; `u64::MAX` while it reads.
    stuck_since: AtomicU64,
    /// Bodies of which a piece was handed over and nothing asked for since.
    offered: AtomicU64,
    /// When one of them last moved, in milliseconds since `begun`.
    moved: AtomicU64,
}

/// A connection whose writes are watched.
#[derive(Debug)]
pub struct Bound<I> {
    io: I,
    activity: Arc<Activity>,
    coalesce: Coalesce,
}

// === impl Activity ===

impl Activity {
    /// Idle since now.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            busy: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            stuck_since: AtomicU64::new(u64::MAX),
            offered: AtomicU64::new(0),
            moved: AtomicU64::new(0),
        })
    }

    /// A request begins.
    pub fn begin(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has ended.
    pub fn end(&self) {
        if self.busy.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.idle_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// How long nothing has been asked for; zero while something is being answered.
    pub fn idle_for(&self) -> Duration {
        if self.busy.load(Ordering::Relaxed) > 0 {
            return Duration::ZERO;
        }
        self.since(self.idle_since.load(Ordering::Relaxed))
    }

    /// A piece of a body that goes on was handed over. Over HTTP/2 a client that gives no room (RFC 9113 section 5.2)
    /// never lets the next be asked for, although the connection itself is not stuck.
    pub fn offer(&self) {
        if self.offered.fetch_add(1, Ordering::Relaxed) == 0 {
            self.moved.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The next piece was asked for, or the body is given up.
    pub fn took(&self) {
        self.offered.fetch_sub(1, Ordering::Relaxed);
        self.moved.store(self.now(), Ordering::Relaxed);
    }

    /// How long the client has taken nothing of what waits for it.
    pub fn stuck_for(&self) -> Duration {
        let written = self.since(self.stuck_since.load(Ordering::Relaxed));
        match self.offered.load(Ordering::Relaxed) {
            0 => written,
            _ => written.max(self.since(self.moved.load(Ordering::Relaxed))),
        }
    }

    fn wrote(&self, pending: bool) {
        let stuck = self.stuck_since.load(Ordering::Relaxed);
        if pending && stuck == u64::MAX {
            self.stuck_since.store(self.now(), Ordering::Relaxed);
        } else if !pending && stuck != u64::MAX {
            self.stuck_since.store(u64::MAX, Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self, moment: u64) -> Duration {
        if moment == u64::MAX {
            Duration::ZERO
        } else {
            Duration::from_millis(self.now().saturating_sub(moment))
        }
    }
}

// === impl Bound ===

impl<I> Bound<I> {
    /// Watches `io`.
    pub fn new(io: I, activity: Arc<Activity>) -> Self {
        Self { io, activity, coalesce: Coalesce::default() }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Bound<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Bound<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(cx, buf);
        this.activity.wrote(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = match this.coalesce.join(bufs) {
            Some(piece) => Pin::new(&mut this.io).poll_write(cx, piece),
            None => Pin::new(&mut this.io).poll_write_vectored(cx, bufs),
        };
        this.activity.wrote(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
