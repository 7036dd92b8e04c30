//! Between an HTTP/1 connection and hyper: bytes whose framing is ambiguous never reach hyper.
//!
//! hyper alone would take some of them, answer the others with an empty 400, and let a slow head's connection end in
//! silence. The guard hands on whole heads only. In the place of a head that it refuses it puts a request of its own,
//! which [`super::framing::check`] recognises; so the refusal is answered in its turn after the requests before it,
//! with a status, a problem document and a line in the access log like any other. A malformed chunked body fails
//! while it is read, with an error that [`super::body::fault`] recognises. After either, nothing from the client is
//! handed on any more.
//!
//! What hyper reads is looked at where hyper wants it; it is copied only if a head arrives in pieces.

mod chunk;
mod head;

use std::future::Future;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::ambiguity::Ambiguity;
use super::framing;
use chunk::Chunks;
use head::{Body, Progress};

/// What a client may send before another protocol has been agreed on.
const EARLY: usize = 4 * 1024;
/// RFC 9112, 9.6: how much is read and thrown away, so that a reset does not destroy the answer, and for how long.
const DISCARD: usize = 256 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// How large a head may be, and how slow.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The request line: 414.
    pub line: usize,
    /// All fields together: 431.
    pub fields: usize,
    /// The number of fields: 431. More than 100 cost an allocation for each request, here and in hyper.
    pub count: usize,
    /// From a head's first byte to its last: 408.
    pub time: Duration,
}

/// The switch that ends the guard's work once another protocol has been agreed on.
#[derive(Debug, Clone, Default)]
pub struct Tunnel(Arc<AtomicBool>);

/// What the next bytes from the client are.
#[derive(Debug)]
enum Phase {
    Head,
    Length(u64),
    Chunked(Chunks),
    /// Nobody knows until the answer to an upgrade.
    Waiting,
    /// Another protocol's.
    Open,
    /// Nothing any more: a head was refused.
    Refused(Ambiguity),
    /// Nothing any more: a body was.
    Failed(Ambiguity),
}

/// A connection whose input has been checked.
#[derive(Debug)]
pub struct Guard<I> {
    io: I,
    limits: Limits,
    phase: Phase,
    progress: Progress,
    /// What could not be handed on at once.
    held: Vec<u8>,
    /// How much of it can be by now, and how much has been.
    ready: usize,
    given: usize,
    /// When an unfinished head is too late, or the lingering close over.
    deadline: Option<Pin<Box<Sleep>>>,
    tunnel: Tunnel,
    discarded: usize,
    shut: bool,
}

// === impl Tunnel ===

impl Tunnel {
    /// To be called with every 101 before the response is returned. An upgrade that is not granted must be answered
    /// with `Connection: close`, since what follows it may be anything.
    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self { line: 8 * 1024, fields: 32 * 1024, count: 100, time: Duration::from_secs(10) }
    }
}

// === impl Guard ===

impl<I> Guard<I> {
    /// Guards a connection from its first byte.
    pub fn new(io: I, limits: Limits) -> Self {
        Self {
            io,
            limits,
            phase: Phase::Head,
            progress: Progress::default(),
            held: Vec::new(),
            ready: 0,
            given: 0,
            deadline: None,
            tunnel: Tunnel::default(),
            discarded: 0,
            shut: false,
        }
    }

    /// Guards a connection of which `first` has been read already, to find out its protocol.
    pub fn with_first(io: I, limits: Limits, first: Vec<u8>) -> Self {
        let mut guard = Self::new(io, limits);
        guard.held = first;
        guard.sort_held();
        guard
    }

    /// This connection's switch, for the service.
    pub fn tunnel(&self) -> Tunnel {
        self.tunnel.clone()
    }

    /// Follows `bytes` as far as hyper may have them.
    fn sort(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match self.step(&bytes[at..]) {
                0 => break,
                taken => at += taken,
            }
        }
        at
    }

    /// Follows one head or one body; how many of its bytes hyper may have.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match &mut self.phase {
            Phase::Head => self.head(bytes),
            Phase::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.phase = Phase::Head;
                }
                taken
            }
            Phase::Chunked(chunks) => match chunks.follow(bytes) {
                Ok(taken) => {
                    if chunks.done() {
                        self.phase = Phase::Head;
                    }
                    taken
                }
                Err(ambiguity) => {
                    self.phase = Phase::Failed(ambiguity);
                    0
                }
            },
            Phase::Open => bytes.len(),
            Phase::Waiting | Phase::Refused(_) | Phase::Failed(_) => 0,
        }
    }

    /// Follows a head: all of it, or nothing.
    fn head(&mut self, bytes: &[u8]) -> usize {
        let (taken, phase) = match self.progress.read(bytes, &self.limits) {
            Ok(None) => return 0,
            Ok(Some((taken, Body::Length(0)))) => (taken, Phase::Head),
            Ok(Some((taken, Body::Length(length)))) => (taken, Phase::Length(length)),
            Ok(Some((taken, Body::Chunked))) => (taken, Phase::Chunked(Chunks::new())),
            Ok(Some((taken, Body::Upgrade))) => (taken, Phase::Waiting),
            Err(ambiguity) => (0, Phase::Refused(ambiguity)),
        };
        self.progress = Progress::default();
        self.deadline = None;
        self.phase = phase;
        taken
    }

    /// Sorts what has been read into `buf` after `before`: what hyper may have stays, the rest is held back.
    fn receive(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        if self.held.is_empty() {
            let good = before + self.sort(&buf.filled()[before..]);
            if self.keeps() {
                self.held.extend_from_slice(&buf.filled()[good..]);
            }
            buf.set_filled(good);
            self.replace();
        } else {
            self.held.extend_from_slice(&buf.filled()[before..]);
            buf.set_filled(before);
            self.sort_held();
        }
    }

    /// Sorts what is held back, after more of it has come.
    fn sort_held(&mut self) {
        let held = mem::take(&mut self.held);
        self.ready = self.sort(&held);
        self.held = held;
        if !self.keeps() {
            self.held.truncate(self.ready);
        }
        self.replace();
    }

    /// Whether what hyper may not have yet can still become something that it may.
    fn keeps(&self) -> bool {
        !matches!(self.phase, Phase::Refused(_) | Phase::Failed(_))
    }

    /// Puts the guard's own request into the place of one that was refused.
    fn replace(&mut self) {
        if let Phase::Refused(ambiguity) = self.phase {
            let (method, number) = (framing::REFUSED, ambiguity.number());
            let request =
                format!("{method} /{number} HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n");
            self.held.extend_from_slice(request.as_bytes());
            self.ready = self.held.len();
        }
    }

    /// Hands on what is held back and ready; whether there was any.
    fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let pending = self.ready - self.given;
        if pending == 0 {
            return false;
        }
        let part = pending.min(buf.remaining());
        buf.put_slice(&self.held[self.given..self.given + part]);
        self.given += part;
        if self.given == self.ready {
            self.held.drain(..self.ready);
            (self.ready, self.given) = (0, 0);
            // Rarely needed, so not kept for the connection's life.
            if self.held.is_empty() {
                self.held = Vec::new();
            }
        }
        true
    }

    /// Whether a head that has begun is too late.
    fn late(&mut self, cx: &mut Context<'_>) -> bool {
        if !matches!(self.phase, Phase::Head) || self.held.is_empty() {
            return false;
        }
        let time = self.limits.time;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(time)));
        if deadline.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.deadline = None;
        self.phase = Phase::Refused(Ambiguity::SlowHead);
        self.held.clear();
        self.replace();
        true
    }

    /// Hands over to another protocol if there is one by now.
    fn open(&mut self) {
        if matches!(self.phase, Phase::Waiting) && self.tunnel.is_open() {
            self.phase = Phase::Open;
            self.ready = self.held.len();
        }
    }
}

impl<I: AsyncRead + Unpin> Guard<I> {
    /// Throws away what comes; ready at the end of the input or of patience.
    fn discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 4096];
        while self.discarded < DISCARD {
            let mut buf = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.discarded += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Guard<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            this.open();
            if this.give(buf) {
                return Poll::Ready(Ok(()));
            }
            match this.phase {
                Phase::Failed(ambiguity) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, ambiguity)));
                }
                // An end of input now would make hyper drop the answer.
                Phase::Refused(_) => {
                    let _ = this.discard(cx);
                    return Poll::Pending;
                }
                Phase::Waiting if this.held.len() >= EARLY => return Poll::Pending,
                _ => {}
            }
            let before = buf.filled().len();
            match Pin::new(&mut this.io).poll_read(cx, buf) {
                Poll::Ready(Ok(())) if buf.filled().len() > before => this.receive(buf, before),
                Poll::Ready(result) => return Poll::Ready(result),
                Poll::Pending if this.late(cx) => {}
                Poll::Pending => return Poll::Pending,
            }
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    /// RFC 9112, 9.6: closes in stages if the client may still be sending: first the output, and the rest only when
    /// the client has closed too or has had its time. Closed at once, unread input would reset the connection, and
    /// with it the answer might be lost.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.shut {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.shut = true;
            this.deadline = None;
        }
        if matches!(this.phase, Phase::Head | Phase::Open) && this.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        this.discard(cx).map(Ok)
    }
}
