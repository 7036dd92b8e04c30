//! From hyper's request to an answer: framing, the limit on requests in flight, and the end of a connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::request::Parts;
use http::{Method, Request, Response, Uri, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tollgate::auth::certificate::ClientCertificate;
use tollgate::gateway::Peer;
use tollgate::problem::{Failure, Problem};

use super::Answer;
use super::ambiguity::Ambiguity;
use super::bound::Activity;
use super::framing;
use super::state::{Permit, State};

/// What a client is told to wait when there is no place for its request, in seconds.
const RETRY_AFTER: u32 = 1;

/// One connection's way to an answer.
#[derive(Debug)]
pub struct Service<A> {
    answer: Arc<A>,
    state: Arc<State>,
    activity: Arc<Activity>,
    peer: Peer,
    certificate: Option<Arc<ClientCertificate>>,
}

pin_project_lite::pin_project! {
    /// An answer's body, and the place that the request holds until it is over.
    pub struct Held<B> {
        #[pin]
        body: B,
        permit: Option<Permit>,
        busy: Busy,
    }
}

/// A connection is busy while this lives.
#[derive(Debug)]
struct Busy {
    activity: Arc<Activity>,
    /// A piece of the answer was handed over, and nothing asked for since.
    offered: bool,
}

// === impl Busy ===

impl Busy {
    fn take(&mut self) {
        if std::mem::take(&mut self.offered) {
            self.activity.took();
        }
    }

    fn offer(&mut self) {
        self.offered = true;
        self.activity.offer();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.take();
        self.activity.end();
    }
}

// === impl Service ===

impl<A: Answer> Service<A> {
    /// The service of a connection from `peer`, which showed `certificate`.
    pub fn new(
        answer: Arc<A>,
        state: Arc<State>,
        activity: Arc<Activity>,
        peer: Peer,
        certificate: Option<Arc<ClientCertificate>>,
    ) -> Self {
        Self { answer, state, activity, peer, certificate }
    }

    /// Answers a request.
    pub async fn call(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Held<A::Body>>, Infallible> {
        self.activity.begin();
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(Arc::clone(certificate));
        }
        let busy = Busy { activity: Arc::clone(&self.activity), offered: false };
        let version = request.version();
        // The guard waits for the answer to this one: what follows might have been meant for another protocol.
        let upgrade = version < Version::HTTP_2
            && request
                .headers()
                .get_all(UPGRADE)
                .iter()
                .any(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let permit = self.state.admit();
        let refusal = framing::check(&request)
            .and_then(|()| framing::within(&request, &self.state.heads))
            .err()
            .map(refused)
            .or_else(|| permit.is_none().then(overloaded));
        let broken = refusal.as_ref().is_some_and(|failure| failure.problem != Problem::Overloaded);
        let mut response = match refusal {
            Some(failure) => {
                let (mut head, _) = request.into_parts();
                conceal(&mut head);
                self.answer.refuse(&failure, &head, self.peer)
            }
            None => self.answer.handle(request, self.peer).await,
        };
        let last = broken
            || upgrade
            || self.state.is_draining()
            || self.answer.leaves_request_unread(response.body());
        if version < Version::HTTP_2 && last {
            // RFC 9112 section 9.6: after this answer nothing more is read.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Held { body, permit, busy }))
    }
}

/// What is answered to a request that can be read in two ways.
fn refused(ambiguity: Ambiguity) -> Failure {
    let problem = match ambiguity.status().as_u16() {
        408 => Problem::RequestTimeout,
        414 => Problem::UriTooLong,
        417 => Problem::ExpectationFailed,
        431 => Problem::HeadersTooLarge,
        501 => Problem::NotImplemented,
        505 => Problem::VersionNotSupported,
        _ => Problem::BadRequest,
    };
    Failure::from(problem).cause(ambiguity.reason())
}

/// The request that the guard put in the place of one it refused says nothing of the client's, so it is in no log.
fn conceal(head: &mut Parts) {
    if head.method.as_str() == framing::REFUSED {
        head.method = Method::from_bytes(b"-").unwrap_or_default();
        head.uri = Uri::from_static("*");
    }
}

fn overloaded() -> Failure {
    Failure::from(Problem::Overloaded).field(http::header::RETRY_AFTER, RETRY_AFTER)
}

impl<B: Body<Data = Bytes>> Body for Held<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        this.busy.take();
        let polled = this.body.as_mut().poll_frame(cx);
        // Short answers end with their first piece, and cost nothing here.
        if matches!(polled, Poll::Ready(Some(Ok(_)))) && !this.body.is_end_stream() {
            this.busy.offer();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
