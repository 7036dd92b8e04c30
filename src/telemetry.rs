//! What is said about a request: its identifier, its trace, and the record of what it came to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Version};

use crate::auth::Caller;
use crate::body::Meter;
use crate::cache;
use crate::cache::keeping::Keeping;
use crate::compose;
use crate::compression;
use crate::host::{Tick, UnixMillis};
use crate::idempotency;
use crate::limit::{self, Held, Judged, Toll};
use crate::migration::Mirroring;
use crate::plan::{Backend, Plan, Route};
use crate::pool::{Roster, Taken};
use crate::problem::Problem;
use crate::validation::{self, Judging};
use crate::version::{self, Api, Negotiated};

pub mod line;
pub mod request_id;
pub mod trace;
mod trace_state;

pub use trace::TraceContext;

/// Everything there is to say about one request when it is over. Cheap to make: nothing is formatted until somebody
/// wants it.
#[derive(Debug)]
pub struct Record {
    /// The plan under which the request was handled.
    pub plan: Arc<Plan>,
    /// When it began.
    pub started: UnixMillis,
    /// The same, for measuring.
    pub begun: Tick,
    /// Its identifier.
    pub request_id: HeaderValue,
    /// Its trace.
    pub trace: TraceContext,
    /// Who asked.
    pub client: IpAddr,
    /// The method.
    pub method: Method,
    /// The version of HTTP it came in.
    pub version: Version,
    /// What was asked for; only the path is ever shown, because queries hold secrets.
    pub target: Option<PathAndQuery>,
    /// The index of the route.
    pub route: Option<usize>,
    /// Whether it was a part of another request: of a step, or one of a batch.
    pub part: bool,
    /// Whether it was a preflight, which that route's CORS answered.
    pub preflight: bool,
    /// Which version of an API it is for.
    pub api: Negotiated,
    /// Who it was from, where that was verified.
    pub caller: Option<Arc<Caller>>,
    /// What limits said, in the order in which they were asked.
    pub judged: Vec<Judged>,
    /// What it holds of limits on concurrency, as long as the record is open.
    pub held: Held,
    /// What the cache did; `None` on routes that keep no answers.
    pub cache: Option<cache::Status>,
    /// The answer that is to be kept when it is complete.
    pub keeping: Option<Box<Keeping>>,
    /// The answer that is to be kept for those who repeat the request.
    pub settling: Option<Box<idempotency::Keeping>>,
    /// The answer that is judged while it passes.
    pub judging: Option<Box<Judging>>,
    /// Whether the answer was not as the route's schemas say.
    pub disagrees: bool,
    /// The request that a mirror is to get when the answer has ended.
    pub mirroring: Option<Box<Mirroring>>,
    /// What came of a request to a mirror, where this is the record of one.
    pub mirror: Option<&'static str>,
    /// The index of the upstream that was asked; where a fallback was, of that.
    pub upstream: Option<usize>,
    /// The targets of it, and the index of the one that was asked last.
    pub chosen: Option<(Arc<Roster>, usize)>,
    /// The index of the upstream that was asked before a fallback.
    pub fell_back: Option<usize>,
    /// What it holds of an upstream as long as the record is open.
    pub taken: Taken,
    /// What came of the steps of a composed route, in their order.
    pub steps: Vec<compose::outcome::Outcome>,
    /// How often an upstream was asked.
    pub attempts: u32,
    /// When the upstream was first asked, since the beginning.
    pub asked: Option<Duration>,
    /// When the head of its answer was there, since the beginning.
    pub answered: Option<Duration>,
    /// What was answered.
    pub status: StatusCode,
    /// The request's body, while and after it passes.
    pub upload: Option<Arc<Meter>>,
    /// What it says of compression, where its route has any.
    pub compression: Option<Box<compression::Asked>>,
    /// Bytes of the answer's body, as the client gets it.
    pub bytes_out: u64,
    /// From beginning to end, once it has ended.
    pub total: Duration,
    /// What it came to.
    pub outcome: Outcome,
    /// What really happened, where that is not the whole story.
    pub cause: Option<String>,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered to the end.
    Answered,
    /// The gateway answered with a problem.
    Problem(Problem),
    /// The client went away before the end.
    ClientGone,
    /// It was a part of another request, which had its answer without it, or none.
    GivenUp,
    /// The upstream broke its answer off.
    AnswerBroken,
    /// The upstream's answer stopped arriving.
    AnswerIdle,
    /// The deadline passed in the middle of the answer.
    AnswerDeadline,
}

// === impl Outcome ===

impl Outcome {
    /// The outcome's name in logs and metrics: one of a closed set.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Problem(problem) => problem.spec().slug,
            Self::ClientGone => "client-gone",
            Self::GivenUp => "given-up",
            Self::AnswerBroken => "answer-broken",
            Self::AnswerIdle => "answer-idle",
            Self::AnswerDeadline => "answer-deadline",
        }
    }
}

// === impl Record ===

impl Record {
    /// The route's name; `None` where there was none.
    pub fn route_id(&self) -> Option<&str> {
        Some(&self.plan.routes.get(self.route?)?.id)
    }

    /// The upstream's name; `None` where none was asked.
    pub fn upstream_name(&self) -> Option<&str> {
        Some(&self.plan.upstreams.get(self.upstream?)?.name)
    }

    /// The name of the target that was asked last; `None` where the upstream has no others.
    pub fn target_name(&self) -> Option<&str> {
        let (roster, at) = self.chosen.as_ref()?;
        let members = &roster.set.members;
        (members.len() > 1).then(|| Some(&*members.get(*at)?.name)).flatten()
    }

    /// The API that it was for, where it was for one.
    pub fn versioned_api(&self) -> Option<&Api> {
        self.plan.apis.get(self.api.api?).map(|api| &**api)
    }

    /// The version of that which was meant, where one was.
    pub fn api_version(&self) -> Option<&version::Version> {
        self.versioned_api()?.versions.get(self.api.version?)
    }

    /// Whether it was for a version that nobody should use any more, or that is gone.
    pub fn is_of_the_past(&self) -> bool {
        let now = self.started.0 / 1000;
        self.api_version().is_some_and(|version| version.life.stage(now).is_ending())
    }

    /// The name of the upstream that was asked before a fallback; `None` where none was.
    pub fn fell_back_from(&self) -> Option<&str> {
        Some(&self.plan.upstreams.get(self.fell_back?)?.name)
    }

    /// What came of judging the answer: what is wrong with it, or why it could not be judged.
    pub fn judged_answer(&mut self, verdict: Result<(), validation::Doubt>) {
        let Err(doubt) = verdict else { return };
        self.disagrees = matches!(doubt, validation::Doubt::Wrong(_));
        self.cause.get_or_insert_with(|| doubt.to_string());
    }

    /// The steps of a composed route, each with what came of it.
    pub fn composed(&self) -> impl Iterator<Item = (&compose::Step, &compose::outcome::Outcome)> {
        let route = self.route.and_then(|route| self.plan.routes.get(route));
        let steps = match route.and_then(Route::backend) {
            Some(Backend::Parts(compose)) => &compose.steps[..],
            _ => &[],
        };
        steps.iter().zip(&self.steps)
    }

    /// Where limits write down what they say of the request.
    pub fn toll(&mut self) -> Toll<'_> {
        Toll { judged: &mut self.judged, held: &mut self.held }
    }

    /// The names of limits that came to one of `outcomes`.
    pub fn limits(&self, outcomes: &[limit::Outcome]) -> impl Iterator<Item = &str> {
        let judged = self.judged.iter().filter(|judged| outcomes.contains(&judged.outcome));
        judged.filter_map(|judged| Some(&*self.plan.limits.all.get(judged.limit)?.name))
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.as_ref().map_or("*", PathAndQuery::path)
    }

    /// Bytes of the request's body that were read.
    pub fn bytes_in(&self) -> u64 {
        self.upload.as_ref().map_or(0, |upload| upload.bytes())
    }
}
