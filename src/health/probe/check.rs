//! One probe of one target.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};

use super::{HttpCheck, Kind, LARGEST, Probe, grpc};
use crate::body::{Body, Upload, collect};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::{Patience, Target};
use crate::upstream;

/// The status of a call of gRPC, in the head where there is nothing else, else in the trailers.
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Asks `target` how it is.
///
/// # Errors
/// Why it is not well, for the operator.
pub async fn check<H: Host>(host: &H, probe: &Probe, target: &Target) -> Result<(), String> {
    let target = match probe.port {
        Some(port) => &target.at_port(port),
        None => target,
    };
    let patience = Patience {
        request: Some(probe.timeout),
        connect: probe.timeout,
        first_byte: probe.timeout,
        idle: Some(probe.timeout),
    };
    match &probe.kind {
        Kind::Tcp => host.reach(target, probe.timeout).await.map_err(|error| error.cause),
        Kind::Http(check) => http(host, check, target, &patience, probe).await,
        Kind::Grpc(service) => grpc(host, service, target, &patience, probe).await,
    }
}

async fn http<H: Host>(
    host: &H,
    check: &HttpCheck,
    target: &Target,
    patience: &Patience,
    probe: &Probe,
) -> Result<(), String> {
    let deadline = Deadline::after(host.tick(), Some(probe.timeout));
    let mut headers = check.headers.clone();
    if !headers.contains_key(HOST) {
        headers.insert(HOST, target.host_header.clone());
    }
    let request = request(check.method.clone(), &check.path, headers, Body::Empty);
    let sent = upstream::exchange(host, target, patience, deadline, request, None).await;
    let response = sent.map_err(|unanswered| told(&unanswered.failure))?;
    let status = response.status().as_u16();
    if !check.statuses.iter().any(|(first, last)| (*first..=*last).contains(&status)) {
        return Err(format!("the status is {status}"));
    }
    let Some(wanted) = &check.contains else { return Ok(()) };
    let body = collect(host, response.into_body(), LARGEST as u64, deadline).await;
    let body = body.map_err(|error| format!("the body cannot be read: {error}"))?;
    let found = body.windows(wanted.len().max(1)).any(|piece| piece == wanted.as_bytes());
    if found { Ok(()) } else { Err("the body has not the text that it should have".to_owned()) }
}

async fn grpc<H: Host>(
    host: &H,
    service: &str,
    target: &Target,
    patience: &Patience,
    probe: &Probe,
) -> Result<(), String> {
    let deadline = Deadline::after(host.tick(), Some(probe.timeout));
    // gRPC is HTTP/2 and nothing else.
    let target = target.over_http2();
    let question = grpc::question(service);
    let mut headers = HeaderMap::new();
    headers.insert(HOST, target.host_header.clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(question.len()));
    let path = PathAndQuery::from_static(grpc::PATH);
    let request = request(Method::POST, &path, headers, Body::Full(question));
    let sent = upstream::exchange(host, &target, patience, deadline, request, None).await;
    let response = sent.map_err(|unanswered| told(&unanswered.failure))?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(format!("the status is {status}"));
    }
    // Servers without the protocol answer so: 12, UNIMPLEMENTED. That of a call that went well comes after the message.
    if let Some(code) = response.headers().get(GRPC_STATUS).filter(|code| *code != "0") {
        return Err(format!("grpc-status {}", code.to_str().unwrap_or("that cannot be read")));
    }
    let body = collect(host, response.into_body(), LARGEST as u64, deadline).await;
    grpc::answer(&body.map_err(|error| format!("the body cannot be read: {error}"))?)
}

fn request<S>(
    method: Method,
    path: &PathAndQuery,
    mut headers: HeaderMap,
    body: Body<Upload<S>>,
) -> Request<Body<Upload<S>>> {
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static("tollgate-probe"));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(path.clone());
    *request.headers_mut() = headers;
    request
}

/// What went wrong, for the operator.
fn told(failure: &crate::problem::Failure) -> String {
    let slug = failure.problem.spec().slug;
    match &failure.cause {
        Some(cause) => format!("{slug}: {cause}"),
        None => slug.to_owned(),
    }
}
