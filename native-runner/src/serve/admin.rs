//! The operator's address: is it alive, is it ready, what has it done, what is in force.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tollgate::body::Body;

use crate::host::store::now;
use crate::observe::exposition::Snapshot;
use crate::versions;

pub mod manage;

use manage::Managed;
use manage::cache;
use manage::splits;
use manage::usage::{self, Counted};

type Reply = Response<Body<NoStream>>;

/// Answers of this address are never streams.
#[derive(Debug)]
pub enum NoStream {}

/// What an operator may ask of a server.
pub trait Operated: Send + Sync + 'static {
    /// Whether it is about to stop.
    fn is_draining(&self) -> bool;
    /// What it has done.
    fn snapshot(&self) -> Snapshot;
    /// What is in force, without secrets.
    fn configuration(&self) -> serde_json::Value;
    /// How upstreams and their targets are doing, where that is known here.
    fn upstreams(&self) -> Option<serde_json::Value>;
    /// Where targets are found, and how that goes.
    fn discovery(&self) -> serde_json::Value;
    /// What can be managed.
    fn managed(&self) -> Managed;
    /// What counts against limits, where that can be looked at from here.
    fn counted(&self) -> Option<Counted>;
}

/// Binds the operator's address and answers there until the process ends; gives the address back.
pub async fn start(address: SocketAddr, server: Arc<impl Operated>) -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} (admin)"))?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let server = Arc::clone(&server);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let server = Arc::clone(&server);
                async move {
                    Ok::<_, Infallible>(if let Some(id) = usage::consumer(request.uri().path()) {
                        usage::answer(server.managed(), server.counted(), &id, request, now()).await
                    } else if cache::is_cache(request.uri().path()) {
                        cache::answer(server.managed(), server.counted(), request).await
                    } else if splits::is_of_routes(request.uri().path()) {
                        splits::answer(server.managed(), server.counted(), request).await
                    } else if manage::is_managed(request.uri().path()) {
                        manage::answer(server.managed(), request, now()).await
                    } else {
                        answer(&*server, &request)
                    })
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    Ok(bound)
}

fn answer(server: &impl Operated, request: &Request<Incoming>) -> Reply {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    match request.uri().path() {
        "/livez" => plain(StatusCode::OK, "alive\n"),
        "/readyz" if server.is_draining() => plain(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        "/readyz" => plain(StatusCode::OK, "ready\n"),
        "/metrics" => metrics(server),
        "/versions" => typed(StatusCode::OK, "application/json", versions_in_use(server).to_string()),
        "/config" => typed(StatusCode::OK, "application/json", server.configuration().to_string()),
        "/upstreams" => match server.upstreams() {
            Some(upstreams) => typed(StatusCode::OK, "application/json", upstreams.to_string()),
            None => plain(StatusCode::NOT_FOUND, "a component keeps what it knows in its store\n"),
        },
        "/discovery" => typed(StatusCode::OK, "application/json", server.discovery().to_string()),
        _ => plain(
            StatusCode::NOT_FOUND,
            "there are /livez, /readyz, /metrics, /config, /versions, /upstreams, /discovery, /splits, /mirror/ROUTE, /cache, /consumers, /keys and /revocations\n",
        ),
    }
}

fn metrics(server: &impl Operated) -> Reply {
    match server.snapshot().expose() {
        Ok(text) => typed(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n"),
    }
}

/// Versions of APIs, where in their lives they are, and who uses those that are deprecated. A component's counts are in its
/// access log only.
fn versions_in_use(server: &impl Operated) -> serde_json::Value {
    let counts = server.snapshot().counts.versions;
    server
        .counted()
        .map_or_else(|| serde_json::json!([]), |counted| versions::json(&counted.plan, now(), Some(&counts)))
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    typed(status, "text/plain; charset=utf-8", text.to_owned())
}

fn typed(status: StatusCode, content_type: &'static str, text: String) -> Reply {
    let mut reply = Response::new(Body::Full(Bytes::from(text)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

impl http_body::Body for NoStream {
    type Data = Bytes;
    type Error = tollgate::body::BodyError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match *self {}
    }
}
