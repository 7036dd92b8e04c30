//! Exchanges with upstreams.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    self, FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions, Scheme,
};

use super::executor::{self, Ready};
use super::fields;
use super::host::ComponentHost;
use super::incoming::Incoming;
use super::outgoing::{self, Broken, Outgoing};
use super::send_error;
use crate::body::{Body, Upload};
use crate::host::{HttpClient, SendError, SendErrorKind};
use crate::plan::{Patience, Target};

/// Hosts have limits of their own, ten minutes where they are not told. The core watches every span itself and knows
/// what it is waiting for; the host is told to wait a little longer, so that it is always the core that gives up.
const SLACK: Duration = Duration::from_secs(5);

/// In the place of no limit.
const DAY: Duration = Duration::from_secs(86_400);

/// The most that is collected of a body that cannot be streamed.
const COLLECTED: usize = 1 << 20;

type Uploading = Pin<Box<dyn Future<Output = Result<(), Broken>>>>;

// === impl ComponentHost ===

impl HttpClient for ComponentHost {
    type Stream = Incoming;

    async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Body<Upload<Incoming>>>,
    ) -> Result<Response<Incoming>, SendError> {
        let (mut head, body) = request.into_parts();
        let body = announceable(&head, body).await?;
        if let Body::Full(bytes) = &body {
            head.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(bytes.len()));
        }
        let outgoing =
            outgoing_request(target, &head).map_err(|why| SendError::unsent(SendErrorKind::Host, why))?;
        let mut upload = upload(&outgoing, body)?;
        let future = outgoing_handler::handle(outgoing, Some(options(patience)))
            .map_err(|code| send_error::of(&code))?;
        let response = answer(&future, &mut upload).await?;
        // An upstream may answer before it has read all there is.
        if let Some(upload) = upload {
            executor::spawn(Box::pin(async move { drop(upload.await) }));
        }
        read(response, &head.method)
    }
}

/// Hosts' clients leave the body of a GET out where its length is unknown, and they cannot be told to send it in chunks,
/// because `Transfer-Encoding` is theirs. So what there is of it is collected, and its length announced.
async fn announceable(
    head: &Parts,
    body: Body<Upload<Incoming>>,
) -> Result<Body<Upload<Incoming>>, SendError> {
    let bodiless = matches!(head.method, Method::GET | Method::HEAD | Method::CONNECT);
    let Body::Stream(mut upload) = body else { return Ok(body) };
    if !bodiless || head.headers.contains_key(CONTENT_LENGTH) {
        return Ok(Body::Stream(upload));
    }
    let mut collected = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut upload).poll_frame(cx)).await {
        let frame = frame.map_err(|error| SendError::unsent(SendErrorKind::RequestBody, error))?;
        collected.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if collected.len() > COLLECTED {
            let why = format!("a {} with more than {COLLECTED} bytes of unannounced length", head.method);
            return Err(SendError::unsent(SendErrorKind::RequestBody, why));
        }
    }
    Ok(Body::Full(collected.into()))
}

fn outgoing_request(target: &Target, head: &Parts) -> Result<OutgoingRequest, String> {
    let request = OutgoingRequest::new(fields::write(&head.headers)?);
    let scheme = if target.secure { Scheme::Https } else { Scheme::Http };
    let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let refused = |what: &'static str| move |()| format!("the host refuses the {what}");
    // A new request has GET and no more.
    if head.method != Method::GET {
        request.set_method(&method(&head.method)).map_err(refused("method"))?;
    }
    request.set_scheme(Some(&scheme)).map_err(refused("scheme"))?;
    request.set_authority(Some(target.authority.as_str())).map_err(refused("authority"))?;
    request.set_path_with_query(Some(path)).map_err(refused("path"))?;
    Ok(request)
}

fn method(method: &Method) -> types::Method {
    match *method {
        Method::GET => types::Method::Get,
        Method::HEAD => types::Method::Head,
        Method::POST => types::Method::Post,
        Method::PUT => types::Method::Put,
        Method::DELETE => types::Method::Delete,
        Method::CONNECT => types::Method::Connect,
        Method::OPTIONS => types::Method::Options,
        Method::TRACE => types::Method::Trace,
        Method::PATCH => types::Method::Patch,
        ref other => types::Method::Other(other.as_str().to_owned()),
    }
}

/// A host that cannot be told to wait has the core beside it, which can.
fn options(patience: &Patience) -> RequestOptions {
    let options = RequestOptions::new();
    let nanos = |span: Duration| Some(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
    let longest = |span: Option<Duration>| nanos(span.unwrap_or(DAY) + SLACK);
    let _ = options.set_connect_timeout(nanos(patience.connect));
    // Counted by hosts from the beginning of the request, whose body may take its time.
    let _ = options.set_first_byte_timeout(longest(patience.request));
    let _ = options.set_between_bytes_timeout(longest(patience.idle));
    options
}

/// The request's body on its way, where there is one.
fn upload(request: &OutgoingRequest, body: Body<Upload<Incoming>>) -> Result<Option<Uploading>, SendError> {
    if matches!(body, Body::Empty) {
        return Ok(None);
    }
    let refused = || SendError::unsent(SendErrorKind::Host, "the host gives no body");
    let outgoing = request.body().ok().and_then(Outgoing::new).ok_or_else(refused)?;
    Ok(Some(Box::pin(outgoing::send(body, outgoing))))
}

/// Waits for the head of the answer while the request's body goes out, and takes `upload` away when it has.
async fn answer(
    future: &FutureIncomingResponse,
    upload: &mut Option<Uploading>,
) -> Result<IncomingResponse, SendError> {
    let mut ready = Ready::new(future.subscribe());
    poll_fn(|cx| {
        if let Some(uploading) = upload
            && let Poll::Ready(ended) = uploading.as_mut().poll(cx)
        {
            *upload = None;
            if let Err(Broken::Source) = ended {
                return Poll::Ready(Err(SendError::sent(
                    SendErrorKind::RequestBody,
                    "the request broke off",
                )));
            }
        }
        Pin::new(&mut ready).poll(cx).map(Ok)
    })
    .await?;
    let nothing = || SendError::sent(SendErrorKind::Host, "the host has no answer");
    future.get().and_then(Result::ok).ok_or_else(nothing)?.map_err(|code| send_error::of(&code))
}

/// The answer as the core has it. Its version is not told. RFC 9112 section 6.3: some answers have no body, whatever
/// their fields say.
fn read(response: IncomingResponse, method: &Method) -> Result<Response<Incoming>, SendError> {
    let status = StatusCode::from_u16(response.status())
        .map_err(|error| SendError::sent(SendErrorKind::Protocol, error))?;
    let headers = fields::read(&response.headers());
    let bodiless =
        *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = match response.consume() {
        Ok(body) if !bodiless => Incoming::new(body, &headers),
        _ => Incoming::empty(),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}
