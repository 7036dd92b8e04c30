//! The rules by table: what RFC 9111 says, and what http-cache-tests tries.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::cache::life::Life;
use crate::cache::policy::{KeyParts, Lifetimes, Passes, Place, Policy};
use crate::cache::{Entry, date};
use crate::host::UnixMillis;

mod freshened;
mod kept;
mod reused;

/// A moment, in milliseconds: Sat, 21 Nov 2026 00:00:00 GMT.
pub const NOW: u64 = 1_795_219_200_000;

/// A policy that leaves everything to the upstream.
pub fn policy() -> Policy {
    Policy {
        place: Place::Memory,
        digest: [0; 16],
        key: KeyParts::default(),
        passes: Passes::default(),
        lifetimes: Lifetimes::default(),
        ignore_client: false,
        set_cookie: false,
        etag: false,
        largest: 1 << 20,
        coalesce: Duration::ZERO,
    }
}

pub fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers
            .append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

pub fn entry(lines: &[(&str, &str)], body: &'static [u8]) -> Entry {
    Entry {
        status: StatusCode::OK,
        headers: headers(lines),
        body: Bytes::from_static(body),
        life: Life::default(),
        tags: Vec::new(),
        serial: 0,
    }
}

/// The date that is `seconds` after [`NOW`].
pub fn at(seconds: i64) -> String {
    date::write(i64::try_from(NOW / 1000).unwrap() + seconds).unwrap().to_str().unwrap().to_owned()
}

/// The moment that is `seconds` after [`NOW`].
pub fn after(seconds: u64) -> UnixMillis {
    UnixMillis(NOW + seconds * 1000)
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
