//! Trailer sections: which of their fields may go on.

use http::header::{self, HeaderMap, HeaderName};

/// RFC 9110, 6.5.1: fields that MUST NOT be sent as trailers, since they are needed for framing, routing,
/// authentication, request modifiers or content handling before the content. hyper and h2 hand them all over.
const NEVER: [HeaderName; 29] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
    header::HOST,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::EXPECT,
    header::MAX_FORWARDS,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::COOKIE,
    header::SET_COOKIE,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::CONTENT_RANGE,
    header::FORWARDED,
    header::ORIGIN,
    header::VIA,
    header::USER_AGENT,
];

/// Removes from a received trailer section what must not go on in one.
pub fn keep_trailers(fields: &mut HeaderMap) {
    for name in &NEVER {
        fields.remove(name);
    }
    // Everything that upstreams take for the proxy's own word.
    while let Some(name) = fields.keys().find(|name| name.as_str().starts_with("x-forwarded-")).cloned() {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_trailers_are_removed() {
        let mut fields = HeaderMap::new();
        for name in ["content-length", "host", "authorization", "x-forwarded-for", "grpc-status", "digest"] {
            fields.append(name, header::HeaderValue::from_static("1"));
        }
        keep_trailers(&mut fields);
        let mut names: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["digest", "grpc-status"]);
    }
}
