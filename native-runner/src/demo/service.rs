//! What the sample services have in common: a small HTTP server, and answers in JSON.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tollgate::body::Body;

use super::events::Events;

/// What a service answers.
pub type Reply = Response<Body<Events>>;

/// The largest body that a service reads.
const LARGEST_BODY: usize = 1 << 20;

/// What a service is asked.
#[derive(Debug)]
pub struct Asked {
    /// The method; `GET` for `HEAD`, whose answers hyper sends without their body.
    pub method: Method,
    /// The path's segments, decoded.
    pub path: Vec<String>,
    /// The query's parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Answers on `listener` from `state` as long as the runtime lives.
pub fn start<S, F>(listener: TcpListener, state: S, answer: fn(Arc<S>, Asked) -> F)
where
    S: Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let state = Arc::new(state);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let state = Arc::clone(&state);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let state = Arc::clone(&state);
                async move {
                    Ok::<_, Infallible>(match read(request).await {
                        Some(asked) => answer(state, asked).await,
                        None => error(StatusCode::BAD_REQUEST, "the request could not be read"),
                    })
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
}

async fn read(request: Request<Incoming>) -> Option<Asked> {
    let (head, mut body) = request.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > LARGEST_BODY {
            return None;
        }
    }
    let pairs = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned();
    let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some(Asked {
        method: if head.method == Method::HEAD { Method::GET } else { head.method },
        path: head.uri.path().split('/').filter(|part| !part.is_empty()).map(decode).collect(),
        query: pairs.collect(),
        headers: head.headers,
        body: bytes.freeze(),
    })
}

// === impl Asked ===

impl Asked {
    /// The path, for matching against slices.
    pub fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The first query parameter of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The first header field of this name, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A value, with this status.
pub fn json_reply(status: StatusCode, value: &Value) -> Reply {
    text(status, "application/json", format!("{value}\n"))
}

/// What went wrong.
pub fn error(status: StatusCode, message: &str) -> Reply {
    json_reply(status, &json!({ "error": message }))
}

/// Text of a media type.
pub fn text(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    reply(status, media_type, Body::Full(body.into()))
}

/// Events, as they come.
pub fn events(events: Events) -> Reply {
    reply(StatusCode::OK, "text/event-stream", Body::Stream(events))
}

fn reply(status: StatusCode, media_type: &'static str, body: Body<Events>) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    reply
}
