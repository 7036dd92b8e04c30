//! Whether an answer may be kept at all (RFC 9111 section 3).

use http::header::{SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, StatusCode};

use super::said::{Part, Said};
use super::{Asked, NotKept};
use crate::cache::Policy;

/// Obsolete (RFC 2965), and still the same kind of thing.
pub const SET_COOKIE2: HeaderName = HeaderName::from_static("set-cookie2");

/// Why an answer may not be kept, whatever it says of its lifetime.
pub fn refusal(
    policy: &Policy,
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    said: &Said,
) -> Option<NotKept> {
    let understood = said.must_understand && is_understood(status);
    let reasons = [
        (!may_be_kept(status), "answers with this status are never kept"),
        // RFC 9111 section 5.2.1.5.
        (asked.no_store, "the request says no-store"),
        // RFC 9111 section 5.2.2.3.
        (
            said.must_understand && !understood,
            "the answer says must-understand, and its status is not understood",
        ),
        // RFC 9111 section 5.2.2.5; section 5.2.2.3 has it ignored beside `must-understand` where the status is understood.
        (said.no_store && !understood, "the answer says no-store"),
        // RFC 9111 section 5.2.2.7.
        (said.private == Part::Whole, "the answer says private"),
        // RFC 9111 section 3.5. Who wrote how long answers are kept answered for it.
        (
            asked.authorization && policy.lifetimes.fixed.is_none() && !is_for_all(said),
            "the request had Authorization, and the answer does not say that it is for others too",
        ),
        // RFC 9111 section 4.1: no other request is like this one.
        (varies_by_everything(headers), "the answer says Vary: *"),
        (
            !policy.set_cookie && [SET_COOKIE, SET_COOKIE2].iter().any(|name| stays(said, headers, name)),
            "the answer sets a cookie",
        ),
    ];
    reasons.into_iter().find_map(|(holds, reason)| holds.then_some(NotKept(reason)))
}

/// Whether answers with this status may ever be kept, whatever they and the author say.
pub fn may_be_kept(status: StatusCode) -> bool {
    match status.as_u16() {
        // RFC 9111 section 3: the answer is final.
        100..=199 => false,
        // What was asked for was a part, or depended on what the client has: no answer for others. The cache neither puts
        // parts together (section 3.3) nor hands such questions on.
        206 | 304 | 412 | 416 => false,
        // RFC 6585 sections 3 to 6: "MUST NOT be stored by a cache".
        428 | 429 | 431 | 511 => false,
        // RFC 9110 section 15: no valid status.
        600.. => false,
        _ => true,
    }
}

/// Whether a status may be kept where the answer does not say for how long (RFC 9110 section 15.1), without 206.
pub fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// Whether it is known what the status demands of a cache (RFC 9111 section 5.2.2.3): RFC 9110 section 15 defines it, and
/// it is not one of those that are never kept.
fn is_understood(status: StatusCode) -> bool {
    let defined = matches!(status.as_u16(), 200..=206 | 300..=305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505);
    defined && may_be_kept(status)
}

/// RFC 9111 section 3.5: what allows that answers to requests with `Authorization` are used for others.
pub fn is_for_all(said: &Said) -> bool {
    said.public || said.must_revalidate || said.s_maxage.is_some()
}

fn varies_by_everything(headers: &HeaderMap) -> bool {
    let mut members =
        headers.get_all(VARY).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    members.any(|member| member.trim_ascii() == b"*")
}

/// Whether the answer has the field `name`, and neither `private` nor `no-cache` has it left out of what is kept.
fn stays(said: &Said, headers: &HeaderMap, name: &HeaderName) -> bool {
    let left_out = [&said.private, &said.no_cache].into_iter().any(|part| match part {
        Part::Fields(names) => names.contains(name),
        Part::Nothing | Part::Whole => false,
    });
    headers.contains_key(name) && !left_out
}
