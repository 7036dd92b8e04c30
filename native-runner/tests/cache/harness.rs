//! A server with a cache, and an upstream that counts.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use native_runner::host::Variables;
use native_runner::observe::AccessLog;
use native_runner::serve::{Server, Settings, admin};
use tokio::sync::Semaphore;
use tollgate::host::Secret;
use tollgate::plan::Abilities;

use crate::support::wire::{field, status};
use crate::support::{Upstream, Wire, within};

/// A running server; it drains when it is dropped.
pub struct Running {
    pub server: Arc<Server>,
    pub address: SocketAddr,
    admin: SocketAddr,
}

/// An upstream that answers each question with its number, after it was let.
pub struct Origin {
    upstream: Upstream,
    asked: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

/// How an upstream answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// An answer that may be kept for long.
    Well,
    /// Not at all: the connection ends.
    Never,
}

/// What a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub status: u16,
    pub body: String,
    /// `Cache-Status`.
    pub cache: String,
}

/// The operator's token.
const TOKEN: &str = "operator-s3cret";

/// A configuration that keeps all answers of `origin`, where `place` says: `"memory"`, or more tables.
pub fn configuration(origin: &Origin, place: &str) -> String {
    let (store, tables) = match place {
        "memory" => ("memory", String::new()),
        store => ("default", format!("[store]\n{store}\n")),
    };
    format!(
        "{tables}[caching]\nstore_timeout = \"2s\"\n\
         [upstreams.up]\nurl = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n\
         cache = {{ store = \"{store}\", coalesce = \"15s\" }}\n",
        origin.address()
    )
}

/// `path` of the gateway at `address`, over a connection of its own.
pub async fn get(address: SocketAddr, path: &str) -> Got {
    let mut wire = Wire::connect(address).await;
    wire.get(path).await;
    got(wire.message().await)
}

pub fn got((head, body): (String, String)) -> Got {
    Got { status: status(&head), body, cache: field(&head, "cache-status").unwrap_or_default().to_owned() }
}

// === impl Running ===

impl Running {
    /// One with this configuration in this directory.
    pub async fn start(directory: &Path, workers: usize, rest: &str) -> Self {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"off\"\nadmin_token = \"${{admin_token}}\"\n{rest}"
        );
        std::fs::write(directory.join("gateway.toml"), text).unwrap();
        let plan = native_runner::load::load(directory, &Abilities::NATIVE)
            .map_err(|found| native_runner::load::report(&found))
            .unwrap()
            .plan;
        let given = [("admin_token".to_owned(), Secret::new(TOKEN))].into();
        let settings = Settings {
            directory: directory.to_owned(),
            variables: Arc::new(Variables::new(given)),
            access_log: AccessLog::to(false, std::io::sink()).unwrap(),
            workers,
            upkeep: false,
        };
        let server = Arc::new(Server::start(Arc::new(plan), &settings).unwrap());
        let admin = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&server)).await.unwrap();
        Self { address: server.addresses()[0].0, server, admin }
    }

    pub async fn get(&self, path: &str) -> Got {
        get(self.address, path).await
    }

    /// Purges as the operator does.
    pub async fn purge(&self, order: &str) {
        let mut wire = Wire::connect(self.admin).await;
        let head = format!(
            "POST /cache/purge HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            order.len()
        );
        wire.send(head + order).await;
        let (head, body) = wire.message().await;
        assert_eq!(status(&head), 200, "{head}{body}");
    }

    /// Until so many requests are in flight.
    pub async fn holds(&self, count: u64) {
        crate::support::eventually("requests in flight", || self.server.snapshot().in_flight == count).await;
    }

    /// Ends it, and waits for that.
    pub async fn end(self) {
        self.server.start_drain();
        let server = Arc::clone(&self.server);
        within("the end of a server", tokio::task::spawn_blocking(move || server.join())).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.start_drain();
    }
}

// === impl Origin ===

impl Origin {
    /// One that answers at once.
    pub async fn open() -> Self {
        Self::new(Answers::Well, Semaphore::MAX_PERMITS).await
    }

    /// One that answers nothing until it [is let](Self::let_go).
    pub async fn held(answers: Answers) -> Self {
        Self::new(answers, 0).await
    }

    async fn new(answers: Answers, permits: usize) -> Self {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(permits)));
        let (count, held) = (Arc::clone(&asked), Arc::clone(&gate));
        let upstream = Upstream::start(move |mut wire, _| {
            let (count, held) = (Arc::clone(&count), Arc::clone(&held));
            async move {
                while wire.next_request().await.is_some() {
                    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                    held.acquire().await.unwrap().forget();
                    if answers == Answers::Never {
                        return;
                    }
                    let body = format!("answer {number}");
                    let length = body.len();
                    let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nETag: \"same\"";
                    wire.send(format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}")).await;
                }
            }
        })
        .await;
        Self { upstream, asked, gate }
    }

    pub fn address(&self) -> SocketAddr {
        self.upstream.address
    }

    /// How much it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// From now on it answers, also what it was asked before.
    pub fn let_go(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Until it was asked so much.
    pub async fn is_asked(&self, count: usize) {
        crate::support::eventually("questions", || self.asked() >= count).await;
    }
}

// === impl Got ===

impl Got {
    /// Whether it was there already.
    pub fn is_hit(&self) -> bool {
        self.cache.contains("; hit")
    }
}
