//! A host that calls nobody: it writes down what it is asked to send, and answers at once.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::{Body as _, Frame, SizeHint};

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
use crate::plan::{Action, Patience, Plan, StorePlan, Target};
use crate::problem::Problem;
use crate::telemetry::{Outcome, Record};
use crate::version::Negotiated;

/// Writes down what a gateway does.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    recorded: Arc<Mutex<Recorded>>,
    plan: Arc<Plan>,
    now: UnixMillis,
    /// Nobody ever answers, so that only what waits for no answer is done.
    silent: bool,
    /// Whether the content of the request is there.
    has_content: bool,
}

/// A request that was sent.
#[derive(Debug)]
pub(super) struct Sending {
    /// The index of the route that it was sent for.
    pub(super) route: Option<usize>,
    /// The index of the upstream.
    pub(super) upstream: usize,
    /// The head.
    pub(super) head: Parts,
    /// The content, as far as it is known.
    pub(super) content: Bytes,
}

/// A wait that is over at once, or never.
#[derive(Debug)]
pub(super) struct Wait {
    ends: bool,
}

/// What a gateway did.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The requests it sent.
    pub(super) sent: Vec<Sending>,
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
    /// It wanted content of the request's of which nothing is known.
    pub(super) missed_content: bool,
}

/// A body of a known length, which may never come.
#[derive(Debug, Clone, Default)]
pub(super) struct Announced {
    length: u64,
    content: Option<Bytes>,
    /// Somebody wanted what does not come.
    missed: Arc<AtomicBool>,
}

// === impl Recorder ===

impl Recorder {
    /// A host under `plan`, on which it is always `now`.
    pub(super) fn new(plan: Arc<Plan>, now: UnixMillis) -> Self {
        Self { recorded: Arc::default(), plan, now, silent: false, has_content: false }
    }

    /// The same, on which the content of the request is there.
    pub(super) fn with_content(self, has_content: bool) -> Self {
        Self { has_content, ..self }
    }

    /// The same, on which nobody ever answers.
    pub(super) fn silent(self) -> Self {
        Self { silent: true, ..self }
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
    type Sleep = Wait;

    fn unix(&self) -> UnixMillis {
        self.now
    }

    fn tick(&self) -> Tick {
        Tick(0)
    }

    fn sleep_until(&self, _: Tick) -> Self::Sleep {
        Wait { ends: !self.silent }
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
        patience: &Patience,
        request: Request<Body<Upload<Announced>>>,
    ) -> Result<Response<Announced>, SendError> {
        // Requests of steps say nowhere whose they are; how long they may take stands in their route, and is that very thing.
        let route = self.plan.routes.iter().position(|route| std::ptr::eq(&route.patience, patience));
        let Some(upstream) = self.upstream(route, target) else {
            let cause = format!("an explanation asks nobody, and {} would be asked", target.authority);
            return Err(SendError::unsent(SendErrorKind::Prohibited, cause));
        };
        let (head, body) = request.into_parts();
        let content = self.content(body).await;
        self.write(|recorded| recorded.sent.push(Sending { route, upstream, head, content }));
        if self.silent {
            return pending().await;
        }
        Ok(Response::new(Announced::default()))
    }
}

impl Recorder {
    /// The upstream that is there: the route's own, before any other with the same address.
    fn upstream(&self, route: Option<usize>, target: &Target) -> Option<usize> {
        let is_there = |index: &usize| self.plan.upstreams.get(*index).is_some_and(|it| it.target == *target);
        let own = match route.and_then(|route| self.plan.routes.get(route)).map(|route| &route.action) {
            Some(Action::Proxy(proxy)) => Some(proxy.upstream),
            _ => None,
        };
        own.filter(is_there).or_else(|| (0..self.plan.upstreams.len()).find(is_there))
    }

    /// What is sent, as far as that is known.
    async fn content(&self, body: Body<Upload<Announced>>) -> Bytes {
        match body {
            Body::Empty => Bytes::new(),
            Body::Full(content) => content,
            Body::Stream(_) if !self.has_content => Bytes::new(),
            Body::Stream(upload) => {
                let mut upload = pin!(upload);
                let mut content = Vec::new();
                while let Some(Ok(frame)) = poll_fn(|cx| upload.as_mut().poll_frame(cx)).await {
                    content.extend_from_slice(&frame.into_data().unwrap_or_default());
                }
                content.into()
            }
        }
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

// === impl Wait ===

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.ends { Poll::Ready(()) } else { Poll::Pending }
    }
}

// === impl Announced ===

impl Announced {
    /// The body of a request: `content`, or so many bytes of which nothing is known.
    pub(super) fn new(length: u64, content: Option<Bytes>) -> Self {
        let length = content.as_ref().map_or(length, |content| content.len() as u64);
        Self { length, content, missed: Arc::default() }
    }

    /// Whether somebody wanted what does not come, of this or of a copy of it.
    pub(super) fn was_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }
}

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(content) = self.content.take() {
            self.length = 0;
            return Poll::Ready(Some(Ok(Frame::data(content))));
        }
        if self.length > 0 {
            self.missed.store(true, Ordering::Relaxed);
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
