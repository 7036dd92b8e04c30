//! The life of a request: the only file that knows the order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_lock::OnceCell;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;

use crate::auth::{Admitted, Asking, Caller, Stop};
use crate::body::{Body, BodyError};
use crate::deadline::Deadline;
use crate::forward::client::{Client, client_of};
use crate::host::Host;
use crate::plan::{Action, Patience, Plan, Redirect, Respond, Route};
use crate::pool::Pool;
use crate::problem::{Failure, Problem};
use crate::reply::{Open, Reply, ReplyBody};
use crate::route::path::{Normal, normalise};
use crate::telemetry::Record;
use crate::{auth, cache, cors, limit, live, redirect, transform};

mod afterwards;
mod attempts;
mod batching;
mod browser;
mod cached;
mod choosing;
mod composing;
mod compressing;
mod content;
mod contents;
mod course;
mod delivering;
mod destination;
mod fallback;
mod fetching;
mod graphql;
mod hedging;
mod invalidation;
mod login;
mod looking;
mod mapping;
mod mirroring;
mod part;
mod picking;
mod probing;
mod proxy;
mod purge;
mod record;
mod refreshing;
mod refusal;
mod registry;
mod replaying;
mod roster;
mod showing;
mod sticking;
mod transformed;
mod transforming;
mod upkeep;
mod usage;
mod validating;
mod versioned;

pub use afterwards::{Afterwards, settle};
pub use probing::Due;
pub(crate) use proxy::origin;

use browser::preflight;
use cached::Around;
use course::Course;
use destination::Destination;
use refusal::{authority, refuse_framing};

/// How long a client has to read an answer that no route made.
const PATIENCE: Patience = Patience {
    request: Some(Duration::from_secs(60)),
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(30),
    idle: Some(Duration::from_secs(60)),
};

/// A plan in force on a host.
#[derive(Debug)]
pub struct Gateway<H> {
    plan: Arc<Plan>,
    host: H,
    /// What is remembered of the upstreams, in the plan's order; `None` on a host that remembers nothing.
    pools: Option<Box<[Arc<Pool>]>>,
    /// Who is taken for every request's caller; nobody but in an explanation.
    assumed: Option<Arc<Caller>>,
    /// The live document, where a host that remembers nothing has read it; `None` inside where there is none.
    live: OnceCell<Option<Arc<live::Document>>>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

/// What the stages work on: a request's head as it came, and what is known about it.
struct Incoming<'a> {
    head: Parts,
    peer: Peer,
    client: &'a Client,
    authority: &'a str,
    normal: &'a Normal<'a>,
    admitted: &'a Admitted,
    record: &'a mut Record,
    /// Where it goes.
    course: Course,
    /// It came with `Authorization`, whatever has become of that.
    authorized: bool,
    /// Its answer may be kept, and must not depend on what this policy does not tell apart.
    shared: Option<&'a cache::Policy>,
}

// === impl Incoming ===

impl<'a> Incoming<'a> {
    /// What is known beside the head.
    fn around(&self) -> Around<'a> {
        let Self { peer, client, authority, normal, admitted, course, .. } = *self;
        Around { peer, client, authority, normal, admitted, course }
    }

    /// Takes the head for another use; what is left is empty.
    fn take_head(&mut self) -> Parts {
        std::mem::replace(&mut self.head, Request::new(()).into_parts().0)
    }
}

/// An answer before it is watched, and how long the client may take to read it.
type Answer<S> = (Response<Body<S>>, Patience, Deadline);

// === impl Gateway ===

impl<H: Host> Gateway<H> {
    /// Puts `plan` in force on `host`.
    pub fn new(plan: Arc<Plan>, host: H) -> Self {
        if let Some(memory) = host.memory() {
            memory.limits.remember(plan.limits.most_keys);
            memory.cache.resize(plan.caching.memory);
        }
        let pools = host.memory().map(|memory| memory.pools.adopt(&plan.upstreams, host.tick()));
        Self { plan, host, pools, assumed: None, live: OnceCell::new() }
    }

    /// The same for a plan that may not be in force any more: what is remembered of upstreams stays as it is.
    fn again(plan: Arc<Plan>, host: H) -> Self {
        let pools = host.memory().map(|memory| memory.pools.of(&plan.upstreams));
        Self { plan, host, pools, assumed: None, live: OnceCell::new() }
    }

    /// Takes `caller` for every request's, without looking: for explanations.
    pub fn assuming(self, caller: Arc<Caller>) -> Self {
        Self { assumed: Some(caller), ..self }
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The live document, where there is one and it can be read; on a host that remembers nothing, once for each request.
    async fn live_document(&self, deadline: Deadline) -> Option<Arc<live::Document>> {
        let live = self.plan.live.as_ref()?;
        if self.host.memory().is_some() {
            return live::read(&self.host, live, deadline).await;
        }
        self.live.get_or_init(|| live::read(&self.host, live, deadline)).await.clone()
    }

    /// Answers a request. Never fails: what goes wrong is an answer too.
    pub async fn handle(&self, request: Request<H::Stream>, peer: Peer) -> Reply<H> {
        let (head, body) = request.into_parts();
        self.handled(head, Body::Stream(body), peer).await
    }

    /// The same of a request whose content may be in memory.
    async fn handled(&self, head: Parts, body: Body<H::Stream>, peer: Peer) -> Reply<H> {
        let client = client_of(peer.address.ip(), &self.plan.trusted, &head.headers);
        let record = self.begin(&head, &client);
        let mut open = match head.extensions.get::<batching::OfABatch>() {
            None => Open::new(self.host.clone(), record),
            Some(_) => Open::of_part(self.host.clone(), record),
        };
        let is_head = head.method == Method::HEAD;
        let origin = cors::origin_of(&head.headers).cloned();
        let answer = self.run(head, body, peer, &client, open.record()).await;
        let mut answer = answer.unwrap_or_else(|failure| self.fail(&failure, open.record()));
        let secure = client.is_secure(peer);
        self.tell_version(answer.0.headers_mut(), open.record());
        self.tell_browsers(answer.0.headers_mut(), open.record(), origin.as_ref(), secure);
        self.reply(answer, open, is_head)
    }

    /// Answers a request that a shell refuses before there is one to handle: one that is not valid HTTP, or one more
    /// than it takes.
    pub fn refuse(&self, failure: &Failure, head: &Parts, peer: Peer) -> Reply<H> {
        let client = client_of(peer.address.ip(), &self.plan.trusted, &head.headers);
        let mut open = Open::new(self.host.clone(), self.begin(head, &client));
        let answer = self.fail(failure, open.record());
        self.reply(answer, open, head.method == Method::HEAD)
    }

    /// The answer as the client gets it, and its record open until the last byte.
    fn reply(&self, answer: Answer<H::Stream>, mut open: Box<Open<H>>, is_head: bool) -> Reply<H> {
        let (mut response, patience, deadline) = answer;
        self.stamp(response.headers_mut(), open.record());
        open.record().status = response.status();
        let encoding = self.compress(&mut response, open.record(), is_head);
        let response = if is_head { without_content(response) } else { response };
        response.map(|body| ReplyBody::new(body, encoding, open, patience, deadline))
    }

    /// The stages, one direction, top to bottom.
    async fn run(
        &self,
        mut head: Parts,
        mut body: Body<H::Stream>,
        peer: Peer,
        client: &Client,
        record: &mut Record,
    ) -> Result<Answer<H::Stream>, Failure> {
        let authority = authority(&head)?.to_owned();
        refuse_framing(&head.headers)?;
        let target = head.uri.path_and_query().cloned();
        let normal = normalise(target.as_ref().map_or("/", PathAndQuery::path));
        let route = match self.find(&head, &authority, &normal, record)? {
            Destination::Route(route) => route,
            Destination::Options(allow) => return Ok(brief(options(allow))),
            Destination::Preflight(route, policy, method) => {
                record.route = Some(route);
                return Ok(brief(preflight(policy, &method, &head.headers, record)));
            }
        };
        record.route = Some(route);
        let route = &self.plan.routes[route];
        let deadline = Deadline::after(record.begun, route.patience.request);
        let asking = Asking {
            head: &head,
            peer,
            client,
            authority: &authority,
            path: &normal.path,
            route,
            now: record.started,
            length: announced(&head.headers, &body),
            deadline,
            plan: &self.plan.auth,
            assumed: self.assumed.as_ref(),
        };
        limit::shield(&self.host, &self.plan.limits, &asking, record.toll()).await?;
        let admitted = match self.admit(route, &asking, &mut body, record).await {
            Ok(admitted) => admitted,
            Err(Stop::Refused(failure)) => return Err(failure),
            Err(Stop::Answer(answer)) => return Ok((answer.map(Body::Full), route.patience, deadline)),
        };
        let caller = admitted.caller.as_deref();
        limit::admit(&self.host, &self.plan.limits, &asking, caller, record.toll()).await?;
        self.judge_version(record)?;
        let course = self.course(route, &asking, caller, deadline).await;
        if let Action::Batch(batch) = &route.action {
            // What proves who calls goes with each of the requests.
            let response = Box::pin(self.batch(route, batch, &head, body, peer, record, deadline)).await?;
            return Ok((response, route.patience, deadline));
        }
        let authorized = auth::conceal::conceal(&self.plan.auth, &route.access, &mut head);
        self.note_codings(route, &mut head.headers, record);
        let (authority, normal, admitted) = (&*authority, &normal, &admitted);
        let shared = None;
        let mut incoming =
            Incoming { head, peer, client, authority, normal, admitted, record, course, authorized, shared };
        let response = self.act(route, &mut incoming, body, deadline).await?;
        Ok((response, route.patience, deadline))
    }

    /// Who calls, and whether they may. Who was turned away is on record too.
    async fn admit(
        &self,
        route: &Route,
        asking: &Asking<'_>,
        body: &mut Body<H::Stream>,
        record: &mut Record,
    ) -> Result<Admitted, Stop> {
        let mut admitted = auth::authenticate(&self.host, &route.access, asking, body).await?;
        record.caller.clone_from(&admitted.caller);
        auth::authorise(&self.host, &route.access, asking, &mut admitted).await?;
        Ok(admitted)
    }

    /// What the route does for a caller who may use it.
    async fn act(
        &self,
        route: &Route,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let admitted = incoming.admitted;
        let body = self.validated(route, incoming, body, deadline).await?;
        if let Some(backend) = route.backend() {
            return match &route.idempotency {
                None => self.answer(route, backend, incoming, body, deadline).await,
                Some(once) => {
                    Box::pin(self.answer_once(route, backend, once, incoming, body, deadline)).await
                }
            };
        }
        let mut response = match &route.action {
            // Those are done before.
            Action::Proxy(_) | Action::Compose(_) | Action::Batch(_) => return Err(Problem::Internal.into()),
            Action::Redirect(redirect) => self.redirect(route, redirect, incoming)?,
            Action::Respond(respond) => fixed(respond),
            Action::Login(own) => Box::pin(self.login(own, incoming, deadline)).await?,
            Action::KeySet => Box::pin(self.key_set()).await?,
            Action::Purge => Box::pin(self.purge_answers(incoming, body, deadline)).await?,
            Action::Registry(part) => Box::pin(self.registry(route, *part, incoming, body, deadline)).await?,
            Action::Usage(shown) => Box::pin(self.usage(route, shown, incoming, deadline)).await,
        };
        transform::edit_headers(&self.host, &route.response_edits, response.headers_mut()).await?;
        tell_admitted(admitted, response.headers_mut());
        Ok(response)
    }

    fn redirect(
        &self,
        route: &Route,
        redirect: &Redirect,
        incoming: &Incoming<'_>,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let asked = redirect::Asked {
            secure: incoming.client.is_secure(incoming.peer),
            authority: incoming.client.host.as_ref().map_or(incoming.authority, |host| host.as_str()),
            path: &incoming.normal.path,
            query: incoming.head.uri.query(),
        };
        let location = redirect::location(route, redirect, &asked);
        let location = HeaderValue::try_from(location)
            .map_err(|error| Failure::from(Problem::BadRequest).cause(error.to_string()))?;
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = redirect.status;
        response.headers_mut().insert(LOCATION, location);
        Ok(response)
    }
}

/// What the service that was asked about the caller has to say to it.
fn tell_admitted(admitted: &Admitted, headers: &mut HeaderMap) {
    for (name, value) in &admitted.response {
        headers.append(name, value.clone());
    }
}

/// How long a request's body says it is, where it does.
fn announced<S>(headers: &HeaderMap, body: &Body<S>) -> Option<u64>
where
    S: http_body::Body<Data = Bytes, Error = BodyError> + Unpin,
{
    if body.is_end_stream() {
        return Some(0);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    length.or(body.size_hint().exact())
}

fn fixed<S>(respond: &Respond) -> Response<Body<S>> {
    let body = if respond.body.is_empty() { Body::Empty } else { Body::Full(respond.body.clone()) };
    let mut response = Response::new(body);
    *response.status_mut() = respond.status;
    if let Some(content_type) = &respond.content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    response
}

/// RFC 9110 section 9.3.7: an answer to OPTIONS says what there is.
fn options<S>(allow: HeaderValue) -> Response<Body<S>> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn brief<S>(response: Response<Body<S>>) -> Answer<S> {
    (response, PATIENCE, Deadline::after(crate::host::Tick(u64::MAX), None))
}

/// RFC 9110 section 9.3.2: an answer to HEAD has the fields of the answer to GET, and no content.
fn without_content<S>(mut response: Response<Body<S>>) -> Response<Body<S>> {
    if let Body::Full(bytes) = response.body() {
        let length = Bytes::len(bytes);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        *response.body_mut() = Body::Empty;
    }
    response
}
