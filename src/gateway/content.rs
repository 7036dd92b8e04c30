//! What stages have in common that read content and put other content in its place.

use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderName, HeaderValue, IF_RANGE,
    RANGE, TRAILER,
};
use http::{HeaderMap, StatusCode};

use crate::body::BodyError;
use crate::coding::{self, Unreadable};
use crate::credentials::uncollected;
use crate::problem::{Failure, Problem};

/// Digests of content that is not there any more (RFC 9530, RFC 3230, RFC 1864).
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Asks for an answer that can be changed: all of it, readable as it is.
pub(super) fn ask_for_all(headers: &mut HeaderMap) {
    // A part of the upstream's answer is no part of the changed one (RFC 9110 section 14.2: a server may ignore it).
    headers.remove(RANGE);
    headers.remove(IF_RANGE);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// A part of an answer cannot be changed.
pub(super) fn refuse_part(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    if status == StatusCode::PARTIAL_CONTENT || headers.contains_key(CONTENT_RANGE) {
        return Err(unusable("the upstream answered with a part that nobody asked for"));
    }
    Ok(())
}

/// What speaks of content that is not there any more.
pub(super) fn of_changed(headers: &mut HeaderMap) {
    for name in DIGESTS {
        headers.remove(name);
    }
    // What is left is `identity`, which says nothing (RFC 9110 section 8.4.1).
    headers.remove(CONTENT_ENCODING);
    headers.remove(TRAILER);
}

/// The fields of content that was collected, and may have been decoded: `length` bytes.
pub(super) fn of_decoded(headers: &mut HeaderMap, length: usize) {
    if coding::is_coded(headers) {
        of_changed(headers);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

/// A client's content that did not arrive, or is not to be decoded.
pub(super) fn undecoded(error: Unreadable) -> Failure {
    let fault = match error {
        Unreadable::Body(error) => return uncollected(error),
        Unreadable::Coding(fault) => fault,
    };
    match fault {
        // RFC 9110 section 15.5.16: the answer says what would have been taken.
        coding::Fault::Unknown | coding::Fault::TooMany => {
            let readable = HeaderValue::from_static(coding::READABLE);
            Failure::from(Problem::UnsupportedMediaType)
                .detail(fault.to_string())
                .field(ACCEPT_ENCODING, readable)
        }
        coding::Fault::TooLarge => Failure::from(Problem::BodyTooLarge).detail(fault.to_string()),
        _ => Failure::from(Problem::InvalidContent).detail(fault.to_string()),
    }
}

/// An upstream's content that did not arrive, or is not to be decoded.
pub(super) fn unreadable_answer(error: Unreadable) -> Failure {
    match error {
        Unreadable::Body(error) => broken(error),
        Unreadable::Coding(fault) => unusable(&fault.to_string()),
    }
}

/// An answer that broke off.
pub(super) fn broken(error: BodyError) -> Failure {
    let problem = match error {
        BodyError::TooLarge => Problem::UpstreamContent,
        BodyError::Aborted(_) => Problem::UpstreamTerminated,
        BodyError::Malformed(_) => Problem::UpstreamProtocol,
        BodyError::Idle | BodyError::Deadline => Problem::UpstreamTimeout,
    };
    Failure::from(problem).cause(error.to_string())
}

/// An answer that cannot be changed.
pub(super) fn unusable(cause: &str) -> Failure {
    Failure::from(Problem::UpstreamContent).cause(cause)
}
