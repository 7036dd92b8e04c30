//! One exchange with an upstream over hyper.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::{CONNECTION, HeaderValue, TE, TRANSFER_ENCODING};
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Duration, Instant, timeout_at};
use tollgate::body::Body;
use tollgate::host::{Reached, SendError, SendErrorKind};
use tollgate::plan::{Patience, Target};

use super::body::{NativeBody, describe};
use super::connect::{Stream, connect};
use super::pool::{Http1, Lease, Outbound, Pool};
use super::rooms::{Place, Rooms, Way};
use super::trust::Trust;
use crate::random::Generator;

/// How much of an answer's head is read, in bytes: upstreams are not trusted either. (hyper reads at most 100 fields.)
const MOST_HEAD: usize = 128 << 10;

/// An upstream may close a connection that was unused just when the next request is sent over it (RFC 9112 section
/// 9.3.1): a request over a connection that was unused for longer than this is kept to be sent again. Keeping one means
/// copying its head, so it must not happen where it would cost: at more than a hundred requests a second on a
/// connection it never does, and at less nobody notices. No server closes connections that soon for being unused.
const HOT: Duration = Duration::from_millis(10);

/// A worker's way to upstreams.
#[derive(Debug)]
pub struct Client {
    pool: Arc<Pool>,
    rooms: Arc<Rooms>,
    trust: Arc<Trust>,
    random: Generator,
}

/// Why a request was not answered, and the request itself where not a byte of it was sent.
type Unsent = (SendError, Option<Request<Outbound>>);

/// A connection, new or used.
enum Connection {
    Http1(Box<Http1>),
    Http2(http2::SendRequest<Outbound>),
}

// === impl Client ===

impl Client {
    /// Without connections yet.
    pub fn new(trust: Arc<Trust>, rooms: Arc<Rooms>) -> Self {
        let pool = Arc::default();
        rooms.join(&pool);
        Self { pool, rooms, trust, random: Generator::new() }
    }

    /// The worker's random numbers.
    pub fn random(&self) -> &Generator {
        &self.random
    }

    /// Closes what has been unused for too long.
    pub fn sweep(&self) {
        self.pool.sweep();
        self.rooms.sweep();
    }

    /// Sends `request` to `target` and waits for the head of the answer.
    pub async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        mut request: Request<Outbound>,
    ) -> Result<Response<NativeBody>, SendError> {
        // A used connection may turn out to be closed before anything was sent over it: then the request comes back,
        // and the next connection is tried, at last a new one.
        while let Some((http1, unused)) = self.pool.take(target.key) {
            let again = if unused > HOT { repeatable(&request) } else { None };
            match (self.over_http1(target, http1, request).await, again) {
                (Ok(response), _) => return Ok(response),
                (Err((_, Some(unsent))), _) => request = unsent,
                (Err((error, None)), Some(copy)) if error.kind == SendErrorKind::Terminated => {
                    // RFC 9112 section 9.3.1: a repetition is not repeated, so no other used connection is risked.
                    request = copy;
                    break;
                }
                (Err((error, None)), _) => return Err(error),
            }
        }
        if let Some(sender) = self.pool.shared(target.key) {
            match over_http2(target, sender, request).await {
                Err((_, Some(unsent))) => request = unsent,
                Err((error, None)) => return Err(error),
                Ok(response) => return Ok(response),
            }
        }
        // Rare and large: requests that find a connection must not carry it along.
        Box::pin(self.over_new(target, patience, request)).await
    }

    async fn over_new(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Outbound>,
    ) -> Result<Response<NativeBody>, SendError> {
        let sent = match self.connect(target, patience.connect).await? {
            Connection::Http1(http1) => self.over_http1(target, http1, request).await,
            Connection::Http2(sender) => over_http2(target, sender, request).await,
        };
        sent.map_err(|(error, _)| error)
    }

    async fn connect(&self, target: &Target, patience: Duration) -> Result<Connection, SendError> {
        let late = |cause| SendError::unsent(SendErrorKind::ConnectTimeout, cause);
        let due = Instant::now() + patience;
        let place = match target.most_connections {
            None => None,
            Some(most) => match timeout_at(due, self.rooms.way(target.key, most, &self.pool)).await {
                Ok(Way::Room(place)) => Some(place),
                Ok(Way::Http1(http1)) => return Ok(Connection::Http1(http1)),
                Ok(Way::Http2(sender)) => return Ok(Connection::Http2(sender)),
                Err(_) => return Err(late("as many connections as there may be were in use")),
            },
        };
        let (stream, http2) = match timeout_at(due, connect(target, &self.trust)).await {
            Ok(connected) => connected?,
            Err(_) => return Err(late("no connection in time")),
        };
        match http2 {
            true => self.handshake_http2(target, stream, place).await,
            false => handshake_http1(stream, place).await,
        }
    }

    async fn handshake_http2(
        &self,
        target: &Target,
        stream: Stream,
        place: Option<Place>,
    ) -> Result<Connection, SendError> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MOST_HEAD).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(20))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| SendError::unsent(SendErrorKind::Protocol, describe(&error)))?;
        // Many requests share it, so it is moved by a task of its own.
        let room = place.as_ref().map(|place| Arc::clone(place.room()));
        tokio::spawn(async move {
            let ended = connection.await;
            drop(place);
            ended
        });
        self.pool.share(target.key, sender.clone());
        if let Some(room) = room {
            room.call_all();
        }
        Ok(Connection::Http2(sender))
    }

    /// The request comes back with the error where not a byte of it was sent.
    async fn over_http1(
        &self,
        target: &Target,
        mut http1: Box<Http1>,
        mut request: Request<Outbound>,
    ) -> Result<Response<NativeBody>, Unsent> {
        if request.headers().contains_key(TE) {
            // RFC 9110 section 10.1.4: what TE says holds for one connection, so Connection must name it.
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("te"));
        }
        if matches!(*request.method(), Method::GET | Method::HEAD)
            && request.body().size_hint().exact().is_none()
        {
            // hyper takes such a request for one without a body unless it is told.
            request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let mut answer = pin!(http1.sender.try_send_request(request));
        let mut ended = false;
        let answer = poll_fn(|cx| {
            if !ended && http1.drive(cx).is_ready() {
                ended = true;
            }
            match answer.as_mut().poll(cx) {
                Poll::Pending if ended => Poll::Ready(None),
                polled => polled.map(Some),
            }
        })
        .await;
        match answer {
            Some(Ok(response)) if ended => Ok(response.map(NativeBody::inbound)),
            Some(Ok(response)) => Ok(self.answered(target, http1, response)),
            Some(Err(error)) => Err(unsent(error)),
            None => Err((SendError::sent(SendErrorKind::Terminated, "the connection ended"), None)),
        }
    }

    fn answered(
        &self,
        target: &Target,
        http1: Box<Http1>,
        response: Response<Incoming>,
    ) -> Response<NativeBody> {
        let lease = Box::new(Lease::new(http1, Arc::clone(&self.pool), target.key));
        response.map(|incoming| NativeBody::upstream(incoming, lease))
    }
}

async fn handshake_http1(stream: Stream, place: Option<Place>) -> Result<Connection, SendError> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| SendError::unsent(SendErrorKind::Protocol, describe(&error)))?;
    Ok(Connection::Http1(Box::new(Http1 { sender, connection, place })))
}

/// A copy of `request`, where sending it twice is as good as once (RFC 9110 section 9.2.2) and it has no body.
fn repeatable(request: &Request<Outbound>) -> Option<Request<Outbound>> {
    if !request.method().is_idempotent() || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Body::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// The request comes back with the error where not a byte of it was sent.
async fn over_http2(
    target: &Target,
    mut sender: http2::SendRequest<Outbound>,
    mut request: Request<Outbound>,
) -> Result<Response<NativeBody>, Unsent> {
    // RFC 9113 section 8.3.1: scheme and authority stand in the target, and no Host field beside them.
    let (authority, scheme) = authority(target, &request);
    let path = request.uri().path_and_query().cloned();
    let mut uri = Uri::builder().scheme(scheme).authority(authority);
    if let Some(path) = path {
        uri = uri.path_and_query(path);
    }
    *request.uri_mut() =
        uri.build().map_err(|error| (SendError::unsent(SendErrorKind::Host, error), None))?;
    *request.version_mut() = http::Version::HTTP_2;
    let host = request.headers_mut().remove(http::header::HOST);
    let error = match sender.ready().await {
        Err(error) => (classify(&error, Reached::No), Some(request)),
        Ok(()) => match sender.try_send_request(request).await {
            Ok(response) => return Ok(response.map(NativeBody::inbound)),
            Err(error) => unsent(error),
        },
    };
    let (error, request) = error;
    Err((error, request.map(|request| restore(request, host))))
}

/// What hyper says of a request that failed.
fn unsent(mut error: TrySendError<Request<Outbound>>) -> Unsent {
    let unsent = error.take_message();
    let reached = if unsent.is_some() { Reached::No } else { Reached::Maybe };
    (classify(error.error(), reached), unsent)
}

fn restore(mut request: Request<Outbound>, host: Option<HeaderValue>) -> Request<Outbound> {
    if let Some(host) = host {
        request.headers_mut().insert(http::header::HOST, host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = path.into();
    }
    *request.version_mut() = http::Version::HTTP_11;
    request
}

fn authority(target: &Target, request: &Request<Outbound>) -> (Authority, Scheme) {
    let host = request.headers().get(http::header::HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let scheme = if target.secure { Scheme::HTTPS } else { Scheme::HTTP };
    (authority.unwrap_or_else(|| target.authority.clone()), scheme)
}

/// What an error of hyper's means.
fn classify(error: &hyper::Error, reached: Reached) -> SendError {
    let kind = if error.is_user() {
        // The only thing of ours that hyper polls is the request's body.
        SendErrorKind::RequestBody
    } else if error.is_parse() || error.is_parse_status() {
        SendErrorKind::Protocol
    } else {
        SendErrorKind::Terminated
    };
    SendError { kind, reached, cause: describe(error) }
}
