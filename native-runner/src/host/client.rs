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
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Duration, timeout};
use tollgate::host::{Reached, SendError, SendErrorKind};
use tollgate::plan::{Patience, Target};

use super::body::{NativeBody, describe};
use super::connect::{Stream, connect};
use super::pool::{Http1, Lease, Outbound, Pool};
use super::trust::Trust;
use crate::random::Generator;

/// How much of an answer's head is read, in bytes: upstreams are not trusted either. (hyper reads at most 100 fields.)
const MOST_HEAD: usize = 128 << 10;

/// A worker's way to upstreams.
#[derive(Debug)]
pub struct Client {
    pool: Arc<Pool>,
    trust: Arc<Trust>,
    random: Generator,
}

/// A connection, new or used.
enum Connection {
    Http1(Box<Http1>),
    Http2(http2::SendRequest<Outbound>),
}

// === impl Client ===

impl Client {
    /// Without connections yet.
    pub fn new(trust: Arc<Trust>) -> Self {
        Self { pool: Arc::default(), trust, random: Generator::new() }
    }

    /// The worker's random numbers.
    pub fn random(&self) -> &Generator {
        &self.random
    }

    /// The connections.
    pub fn pool(&self) -> &Pool {
        &self.pool
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
        while let Some((http1, _)) = self.pool.take(target.key) {
            match self.over_http1(target, http1, request).await {
                Ok(response) => return Ok(response),
                Err((_, Some(unsent))) => request = unsent,
                Err((error, None)) => return Err(error),
            }
        }
        let connection = match self.pool.shared(target.key) {
            Some(sender) => Connection::Http2(sender),
            None => self.connect(target, patience.connect).await?,
        };
        match connection {
            Connection::Http1(http1) => self.over_http1(target, http1, request).await.map_err(|(error, _)| error),
            Connection::Http2(sender) => over_http2(target, sender, request).await,
        }
    }

    async fn connect(&self, target: &Target, patience: Duration) -> Result<Connection, SendError> {
        let (stream, http2) = match timeout(patience, connect(target, &self.trust)).await {
            Ok(connected) => connected?,
            Err(_) => return Err(SendError::unsent(SendErrorKind::ConnectTimeout, "no connection in time")),
        };
        if http2 { self.handshake_http2(target, stream).await } else { handshake_http1(stream).await }
    }

    async fn handshake_http2(&self, target: &Target, stream: Stream) -> Result<Connection, SendError> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MOST_HEAD).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(20))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| SendError::unsent(SendErrorKind::Protocol, describe(&error)))?;
        // Many requests share it, so it is moved by a task of its own.
        tokio::spawn(connection);
        self.pool.share(target.key, sender.clone());
        Ok(Connection::Http2(sender))
    }

    /// The request comes back with the error where not a byte of it was sent.
    async fn over_http1(
        &self,
        target: &Target,
        mut http1: Box<Http1>,
        mut request: Request<Outbound>,
    ) -> Result<Response<NativeBody>, (SendError, Option<Request<Outbound>>)> {
        if request.headers().contains_key(TE) {
            // RFC 9110 section 10.1.4: what TE says holds for one connection, so Connection must name it.
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("te"));
        }
        if matches!(*request.method(), Method::GET | Method::HEAD) && request.body().size_hint().exact().is_none() {
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
            Some(Err(mut error)) => {
                let unsent = error.take_message();
                let reached = if unsent.is_some() { Reached::No } else { Reached::Maybe };
                Err((classify(error.error(), reached), unsent))
            }
            None => Err((SendError::sent(SendErrorKind::Terminated, "the connection ended"), None)),
        }
    }

    fn answered(&self, target: &Target, http1: Box<Http1>, response: Response<Incoming>) -> Response<NativeBody> {
        let lease = Box::new(Lease::new(http1, Arc::clone(&self.pool), target.key));
        response.map(|incoming| NativeBody::upstream(incoming, lease))
    }
}

async fn handshake_http1(stream: Stream) -> Result<Connection, SendError> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| SendError::unsent(SendErrorKind::Protocol, describe(&error)))?;
    Ok(Connection::Http1(Box::new(Http1 { sender, connection })))
}

async fn over_http2(
    target: &Target,
    mut sender: http2::SendRequest<Outbound>,
    mut request: Request<Outbound>,
) -> Result<Response<NativeBody>, SendError> {
    // RFC 9113 section 8.3.1: scheme and authority stand in the target, and no Host field beside them.
    let (authority, scheme) = authority(target, &request);
    let path = request.uri().path_and_query().cloned();
    let mut uri = Uri::builder().scheme(scheme).authority(authority);
    if let Some(path) = path {
        uri = uri.path_and_query(path);
    }
    *request.uri_mut() =
        uri.build().map_err(|error| SendError::unsent(SendErrorKind::Host, error))?;
    *request.version_mut() = http::Version::HTTP_2;
    request.headers_mut().remove(http::header::HOST);
    sender.ready().await.map_err(|error| classify(&error, Reached::No))?;
    let response = sender.send_request(request).await.map_err(|error| classify(&error, Reached::Maybe))?;
    Ok(response.map(NativeBody::inbound))
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
