//! What runs: the configuration with everything in it parsed, checked and ready.
//!
//! A plan holds no text that is really something else, no `Option` that means "the default", no secret, no clock and
//! nothing random: in a component it is made at build time and its memory is frozen into the artifact.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::auth::addresses::AddressRules;
use crate::auth::{self as area, Access};
use crate::batch::Batch;
use crate::cache::{Caching, Policy};
use crate::compose::Compose;
use crate::config::{AccessLog, Document};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discovery::registry::{Part, Registry};
use crate::forward::client::TrustedProxies;
use crate::graphql::GraphQl;
use crate::idempotency::Idempotency;
use crate::identity::Identity;
use crate::identity::fold::FoldedNames;
use crate::limit::usage::Shown;
use crate::limit::{Limits, RouteLimits};
use crate::live::Live;
use crate::mapping::Mapping;
use crate::migration::{Fallback, Mirror, Split};
use crate::route::condition::{HeaderCondition, Methods, QueryCondition};
use crate::route::path::Ambiguities;
use crate::route::pattern::Pattern;
use crate::route::table::{HostPattern, Table};
use crate::security_headers::SecurityHeaders;
use crate::transform::Transform;
use crate::validation::Validation;
use crate::version::{Api, Condition};

mod abilities;
mod action;
mod admission;
mod auth;
mod backend;
mod balance;
mod batch;
mod cache;
mod compile;
mod compose;
mod compression;
mod conflict;
mod consumer;
mod cors;
mod credentials;
mod discovery;
mod exposure;
mod expression;
mod format;
mod graphql;
mod health;
mod idempotency;
mod identity;
mod key_source;
mod limit;
mod live;
mod mapping;
mod merge;
mod migration;
mod openapi;
mod own_routes;
mod policy;
mod registry;
mod retry;
mod route;
pub(crate) mod scalar;
mod schema;
mod secret;
mod security_headers;
mod server;
mod shape;
mod store;
mod targets;
mod template;
mod transform;
mod upstream;
mod usage;
mod validation;
mod version;
pub mod worst;
mod written_consumer;

pub use abilities::{Abilities, Counts};
pub use backend::Backend;
pub use cache::{Account, Input, inputs};
pub use conflict::witness;
pub use scalar::{duration, moment};
pub use server::{CertificateFiles, ClientAuthority, Listener, ServerPlan};
pub use store::{RedisPlan, StorePlan};
pub(crate) use targets::MOST_TARGETS;
pub use template::{PathTemplate, ValuePiece, ValueTemplate};
pub use upstream::{Endpoint, Target, Upstream};

/// Everything a gateway needs to know, ready to run.
#[derive(Debug)]
pub struct Plan {
    /// In the order of the files; behind all others those that no client reaches, the steps of composed ones.
    pub routes: Vec<Route>,
    /// In the order of their names.
    pub upstreams: Vec<Upstream>,
    /// Finds routes.
    pub table: Table,
    /// Who is believed about the client's address.
    pub trusted: TrustedProxies,
    /// Request identifiers, traces and the access log.
    pub telemetry: Telemetry,
    /// The native runner's listeners.
    pub server: ServerPlan,
    /// Every variable that some value needs, sorted.
    pub variables: Vec<Box<str>>,
    /// Addresses beyond those of upstreams that are called, `scheme://host:port`, each with what it is for; sorted.
    pub called: Vec<(Box<str>, Box<str>)>,
    /// How callers prove who they are.
    pub auth: area::Plan,
    /// How much callers may do.
    pub limits: Limits,
    /// What is kept of answers.
    pub caching: Caching,
    /// The gateway's own registry.
    pub registry: Option<Arc<Registry>>,
    /// APIs that have versions.
    pub apis: Vec<Arc<Api>>,
    /// What may be changed while the gateway runs.
    pub live: Option<Live>,
    /// The gateway as an issuer of tokens.
    pub issuer: Option<IssuerPlan>,
    /// Names under which some upstream is told who calls: no client says anything under them.
    pub claimed: Arc<FoldedNames>,
    /// Files that the configuration names, by their paths from its directory; sorted.
    pub files: Vec<Box<str>>,
    /// Every method that some route lists beyond those every HTTP server knows.
    pub methods: Vec<Method>,
}

/// One route, ready to run.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub id: Box<str>,
    /// Where it was written: file and JSON Pointer.
    pub origin: (Box<str>, Box<str>),
    /// It is a step of a composed route: no client reaches it.
    pub internal: bool,
    /// Its hosts; empty for any.
    pub hosts: Vec<HostPattern>,
    /// Its path.
    pub pattern: Pattern,
    /// Its methods.
    pub methods: Methods,
    /// Conditions on header fields.
    pub headers: Vec<HeaderCondition>,
    /// Conditions on query parameters.
    pub query: Vec<QueryCondition>,
    /// The versions of an API that it serves; `None` where it is of none.
    pub version: Option<Condition>,
    /// Ambiguities in a path that the route does not mind.
    pub tolerated: Ambiguities,
    /// Who may use it.
    pub access: Access,
    /// What the upstream is told about the caller.
    pub identity: Identity,
    /// The same in the author's words, for listings: `public`, or what is asked of callers.
    pub protection: Box<str>,
    /// From which addresses it may be used.
    pub addresses: AddressRules,
    /// How much callers may do.
    pub limits: RouteLimits,
    /// What is kept of answers; `None` for nothing.
    pub cache: Option<Arc<Policy>>,
    /// How the JSON of requests and answers becomes another; `None` for not at all.
    pub mapping: Option<Mapping>,
    /// How an upstream that speaks GraphQL is asked; `None` where it does not.
    pub graphql: Option<Box<GraphQl>>,
    /// What requests and answers must be like; `None` for anything.
    pub validation: Option<Validation>,
    /// What becomes of requests and answers on the way; `None` for nothing.
    pub transform: Option<Box<Transform>>,
    /// What becomes of requests with an `Idempotency-Key`; `None` where they are like others.
    pub idempotency: Option<Idempotency>,
    /// How important its requests are where an upstream cannot take them all; 0 is the most important.
    pub priority: u8,
    /// What it does.
    pub action: Action,
    /// How long things may take.
    pub patience: Patience,
    /// The largest request body, in bytes; `u64::MAX` for any.
    pub body_limit: u64,
    /// What the upstream gets.
    pub request_edits: Vec<HeaderEdit>,
    /// What the client gets.
    pub response_edits: Vec<HeaderEdit>,
    /// How answers are compressed; `None` for not at all.
    pub compression: Option<crate::compression::Policy>,
    /// Which scripts of other origins may read answers; `None` where the gateway has no say.
    pub cors: Option<crate::cors::Policy>,
    /// Fields that tell browsers to be careful; `None` for none.
    pub security_headers: Option<SecurityHeaders>,
}

/// What a route does.
#[derive(Debug)]
pub enum Action {
    /// Asks an upstream.
    Proxy(Box<Proxy>),
    /// Makes one answer of several upstreams'.
    Compose(Box<Compose>),
    /// Sends the client elsewhere.
    Redirect(Redirect),
    /// A fixed answer.
    Respond(Respond),
    /// A path of a login's own.
    Login(LoginRoute),
    /// The gateway's public keys.
    KeySet,
    /// What a caller has left.
    Usage(Shown),
    /// Takes orders to purge what is kept of answers.
    Purge,
    /// Registers instances of services, and lists them.
    Registry(Part),
    /// Takes several requests in one.
    Batch(Box<Batch>),
}

/// Asks an upstream.
#[derive(Debug)]
pub struct Proxy {
    /// The index of the upstream; of the first, where there are several.
    pub upstream: usize,
    /// Which of several upstreams answers.
    pub split: Option<Split>,
    /// Which upstream is asked where the first has nothing.
    pub fallback: Option<Fallback>,
    /// Another upstream that gets requests too.
    pub mirror: Option<Mirror>,
    /// How the path changes.
    pub path: PathRewrite,
    /// How the query changes.
    pub query: QueryRewrite,
}

/// How a path changes.
#[derive(Debug, PartialEq, Eq)]
pub enum PathRewrite {
    /// Not at all: the bytes the client sent.
    Keep,
    /// What the route's pattern takes is replaced.
    Prefix(Box<str>),
    /// All of it is replaced.
    Whole(PathTemplate),
}

/// How a query changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct QueryRewrite {
    /// Names to take away.
    pub remove: Vec<Box<str>>,
    /// Parameters to have exactly once.
    pub set: Vec<(Box<str>, PathTemplate)>,
    /// Parameters to add at the end.
    pub add: Vec<(Box<str>, PathTemplate)>,
}

/// Sends the client elsewhere.
#[derive(Debug)]
pub struct Redirect {
    /// `http` or `https`; `None` for the one asked for.
    pub scheme: Option<&'static str>,
    /// `None` for the one asked for.
    pub host: Option<Box<str>>,
    /// `None`: see [`crate::config::Redirect::port`].
    pub port: Option<u16>,
    /// How the path changes.
    pub path: PathRewrite,
    /// A status of the class 3xx.
    pub status: StatusCode,
}

/// A fixed answer.
#[derive(Debug)]
pub struct Respond {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: bytes::Bytes,
    /// The body's media type, where there is a body.
    pub content_type: Option<HeaderValue>,
}

/// A path of a login's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginRoute {
    /// The index of the authenticator.
    pub authenticator: usize,
    /// What the path is for.
    pub step: LoginStep,
}

/// What a path of a login's own is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginStep {
    /// The provider sends the browser back to it.
    Callback,
    /// The session ends.
    Logout,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The whole request.
    pub request: Option<Duration>,
    /// Making a connection.
    pub connect: Duration,
    /// From the last byte of the request to the first of the answer.
    pub first_byte: Duration,
    /// Between two pieces of a body.
    pub idle: Option<Duration>,
}

/// One change to header fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// Takes the field away.
    Remove(HeaderName),
    /// Has the field exactly once for each value.
    Set(HeaderName, Vec<ValueTemplate>),
    /// Adds the field once for each value.
    Add(HeaderName, Vec<ValueTemplate>),
}

/// The gateway as an issuer of tokens about its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerPlan {
    /// `iss`.
    pub name: Box<str>,
    /// The variables with its private keys: the first signs, all are published.
    pub keys: Vec<Box<str>>,
    /// Where the public keys are published, if anywhere.
    pub jwks: Option<Pattern>,
    /// Where it was written: file and JSON Pointer.
    pub origin: (Box<str>, Box<str>),
}

/// Request identifiers, traces and the access log.
#[derive(Debug)]
pub struct Telemetry {
    /// How the access log is written.
    pub access_log: AccessLog,
    /// Whether clients are told where the time went.
    pub server_timing: bool,
    /// This gateway's name in `Via`, `CDN-Loop` and `Proxy-Status`.
    pub name: Box<str>,
}

/// A plan, and what is questionable about the configuration it was made from.
pub type Compiled = (Plan, Vec<Diagnostic>);

// === impl Patience ===

impl Default for Patience {
    /// What a route has that says nothing.
    fn default() -> Self {
        Self {
            request: Some(Duration::from_secs(300)),
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(30),
            idle: Some(Duration::from_secs(60)),
        }
    }
}

// === impl Plan ===

impl Plan {
    /// Makes a plan for a host with `abilities` from documents with their files' names, in order. Reports every
    /// mistake, not only the first; places have no lines yet.
    pub fn compile(
        documents: &[(String, Document)],
        abilities: &Abilities,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let (plan, diagnostics) = compile::compile(documents, abilities);
        match plan {
            Some(plan) if diagnostics.iter().all(|found| found.severity == Severity::Warning) => {
                Ok((plan, diagnostics))
            }
            _ => Err(diagnostics),
        }
    }

    /// The routes that clients reach.
    pub fn reachable(&self) -> &[Route] {
        let internal = self.routes.iter().rev().take_while(|route| route.internal).count();
        &self.routes[..self.routes.len() - internal]
    }

    /// Every target that is written, by the name of its upstream, or that and its own (`orders/a`) where there are several.
    pub fn places(&self) -> impl Iterator<Item = (String, &Target)> {
        self.upstreams.iter().flat_map(|upstream| {
            let members = &upstream.targets.members;
            members.iter().map(move |member| {
                let name = match members.len() {
                    1 => upstream.name.to_string(),
                    _ => format!("{}/{}", upstream.name, member.name),
                };
                (name, &member.target)
            })
        })
    }

    /// Every store that something is kept or counted in; one that serves several ends is there several times.
    pub fn stores(&self) -> impl Iterator<Item = &StorePlan> {
        let shared = self.upstreams.iter().filter_map(|upstream| upstream.health.share.as_ref());
        let live = self.live.iter().map(|live| &live.store);
        let registry = self.registry.iter().map(|registry| &registry.store);
        let found = self.upstreams.iter().filter_map(|upstream| upstream.discovery.as_ref()?.cached.as_ref());
        let found = found.map(|cached| &cached.store);
        let kept = self.auth.store.iter().chain(&self.limits.stores).chain(&self.caching.stores);
        kept.chain(shared).chain(live).chain(registry).chain(found)
    }
}
