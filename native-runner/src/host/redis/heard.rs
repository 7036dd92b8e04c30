//! A connection that knows when it was heard from.
//!
//! Whoever waits for an answer gives up after a while, and its answer may come later: only the connection itself can
//! tell a server that is slow from one that is silent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Since when something was asked and nothing was heard.
#[derive(Debug)]
pub struct Heard {
    epoch: Instant,
    /// In milliseconds of `epoch`, and one more; 0 where nothing was asked since something was heard.
    silent_since: AtomicU64,
}

/// The bytes of a connection.
#[derive(Debug)]
pub struct Hearing<S> {
    stream: S,
    heard: Arc<Heard>,
}

// === impl Heard ===

impl Default for Heard {
    fn default() -> Self {
        Self { epoch: Instant::now(), silent_since: AtomicU64::new(0) }
    }
}

impl Heard {
    /// Something is asked, `now`. How long nothing has been heard since something was asked first.
    pub fn ask(&self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.epoch).as_millis();
        let now = u64::try_from(since).unwrap_or(u64::MAX - 1) + 1;
        let asked = self.silent_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        Duration::from_millis(now.saturating_sub(asked.err().unwrap_or(now)))
    }
}

// === impl Hearing ===

impl<S> Hearing<S> {
    /// Tells `heard` of each byte that `stream` brings.
    pub fn new(stream: S, heard: Arc<Heard>) -> Self {
        Self { stream, heard }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Hearing<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_ready() {
            this.heard.silent_since.store(0, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Hearing<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn silence_begins_with_the_first_question_and_ends_with_the_first_byte() {
        let heard = Arc::new(Heard::default());
        let mut stream = Hearing::new(&b"+OK"[..], Arc::clone(&heard));
        let ask = |at| heard.ask(heard.epoch + Duration::from_millis(at));
        assert_eq!(ask(9_000), Duration::ZERO);
        assert_eq!(ask(9_700), Duration::from_millis(700));
        assert_eq!(ask(10_400), Duration::from_millis(1_400));
        assert_eq!(stream.read_u8().await.unwrap(), b'+');
        assert_eq!(ask(19_400), Duration::ZERO);
    }
}
