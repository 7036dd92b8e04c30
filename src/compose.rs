//! One answer made of several: what is asked, when, and what becomes of it.
//!
//! Each step is asked by a route of its own, which no client reaches ([`crate::plan::Route::internal`]): all that routes with an
//! upstream can do holds for steps. What is here decides and does nothing: [`run::Run`] says what is to be asked next and is
//! told what came of it, and the gateway does the asking.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::cache::Policy;
use crate::cache::policy::Statuses;
use crate::expression::{Expression, Template, Variable};
use crate::json::{Node, Path};
use crate::merge::{self, Merge};
use crate::shape::Shape;

pub mod each;
pub mod missing;
pub mod outcome;
pub mod prepare;
pub mod result;
pub mod run;
pub mod schedule;

pub use missing::Reason;

/// How one answer is made of several.
#[derive(Debug)]
pub struct Compose {
    /// What is asked, in the order in which it is written.
    pub steps: Box<[Step]>,
    /// How many requests to upstreams one request may have under way at once.
    pub at_once: usize,
    /// How answers become one.
    pub merge: Merge,
    /// What the client gets when a required step fails.
    pub failure: OnFailure,
    /// What is done with an answer from which something is missing.
    pub partial: Partial,
    /// The largest answer of one request to an upstream, in bytes.
    pub answer: usize,
    /// The largest of all answers together, and of what is made of them, in bytes.
    pub total: usize,
    /// What of a request the steps are asked with.
    pub reads: Reads,
    /// Some expression reads the client's content.
    pub reads_content: bool,
    /// Some step sends the client's content on.
    pub sends_content: bool,
}

/// What of a request the steps of a route are asked with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// The variables that expressions ask for, sorted.
    pub variables: Box<[Variable]>,
    /// Header fields of the client's, by name, sorted; those that are passed on, too.
    pub fields: Box<[HeaderName]>,
    /// Some expression asks for fields by names that are only known then.
    pub any_field: bool,
}

/// What the client gets when a required step fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnFailure {
    /// A problem of the gateway's.
    Problem,
    /// What the upstream answered, where that is an error; else a problem.
    Pass,
    /// A problem with this status.
    Stated {
        /// 400 to 599.
        status: StatusCode,
        /// What is said about it.
        detail: Option<Box<str>>,
    },
}

/// What is done with an answer from which something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    /// Its status.
    pub status: StatusCode,
    /// Whether caches may keep it.
    pub cache: bool,
}

/// One request to an upstream, or one for each element of a list.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: Box<str>,
    /// The index of the route that asks for it.
    pub route: usize,
    /// The indices of the steps that must have ended before, sorted.
    pub needs: Box<[usize]>,
    /// Some other step reads what it answered.
    pub is_read: bool,
    /// What is asked.
    pub request: Request,
    /// Whether it is asked at all.
    pub when: Option<Arc<Expression>>,
    /// It asks once for each element of a list.
    pub each: Option<Each>,
    /// There is no answer without it.
    pub required: bool,
    /// Which statuses are success.
    pub success: Box<[Statuses]>,
    /// How long all of it may take.
    pub timeout: Option<Duration>,
    /// What stands in for its answer where it fails.
    pub fallback: Option<Fallback>,
    /// It stands in for another, and is asked only then.
    pub spare: bool,
    /// Where its answer goes.
    pub place: Place,
    /// What becomes of it on the way there.
    pub shape: Shape,
}

/// What is asked of an upstream.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: Template,
    /// Query parameters, in order; names are encoded already.
    pub query: Box<[(Box<str>, Template)]>,
    /// Header fields.
    pub fields: Box<[(HeaderName, Template)]>,
    /// Header fields of the client's that are passed on.
    pub pass: Box<[HeaderName]>,
    /// The content.
    pub content: Content,
}

/// The content of a request to an upstream.
#[derive(Debug)]
pub enum Content {
    /// None.
    None,
    /// JSON.
    Json(Arc<Expression>),
    /// A form; names are encoded already.
    Form(Box<[(Box<str>, Template)]>),
    /// Text.
    Text(Template),
    /// The client's.
    Same,
}

/// Asks once for each element of a list.
#[derive(Debug)]
pub struct Each {
    /// The list.
    pub list: List,
    /// How many requests are under way at once.
    pub at_once: usize,
    /// The longest list.
    pub most: usize,
    /// What two elements are the same by; `None` for all that they are.
    pub by: Option<Arc<Expression>>,
    /// Several elements with one request.
    pub batch: Option<Batch>,
}

/// The list that a step is asked for each element of.
#[derive(Debug)]
pub enum List {
    /// What stands at a place in the answer of a step.
    At(usize, Option<Path>),
    /// What an expression comes to.
    Made(Arc<Expression>),
}

/// Several elements with one request.
#[derive(Debug)]
pub struct Batch {
    /// How many at most.
    pub size: usize,
    /// Where in the answer the list is; `None` for all of it.
    pub at: Option<Path>,
    /// The member that says for which element something is.
    pub by: Path,
}

/// What stands in for a step's answer.
#[derive(Debug)]
pub enum Fallback {
    /// A value.
    Json(Node<'static>),
    /// The answer of the step with this index.
    Step(usize),
}

/// Where a step's answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is for other steps.
    Hidden,
    /// Into the result.
    Into(merge::Place),
    /// Each part of it into the element that it was asked for, as a member of this name.
    Attached(Box<str>),
}

// === impl Compose ===

impl Compose {
    /// `Vary`, for a cache that tells answers apart by `policy`: the fields that the key does not have, and that steps are asked
    /// with; `None` for none.
    pub fn varies_by(&self, policy: &Policy) -> Option<HeaderValue> {
        let read = |name: &&HeaderName| self.reads.any_field || self.reads.fields.contains(name);
        let keyed = |name: &&HeaderName| policy.key.headers.contains(name);
        let names = policy.passes.vary.iter().filter(read).filter(|name| !keyed(name));
        let names: Vec<_> = names.map(HeaderName::as_str).collect();
        (!names.is_empty()).then(|| HeaderValue::try_from(names.join(", ")).ok()).flatten()
    }
}

// === impl Step ===

impl Step {
    /// Whether this status is success.
    pub fn succeeds(&self, status: StatusCode) -> bool {
        self.success.iter().any(|statuses| statuses.has(status))
    }
}
