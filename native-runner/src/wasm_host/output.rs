//! A guest's standard output and error: passed on line by line, so that guests do not tear each other's lines.

use bytes::Bytes;
use std::io::Write;
use std::pin::Pin;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes of an unfinished line after which it is passed on all the same.
const LONGEST_LINE: usize = 64 * 1024;

/// Where the lines go.
#[derive(Clone, Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Whoever listens; lines that are not taken are left out.
    Channel(SyncSender<String>),
}

/// One guest's stream; clones share the line that is being written.
#[derive(Clone)]
pub struct Lines(Arc<Mutex<Pending>>);

struct Pending {
    target: Target,
    line: Vec<u8>,
}

// === impl Lines ===

impl Lines {
    /// A stream to `target` with nothing pending.
    pub fn new(target: Target) -> Self {
        Self(Arc::new(Mutex::new(Pending { target, line: Vec::new() })))
    }

    fn append(&self, bytes: &[u8]) {
        // A panic elsewhere while the lock was held cannot leave a line in a state that matters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(bytes);
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// === impl Pending ===

impl Pending {
    fn append(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            self.emit();
            self.line = rest;
        } else if self.line.len() >= LONGEST_LINE {
            self.line.push(b'\n');
            self.emit();
        }
    }

    /// Writes in one call. Where our own stream is closed there is nobody to tell.
    fn emit(&mut self) {
        let _ = match &self.target {
            Target::Stdout => std::io::stdout().lock().write_all(&self.line),
            Target::Stderr => std::io::stderr().lock().write_all(&self.line),
            Target::Channel(lines) => {
                let text = String::from_utf8_lossy(&self.line);
                text.lines().for_each(|line| drop(lines.try_send(line.to_owned())));
                Ok(())
            }
        };
        self.line.clear();
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.line.push(b'\n');
            self.emit();
        }
    }
}
