//! What was seen of one step, on whatever host.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::upstream::Received;

/// What came of one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// What the client got; `None` where it got nothing.
    pub answer: Option<Got>,
    /// Why there is no answer, where the client knows.
    pub cause: Option<String>,
    /// What upstreams received.
    pub received: Vec<Received>,
    /// From the request to the last byte of the answer; `None` where that cannot be known exactly.
    pub elapsed: Option<Duration>,
    /// The request's line in the access log, where the host shows it.
    pub log: Option<serde_json::Value>,
}

/// An answer as the client got it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The content.
    pub body: Bytes,
    /// When which bytes of it came, since the request.
    pub pieces: Vec<(Duration, Bytes)>,
    /// The trailer fields.
    pub trailers: HeaderMap,
    /// Why the transfer broke off, if it did.
    pub broken: Option<String>,
}
