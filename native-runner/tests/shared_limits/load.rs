//! Many connections to all gateways, each with one request after the other, and every answer kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::fleet::Fleet;
use crate::support::wire::{field, status};

/// Connections to each gateway.
pub const CONNECTIONS: usize = 64;

/// After this an answer counts as lost. The component's host waits for Redis for ten seconds at most.
const LOST: Duration = Duration::from_secs(20);

/// What became of one request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which gateway was asked.
    pub member: usize,
    /// Its status, or what happened instead.
    pub status: Result<u16, String>,
    /// When it was there.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
}

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Requests on each connection at most.
    pub requests: usize,
    /// How long a connection rests between two.
    pub pause: Duration,
}

/// A load that runs.
pub struct Load {
    tasks: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

// === impl Load ===

impl Load {
    /// Begins.
    pub fn start(fleet: &Fleet, rate: Rate) -> Self {
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Answer>>>::default());
        let mut tasks = JoinSet::new();
        for member in 0..fleet.0.len() {
            for _ in 0..CONNECTIONS {
                let (to, stop, answers) = (fleet.0[member].address, Arc::clone(&stop), Arc::clone(&answers));
                tasks.spawn(async move {
                    let mut stream = None;
                    for _ in 0..rate.requests {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let begun = Instant::now();
                        let status = match timeout(LOST, exchange(&mut stream, to)).await {
                            Ok(Ok(status)) => Ok(status),
                            Ok(Err(error)) => Err(error.to_string()),
                            Err(_) => Err(format!("no answer in {LOST:?}")),
                        };
                        if status.is_err() {
                            stream = None;
                        }
                        let (at, took) = (Instant::now(), begun.elapsed());
                        answers.lock().unwrap().push(Answer { member, status, at, took });
                        sleep(rate.pause).await;
                    }
                });
            }
        }
        Self { tasks, stop, answers }
    }

    /// The answers so far.
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.lock().unwrap().clone()
    }

    /// Waits until all has been asked.
    pub async fn finish(mut self) -> Vec<Answer> {
        while let Some(done) = self.tasks.join_next().await {
            done.unwrap();
        }
        self.answers()
    }

    /// Asks nothing more, and waits for what was asked.
    pub async fn stop(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        self.finish().await
    }
}

/// One request on a connection that is kept. A server may close one that nothing runs on; this one never rests for long.
async fn exchange(kept: &mut Option<TcpStream>, to: std::net::SocketAddr) -> std::io::Result<u16> {
    let stream = match kept {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            kept.insert(stream)
        }
    };
    stream.write_all(b"GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n").await?;
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8_lossy(&read[..end + 4]).into_owned();
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    body(stream, &head, &mut read).await?;
    Ok(status(&head))
}

/// Reads the body, whose length is announced or which is chunked.
async fn body(stream: &mut TcpStream, head: &str, read: &mut Vec<u8>) -> std::io::Result<()> {
    let length = field(head, "content-length").and_then(|length| length.parse::<usize>().ok());
    let complete = |read: &[u8]| match length {
        Some(length) => read.len() >= head.len() + length,
        // Bodies here are short texts without such a line of their own.
        None => read[head.len()..].ends_with(b"0\r\n\r\n"),
    };
    while !complete(read) {
        if stream.read_buf(read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

// === what came ===

/// How often each status came, and what happened instead of one.
pub fn statuses(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for answer in answers {
        let status = answer.status.as_ref().map_or_else(Clone::clone, u16::to_string);
        *all.entry(status).or_default() += 1;
    }
    all
}

/// How often `status` came.
pub fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == Ok(status)).count()
}

/// The longest wait for an answer of each gateway.
pub fn worst(fleet: &Fleet, answers: &[Answer]) -> String {
    let worst = |member: usize| {
        let own = answers.iter().filter(|answer| answer.member == member);
        own.map(|answer| answer.took).max().unwrap_or_default()
    };
    let each = fleet.0.iter().enumerate().map(|(at, member)| format!("{} {:?}", member.name, worst(at)));
    each.collect::<Vec<_>>().join(", ")
}
