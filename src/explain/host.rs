//! A host that calls nobody: it writes down what it is asked to send, and answers at once.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::{Frame, SizeHint};

use crate::auth::Caller;
use crate::body::{Body, BodyError, Upload};
use crate::cache::Status;
use crate::gateway::Afterwards;
use crate::host::{
    Clock, Compute, Count, Defer, HttpClient, KeyValue, Observe, Random, Remember, Secret, SendError,
    SendErrorKind, StoreError, Tick, UnixMillis, VariableError, Variables,
};
use crate::limit::{Ask, Counters};
use crate::memory::Memory;
use crate::plan::{Patience, Plan, StorePlan, Target};
use crate::problem::Problem;
use crate::telemetry::{Outcome, Record};
use crate::version::Negotiated;

/// Writes down what a gateway does.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    recorded: Arc<Mutex<Recorded>>,
    plan: Arc<Plan>,
    now: UnixMillis,
}

/// What a gateway did.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The request it sent.
    pub(super) sent: Option<Parts>,
    /// The index of the route it took.
    pub(super) route: Option<usize>,
    /// Whether that route's CORS answered a preflight.
    pub(super) preflight: bool,
    /// Which version of an API it was for.
    pub(super) api: Negotiated,
    /// The name of that version.
    pub(super) api_version: Option<String>,
    /// The index of the upstream it asked.
    pub(super) upstream: Option<usize>,
    /// Whether it came as far as looking for a route.
    pub(super) looked_at_routes: bool,
    /// What it answered, where that is a problem.
    pub(super) problem: Option<Problem>,
    /// What really happened, where that is not the whole story.
    pub(super) cause: Option<String>,
    /// The client, behind proxies.
    pub(super) client: Option<String>,
    /// Who it was from, where that was verified.
    pub(super) caller: Option<Arc<Caller>>,
    /// What the cache did.
    pub(super) cache: Option<Status>,
    /// Limits that it was judged by: their indices.
    pub(super) judged: Vec<usize>,
}

/// A body of a known length that never comes.
#[derive(Debug, Clone)]
pub(super) struct Announced(pub(super) u64);

// === impl Recorder ===

impl Recorder {
    /// A host under `plan`, on which it is always `now`.
    pub(super) fn new(plan: Arc<Plan>, now: UnixMillis) -> Self {
        Self { recorded: Arc::default(), plan, now }
    }

    /// What was written down.
    pub(super) fn take(&self) -> Recorded {
        std::mem::take(&mut *self.recorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, write: impl FnOnce(&mut Recorded)) {
        write(&mut self.recorded.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Clock for Recorder {
    type Sleep = Ready<()>;

    fn unix(&self) -> UnixMillis {
        self.now
    }

    fn tick(&self) -> Tick {
        Tick(0)
    }

    fn sleep_until(&self, _: Tick) -> Self::Sleep {
        ready(())
    }
}

impl Random for Recorder {
    /// Not random: the same question has the same explanation.
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xEE);
    }
}

impl Variables for Recorder {
    /// Never a value.
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        Ok(Some(Secret::new(format!("${{{name}}}"))))
    }
}

impl KeyValue for Recorder {
    /// Nothing is stored where nothing happens.
    async fn get(&self, _: &StorePlan, _: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(None)
    }

    async fn set(&self, _: &StorePlan, _: &str, _: Bytes) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete(&self, _: &StorePlan, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Count for Recorder {
    /// Nothing was counted, and nothing is.
    async fn count(&self, _: &StorePlan, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
        Counters::default().count(asks, now.0);
        Ok(())
    }

    async fn give_back(&self, _: &StorePlan, _: &[Ask<'_>], _: UnixMillis) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Compute for Recorder {
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        Some(work())
    }
}

impl Remember for Recorder {
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

impl HttpClient for Recorder {
    type Stream = Announced;

    async fn send(
        &self,
        target: &Target,
        _: &Patience,
        request: Request<Body<Upload<Announced>>>,
    ) -> Result<Response<Announced>, SendError> {
        if self.plan.upstreams.iter().all(|upstream| upstream.target != *target) {
            let cause = format!("an explanation asks nobody, and {} would be asked", target.authority);
            return Err(SendError::unsent(SendErrorKind::Prohibited, cause));
        }
        let (head, _) = request.into_parts();
        self.write(|recorded| recorded.sent = Some(head));
        Ok(Response::new(Announced(0)))
    }
}

impl Defer for Recorder {
    /// Nothing is asked of anybody, so nothing is kept.
    fn defer(&self, _: Afterwards) {}
}

impl Observe for Recorder {
    fn observe(&self, record: &Record) {
        let problem = match record.outcome {
            Outcome::Problem(problem) => Some(problem),
            _ => None,
        };
        let searched =
            matches!(problem, Some(Problem::AmbiguousPath | Problem::NoRoute | Problem::MethodNotAllowed));
        let options = record.method == Method::OPTIONS && problem.is_none() && record.path() != "*";
        self.write(|recorded| {
            recorded.route = record.route;
            recorded.preflight = record.preflight;
            recorded.api = record.api;
            recorded.api_version = record.api_version().map(|version| version.name.to_string());
            recorded.upstream = record.upstream;
            recorded.looked_at_routes =
                record.route.is_some() || searched || options || record.api.api.is_some();
            recorded.problem = problem;
            recorded.cause.clone_from(&record.cause);
            recorded.client = Some(record.client.to_string());
            recorded.caller.clone_from(&record.caller);
            recorded.cache = record.cache;
            recorded.judged = record.judged.iter().map(|judged| judged.limit).collect();
        });
    }
}

// === impl Announced ===

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}
