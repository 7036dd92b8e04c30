//! A client's request, and who sent it.
//!
//! Spin tells what it knows about a client in fields, which it puts behind those that the client sent: the last
//! `spin-client-addr` is the true one, and the last `spin-full-url` has the true scheme. Only a component built for Spin
//! (feature `spin`) believes them, because under any other host the client could have written them; there its address
//! is unknown, and `0.0.0.0` stands for it. No `spin-*` field ever gets further than here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::header::{HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use wasip2::http::types::{self, IncomingRequest, Scheme};

use super::fields;
use super::incoming::Incoming;
use crate::gateway::Peer;
use crate::problem::{Failure, Problem};

const SPIN_CLIENT_ADDR: &str = "spin-client-addr";
const SPIN_FULL_URL: &str = "spin-full-url";

const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What was asked.
pub enum Asked {
    /// A request.
    Request(Box<Request<Incoming>>, Peer),
    /// Something that cannot be one.
    Refused(Box<Failure>, Box<Parts>, Peer),
}

/// Reads a request and who sent it.
pub fn read(incoming: IncomingRequest) -> Asked {
    let mut headers = fields::read(&incoming.headers());
    let peer = peer(&headers, incoming.scheme());
    strip_spin(&mut headers);
    let (mut head, ()) = Request::new(()).into_parts();
    let targeted = target(&incoming, &mut head, &mut headers);
    let body = match incoming.consume() {
        Ok(body) if targeted.is_ok() => Incoming::new(body, &headers),
        _ => Incoming::empty(),
    };
    head.headers = headers;
    match targeted {
        Ok(()) => Asked::Request(Box::new(Request::from_parts(head, body)), peer),
        Err(why) => {
            Asked::Refused(Box::new(Failure::from(Problem::BadRequest).cause(why)), Box::new(head), peer)
        }
    }
}

/// Method, target and host, in the form in which HTTP/1.1 has them.
fn target(incoming: &IncomingRequest, head: &mut Parts, headers: &mut HeaderMap) -> Result<(), &'static str> {
    head.method = method(incoming.method()).ok_or("not a method")?;
    let path = incoming.path_with_query().unwrap_or_else(|| "/".to_owned());
    head.uri = Uri::from(PathAndQuery::from_maybe_shared(path).map_err(|_| "not a target")?);
    if let Some(authority) = incoming.authority() {
        headers.insert(HOST, HeaderValue::try_from(authority).map_err(|_| "not a host")?);
    }
    Ok(())
}

fn method(method: types::Method) -> Option<Method> {
    Some(match method {
        types::Method::Get => Method::GET,
        types::Method::Head => Method::HEAD,
        types::Method::Post => Method::POST,
        types::Method::Put => Method::PUT,
        types::Method::Delete => Method::DELETE,
        types::Method::Connect => Method::CONNECT,
        types::Method::Options => Method::OPTIONS,
        types::Method::Trace => Method::TRACE,
        types::Method::Patch => Method::PATCH,
        types::Method::Other(other) => Method::from_bytes(other.as_bytes()).ok()?,
    })
}

fn peer(headers: &HeaderMap, scheme: Option<Scheme>) -> Peer {
    let secure = matches!(scheme, Some(Scheme::Https));
    if !cfg!(feature = "spin") {
        return Peer { address: UNKNOWN, secure };
    }
    let last = |name| headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
    let address = last(SPIN_CLIENT_ADDR).and_then(address).unwrap_or(UNKNOWN);
    // Spin's own scheme says http, always.
    let secure = secure || last(SPIN_FULL_URL).is_some_and(|url| url.starts_with("https:"));
    Peer { address, secure }
}

/// With a port, as Spin writes it, or without.
fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, 0)))
}

fn strip_spin(headers: &mut HeaderMap) {
    let found: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with("spin-")).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}
