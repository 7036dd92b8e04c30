//! Upstreams that do what a test's script says, byte by byte.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::wire::Wire;

/// A listener whose connections a script talks on.
pub struct Upstream {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Upstream {
    /// Runs `script` on every connection, with its number, from 0.
    pub async fn start<F>(script: impl Fn(Wire, usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(script(Wire::new(stream), count.fetch_add(1, Ordering::Relaxed)));
            }
        });
        Self { address, connections }
    }

    /// Answers every request with `answer`, for as long as the connection lives.
    pub async fn answering(answer: &'static str) -> Self {
        Self::start(move |mut wire, _| async move {
            while wire.next_request().await.is_some() {
                wire.send(answer).await;
            }
        })
        .await
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Wire {
    /// The next request's head and body, if one comes before the connection ends.
    pub async fn next_request(&mut self) -> Option<(String, String)> {
        if self.goes_on().await { Some(self.message().await) } else { None }
    }

    /// Whether anything comes before the connection ends. It may lie unused for longer than a test is patient with
    /// anything else.
    pub async fn goes_on(&mut self) -> bool {
        !self.is_unread() || matches!(self.stream.peek(&mut [0]).await, Ok(1))
    }
}
