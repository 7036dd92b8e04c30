//! A worker: a thread, a runtime, and the connections it accepted.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::connection::Serving;
use super::tls::Listening;
use super::{Answer, BoxError};

/// A bound listener; `tls` where it speaks that.
#[derive(Debug)]
pub struct Bound {
    /// The socket, which all workers accept from.
    pub socket: StdListener,
    /// What TLS is served with.
    pub tls: Option<Listening>,
}

/// How long a worker waits when the system gives it no more connections.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// How long a worker that has more than its share of the connections leaves the next to the others. All accept from
/// one socket, and without this the first to wake takes a whole burst (measured: 16 of 16 in every second run).
const STEP_BACK: Duration = Duration::from_millis(1);
/// How many connections may wait to be accepted.
pub const BACKLOG: i32 = 4096;
/// How often connections to upstreams that nobody uses are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How often the first worker looks after what is not a request's affair.
const TEND: Duration = Duration::from_secs(1);

/// Starts a worker. It ends when the server drains and its connections have ended, or `drain` has passed.
pub fn start<A: Answer>(
    number: usize,
    listeners: &[Bound],
    serving: Arc<Serving<A>>,
    upkeep: impl Fn() + Send + Sync + 'static,
    drain: Duration,
) -> anyhow::Result<JoinHandle<()>> {
    let mut accepting = Vec::new();
    for listener in listeners {
        accepting.push((listener.socket.try_clone()?, listener.tls.clone()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .event_interval(A::EVENT_INTERVAL)
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(move || {
            if let Err(error) = runtime.block_on(run(number, accepting, serving, upkeep, drain)) {
                tracing::error!("worker {number} failed: {error:#}");
            }
        })
        .context("a worker cannot be started")
}

async fn run<A: Answer>(
    number: usize,
    accepting: Vec<(StdListener, Option<Listening>)>,
    serving: Arc<Serving<A>>,
    upkeep: impl Fn() + Send + Sync + 'static,
    drain: Duration,
) -> anyhow::Result<()> {
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            upkeep();
        }
    });
    let first = number == 0;
    let tending = first.then(|| tokio::spawn(tend(Arc::clone(&serving))));
    let watching = first.then(|| tokio::spawn(watch(Arc::clone(&serving))));
    let mut listeners = JoinSet::new();
    for (socket, tls) in accepting {
        let listener = TcpListener::from_std(socket)?;
        listeners.spawn(accept(listener, tls, Arc::clone(&serving)));
    }
    let mut connections = JoinSet::new();
    while let Some(ended) = listeners.join_next().await {
        connections.spawn(ended?);
    }
    // What was accepted is finished, but not for ever.
    let finish = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(drain, finish).await;
    upkeep.abort();
    for looking in tending.into_iter().chain(watching) {
        looking.abort();
    }
    Ok(())
}

async fn tend<A: Answer>(serving: Arc<Serving<A>>) {
    loop {
        serving.answer.tend().await;
        tokio::time::sleep(TEND).await;
    }
}

async fn watch<A: Answer>(serving: Arc<Serving<A>>) {
    serving.answer.watch().await;
}

/// Accepts until the server drains. The result waits for the connections that were accepted.
async fn accept<A: Answer>(
    listener: TcpListener,
    tls: Option<Listening>,
    serving: Arc<Serving<A>>,
) -> impl Future<Output = ()> {
    let mut connections = JoinSet::new();
    let state = Arc::clone(&serving.state);
    let mut left = BACKLOG;
    while left > 0 {
        if state.has_enough(connections.len()) && !state.is_draining() {
            tokio::time::sleep(STEP_BACK).await;
        }
        // When the server drains, those that wait to be accepted already still are: the client may have sent a
        // request, and would see a reset.
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = state.draining() => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error.into()).await;
                left -= i32::from(state.is_draining());
                continue;
            }
        };
        left -= i32::from(state.is_draining());
        // Only now: a listener on which nobody calls takes no place from another. Those that wait meanwhile wait to
        // be accepted, but for this one.
        let place = tokio::select! {
            biased;
            place = Arc::clone(&state.connections).acquire_owned() => place.ok(),
            () = state.draining() => None,
        };
        let tls = tls.as_ref().map(Listening::acceptor);
        let serving = Arc::clone(&serving);
        connections.spawn(async move {
            serving.serve(stream, address, tls).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    async move { while connections.join_next().await.is_some() {} }
}

/// A connection that failed before it was accepted is the client's affair; too few descriptors are ours, and pass.
async fn pause_after(error: &BoxError) {
    tracing::warn!("a connection could not be accepted: {error}");
    tokio::time::sleep(EXHAUSTED).await;
}
