//! Header fields and trailers, from the host and to it.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use wasip2::http::types::Fields;

/// What a guest may not put into fields: one of them and the host refuses them all. They belong to connections, which
/// are the host's.
const FORBIDDEN: [&str; 9] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The fields as the core has them, in order. A host checks fields before it passes them on, so none is refused here;
/// if one were, or were one too many for a map, it would be left out.
pub fn read(fields: &Fields) -> HeaderMap {
    let entries = fields.entries();
    let mut map = HeaderMap::with_capacity(entries.len() + ROOM);
    for (name, value) in entries {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_maybe_shared(bytes::Bytes::from(value)),
        ) {
            let _ = map.try_append(name, value);
        }
    }
    map
}

/// The gateway adds about as many fields to a request; a map that need not grow is not made twice.
const ROOM: usize = 12;

/// The fields as the host wants them; the error is for the operator.
pub fn write(map: &HeaderMap) -> Result<Fields, String> {
    let mut entries = Vec::with_capacity(map.len());
    for (name, value) in map {
        if !is_forbidden(name) {
            entries.push((name.as_str().to_owned(), value.as_bytes().to_owned()));
        }
    }
    Fields::from_list(&entries).map_err(|error| format!("the host refuses the fields: {error:?}"))
}

fn is_forbidden(name: &HeaderName) -> bool {
    FORBIDDEN.binary_search(&name.as_str()).is_ok()
}
