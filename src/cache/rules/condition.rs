//! Asking whether what is kept is still good (RFC 9111 section 4.3.1).

use http::header::{
    ETAG, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue};

use super::validator::EntityTag;
use crate::cache::{Entry, date};

/// What makes a request conditional (RFC 9110 section 13.1), and what asks for a part only.
pub const OF_THE_CLIENT: [HeaderName; 6] =
    [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE, RANGE];

/// Gives a request the validators of what is kept, and takes the client's conditions and its `Range` away: they are compared
/// with what will be kept. Whether there are any (RFC 9111 section 4.3.1).
pub fn condition(entry: &Entry, headers: &mut HeaderMap) -> bool {
    for name in OF_THE_CLIENT {
        headers.remove(name);
    }
    let (tag, changed) = validators(&entry.headers);
    if let Some(tag) = tag {
        headers.insert(IF_NONE_MATCH, tag.clone());
    }
    if let Some(changed) = changed {
        headers.insert(IF_MODIFIED_SINCE, changed.clone());
    }
    tag.is_some() || changed.is_some()
}

/// The validators of an answer that a request can name: its `ETag` and its `Last-Modified`.
pub fn validators(headers: &HeaderMap) -> (Option<&HeaderValue>, Option<&HeaderValue>) {
    // One that is not well-formed could mean something else in a list: `*` is any answer.
    let tag = EntityTag::of(headers).and_then(|_| headers.get(ETAG));
    // Whether it is a date does not depend on when it is read.
    let changed = headers.get(LAST_MODIFIED).filter(|value| date::parse(value.as_bytes(), 0).is_some());
    (tag, changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::rules::tests::{entry, headers};

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn validators_of_what_is_kept() {
        for (kept, expected) in [
            (&[][..], &[][..]),
            (&[("etag", "\"a\"")], &[("if-none-match", "\"a\"")]),
            (&[("etag", "W/\"a\"")], &[("if-none-match", "W/\"a\"")]),
            (&[("last-modified", DATE)], &[("if-modified-since", DATE)]),
            (
                &[("last-modified", DATE), ("etag", "\"a\"")],
                &[("if-none-match", "\"a\""), ("if-modified-since", DATE)],
            ),
            (&[("etag", "*"), ("last-modified", "yesterday")], &[]),
            (&[("etag", "a")], &[]),
        ] {
            let mut request = headers(&[]);
            assert_eq!(condition(&entry(kept, b""), &mut request), !expected.is_empty());
            assert_eq!(request, headers(expected), "{kept:?}");
        }
    }

    #[test]
    fn what_the_client_has_stays_here() {
        let mut request = headers(&[
            ("if-match", "\"x\""),
            ("if-none-match", "\"x\""),
            ("if-none-match", "*"),
            ("if-modified-since", DATE),
            ("if-unmodified-since", DATE),
            ("if-range", "\"x\""),
            ("range", "bytes=0-1"),
            ("accept", "text/plain"),
        ]);
        assert!(condition(&entry(&[("etag", "\"a\"")], b""), &mut request));
        assert_eq!(request, headers(&[("accept", "text/plain"), ("if-none-match", "\"a\"")]));
    }
}
