//! What a message looks like on the other side of a gateway: hop-by-hop fields away, the way it came written down.

use http::header::{CONTENT_LENGTH, COOKIE, FORWARDED, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method};

pub mod cdn_loop;
pub mod client;
pub mod fields;
pub mod hop;
pub mod network;
pub mod trailers;

use crate::forward::client::{Client, Scheme};
use crate::forward::fields::Hop;
use crate::gateway::Peer;
use crate::plan::Upstream;
use crate::problem::{Failure, Problem};
use crate::telemetry::TraceContext;

/// RFC 9110 section 7.6.2.
const MAX_FORWARDS: HeaderName = HeaderName::from_static("max-forwards");

/// What a request's head is rewritten with.
#[derive(Debug)]
pub struct Passage<'a> {
    /// This gateway's name.
    pub name: &'a str,
    /// The other end of the connection.
    pub peer: Peer,
    /// The client behind it.
    pub client: &'a Client,
    /// The authority that was asked for.
    pub authority: &'a str,
    /// The request's identifier.
    pub request_id: &'a HeaderValue,
    /// The request's trace.
    pub trace: &'a TraceContext,
}

/// RFC 8586 section 2: a request that has been here before goes no further.
pub fn refuse_loop(headers: &HeaderMap, name: &str) -> Result<(), Failure> {
    if cdn_loop::count(headers, name) == 0 { Ok(()) } else { Err(Problem::Loop.into()) }
}

/// RFC 9110 section 7.6.2: takes one off `Max-Forwards` of `OPTIONS` and `TRACE`; whether it was 0 already, so that
/// the request may go no further.
pub fn max_forwards_spent(head: &mut Parts) -> bool {
    if head.method != Method::OPTIONS && head.method != Method::TRACE {
        return false;
    }
    let Some(value) = head.headers.get_mut(MAX_FORWARDS) else { return false };
    let Some(left) = value.to_str().ok().and_then(|text| text.parse::<u32>().ok()) else { return false };
    *value = HeaderValue::from(left.saturating_sub(1));
    left == 0
}

/// Rewrites a request's fields for an upstream.
pub fn request(head: &mut Parts, upstream: &Upstream, passage: &Passage<'_>) -> Result<(), Failure> {
    let headers = &mut head.headers;
    hop::strip_hop_by_hop(headers);
    join_cookies(headers);
    let client = passage.client;
    if !client.via_trusted {
        fields::remove_spoofable(headers);
    }
    let peer = passage.peer.address.ip();
    let proto = if passage.peer.secure { Scheme::Https } else { Scheme::Http };
    let host = Some(passage.authority).filter(|host| !host.is_empty());
    let hop = Hop { peer, proto, host };
    fields::write_forwarded(headers, &hop, client.via_trusted);
    fields::write_x_forwarded_for(headers, peer, client.via_trusted);
    fields::write_x_forwarded_host(headers, client.host.as_ref().map_or(host, |host| Some(host.as_str())));
    fields::write_x_forwarded_proto(headers, client.proto.unwrap_or(proto));
    fields::write_via(headers, head.version, passage.name);
    // A gateway's name is a token, which is a valid value.
    cdn_loop::append(
        headers,
        HeaderValue::from_str(passage.name).map_err(|_| Failure::from(Problem::Internal))?,
    );
    headers.insert(HeaderName::from_static("x-request-id"), passage.request_id.clone());
    passage.trace.write(headers);
    // Each target has a Host of its own, which is written with each attempt.
    if upstream.preserve_host {
        let host = HeaderValue::from_str(passage.authority);
        headers.insert(HOST, host.map_err(|_| Failure::from(Problem::BadRequest))?);
    }
    Ok(())
}

/// Takes out of a request what tells its client's address.
pub fn withhold_address(headers: &mut HeaderMap) {
    headers.remove(FORWARDED);
    headers.remove(fields::X_FORWARDED_FOR);
}

/// RFC 9113 section 8.2.3: HTTP/2 lets a client send each cookie in a field of its own, which no upstream that speaks
/// HTTP/1.1 expects.
pub fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(COOKIE).iter();
    if lines.next().is_none() || lines.next().is_none() {
        return;
    }
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

/// Rewrites an answer's fields for the client.
pub fn response(headers: &mut HeaderMap) {
    // RFC 9112 section 6.3 (3): a length beside chunks is wrong, and MUST be removed before the message is passed on.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    hop::strip_hop_by_hop(headers);
}
