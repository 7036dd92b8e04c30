//! What an answer without content says of what is kept: a 304 (RFC 9111 sections 3.2 and 4.3.4), or one to a `HEAD`
//! (section 4.3.5).

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderName, LAST_MODIFIED};

use super::strip::strip_connection;
use super::validator::EntityTag;
use crate::cache::Entry;

/// What describes the content that is kept, which does not change with a 304. RFC 9111 section 3.2 excepts `Content-Length`
/// and allows to except what the stored content depends on; digests of content (RFC 9530) and its entity tag do.
const OF_THE_CONTENT: [HeaderName; 7] = [
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    ETAG,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("repr-digest"),
];

/// The fields of what is kept after a 304 with `answer`'s (RFC 9111 sections 3.2 and 4.3.4); `None` where that answer is
/// about something else than what is kept. `Age` is that of the 304, so that [`super::life`] can be found out anew from the
/// result; [`super::strip`] takes it away.
pub fn freshen(entry: &Entry, answer: &HeaderMap) -> Option<HeaderMap> {
    is_about(&entry.headers, answer).then(|| update(&entry.headers, answer))
}

/// Whether an answer of status 200 to a `HEAD` speaks of what is kept; where not, what is kept is stale (RFC 9111 section
/// 4.3.5).
pub fn head_agrees(entry: &Entry, answer: &HeaderMap) -> bool {
    let same =
        |name: HeaderName| answer.get(&name).is_none_or(|value| entry.headers.get(&name) == Some(value));
    let length = entry.body.len().to_string();
    let same_length = answer.get(CONTENT_LENGTH).is_none_or(|told| told.as_bytes() == length.as_bytes());
    same_length && same(ETAG) && same(LAST_MODIFIED)
}

/// RFC 9111 section 4.3.4, for the one answer that was asked about.
fn is_about(kept: &HeaderMap, answer: &HeaderMap) -> bool {
    if !answer.contains_key(ETAG) {
        // A weak validator, or none at all. The condition named the validators of one answer, so a 304 that repeats none
        // of them, as it should (RFC 9110 section 15.4.5), is about that one.
        return answer.get(LAST_MODIFIED).is_none_or(|changed| kept.get(LAST_MODIFIED) == Some(changed));
    }
    match (EntityTag::of(kept), EntityTag::of(answer)) {
        // Two strong validators must be the same. Where one is weak, they are compared as the upstream compared them
        // (RFC 9110 section 13.1.2): servers that compress make the tag of a 200 weak, and not that of a 304.
        (Some(kept), Some(answer)) => kept.opaque == answer.opaque,
        // One that is no entity tag is compared as it stands.
        _ => kept.get(ETAG) == answer.get(ETAG),
    }
}

/// RFC 9111 section 3.2.
fn update(kept: &HeaderMap, answer: &HeaderMap) -> HeaderMap {
    let mut answer = answer.clone();
    strip_connection(&mut answer);
    for name in OF_THE_CONTENT {
        answer.remove(name);
    }
    let mut updated = kept.clone();
    // Without one of its own, the 304 was made when it was received (RFC 9110 section 6.6.1), not when what is kept was.
    updated.remove(DATE);
    for name in answer.keys() {
        updated.remove(name);
    }
    for (name, value) in &answer {
        updated.append(name, value.clone());
    }
    updated
}
