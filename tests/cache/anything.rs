//! Fields of messages that anybody may have written.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

const NAMES: [&str; 20] = [
    "age",
    "authorization",
    "cache-control",
    "cdn-cache-control",
    "connection",
    "content-length",
    "content-location",
    "date",
    "etag",
    "expires",
    "if-none-match",
    "last-modified",
    "location",
    "pragma",
    "range",
    "set-cookie",
    "te",
    "tollgate-cache-control",
    "vary",
    "x-a",
];

const PIECES: [&str; 34] = [
    "max-age",
    "s-maxage",
    "private",
    "no-cache",
    "no-store",
    "public",
    "=",
    "=\"",
    "\"",
    "\\",
    ",",
    ";",
    " ",
    "\t",
    "0",
    "9",
    "99999999999999999999",
    "-",
    "*",
    "W/",
    "Sun, ",
    "06 ",
    "Nov ",
    "1994 ",
    "08:49:37 ",
    "GMT",
    "//",
    "http://",
    "a",
    "[",
    "%2e",
    "?",
    "(",
    "x-a",
];

/// Fields whose values are made of what parsers look at, and of anything.
pub fn anything() -> impl Strategy<Value = HeaderMap> {
    let piece = prop_oneof![
        9 => prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(prop_oneof![Just(b'\t'), 32_u8..127, 128_u8..=255], 1..4),
    ];
    let value = vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    vec((prop::sample::select(&NAMES[..]), value), 0..12).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(&value).unwrap());
        }
        headers
    })
}
