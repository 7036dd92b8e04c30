//! A thread's connection to Redis: made when it is needed, made anew when it breaks, and never twice at a time.
//!
//! An attempt is a task of its own: whoever gives up waiting for it does not end it, and those who ask meanwhile wait for
//! the same one. After a failure the next attempt waits a little, each time longer, and whoever asks in between is told
//! at once: a server that is gone costs a request next to nothing, and is not hammered when it comes back.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{RedisError, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use super::connect::{Connector, Made, Question};

/// A thread's line to Redis.
#[derive(Debug)]
pub struct Line {
    connector: Arc<Connector>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
enum State {
    /// Nobody asked yet, or what there was has ended.
    #[default]
    None,
    /// An attempt runs; it drops the other end when it is over.
    Making(watch::Receiver<()>),
    /// There is a connection.
    Made(Arc<Held>),
    /// There is none, and no attempt is made until then.
    Failed(Failure),
}

/// A connection in use.
struct Held {
    made: Made,
    since: Instant,
    /// How long to wait if it does not last.
    pause: Duration,
    over: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
struct Failure {
    cause: Arc<str>,
    until: Instant,
    pause: Duration,
}

/// How long a new connection may take, greetings included.
const CONNECT: Duration = Duration::from_secs(1);

/// How long an answer may take. Requests give up much sooner; this is for those who say no time themselves.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a server may be silent while something is asked, until its connection is given up. What was sent on it is
/// lost then, and a server that stood still and goes on finds no more than this to catch up with.
const SILENCE: Duration = Duration::from_secs(1);

/// How long after a failure the next attempt waits: at first, and at most, doubling in between. The most is how long a
/// server may be back without anybody knowing.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));

/// How long a connection lasts that did not fail at once.
const LASTING: Duration = Duration::from_secs(1);

// === impl Line ===

impl Line {
    /// No connection yet.
    pub fn new(connector: Arc<Connector>) -> Self {
        Self { connector, state: Arc::default() }
    }

    /// Asks one thing. May be given up at any time.
    pub async fn ask(&self, question: Question) -> Result<Value, RedisError> {
        let asked = async {
            let held = self.held().await?;
            let answered = held.made.connection.clone().ask(question).await;
            if answered.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
                held.over.store(true, Ordering::Relaxed);
            }
            answered
        };
        match tokio::time::timeout(ANSWER, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into()),
        }
    }

    /// The connection, once there is one.
    async fn held(&self) -> Result<Arc<Held>, RedisError> {
        loop {
            let mut making = match self.next()? {
                Next::Use(held) => return Ok(held),
                Next::Wait(making) => making,
            };
            // An error means that the attempt is over.
            let _ = making.changed().await;
        }
    }

    fn next(&self) -> Result<Next, RedisError> {
        let mut state = lock(&self.state);
        let pause = match &*state {
            State::Made(held) if held.is_good() => return Ok(Next::Use(Arc::clone(held))),
            State::Making(making) if making.has_changed().is_ok() => return Ok(Next::Wait(making.clone())),
            State::Failed(failure) if Instant::now() < failure.until => return Err(failure.error()),
            State::Made(held) if held.since.elapsed() < LASTING => {
                let failure = Failure::after("the connection ends as soon as it is made".into(), held.pause);
                let error = failure.error();
                *state = State::Failed(failure);
                return Err(error);
            }
            State::Failed(failure) => failure.pause,
            // An attempt whose runtime has ended has ended with it.
            State::None | State::Making(_) | State::Made(_) => Duration::ZERO,
        };
        let (attempt, making) = watch::channel(());
        *state = State::Making(making.clone());
        drop(state);
        tokio::spawn(make(Arc::clone(&self.connector), Arc::clone(&self.state), pause, attempt));
        Ok(Next::Wait(making))
    }
}

/// What there is to do for a connection.
enum Next {
    Use(Arc<Held>),
    Wait(watch::Receiver<()>),
}

/// One attempt. Those who wait for it go on when `attempt` is dropped.
async fn make(
    connector: Arc<Connector>,
    state: Arc<Mutex<State>>,
    pause: Duration,
    attempt: watch::Sender<()>,
) {
    let over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&over);
    let connecting = connector.connect(move || ends.store(true, Ordering::Relaxed));
    let failed = match tokio::time::timeout(CONNECT, connecting).await {
        Ok(Ok(made)) => {
            connector.tell_up();
            *lock(&state) = State::Made(Arc::new(Held { made, since: Instant::now(), pause, over }));
            drop(attempt);
            return;
        }
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "no connection in time".to_owned(),
    };
    connector.tell_down(&failed);
    *lock(&state) = State::Failed(Failure::after(failed.into(), pause));
    drop(attempt);
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Held ===

impl Held {
    /// Whether it can be asked once more.
    fn is_good(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
            && self.made.heard.as_ref().is_none_or(|heard| heard.ask(Instant::now()) <= SILENCE)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("since", &self.since).field("over", &self.over).finish_non_exhaustive()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(driver) = &self.made.driver {
            driver.abort();
        }
    }
}

// === impl Failure ===

impl Failure {
    /// After one after which `last` was waited.
    fn after(cause: Arc<str>, last: Duration) -> Self {
        let pause = (last * 2).clamp(PAUSES.0, PAUSES.1);
        Self { cause, until: Instant::now() + pause, pause }
    }

    fn error(&self) -> RedisError {
        io::Error::new(io::ErrorKind::NotConnected, &*self.cause).into()
    }
}
