//! Which scripts of other origins may read a route's answers: the CORS protocol of the Fetch standard (section 3.3,
//! "CORS protocol").
//!
//! Two functions, both pure: [`preflight`] answers the question that a browser asks before a request, and [`stamp`]
//! says on every answer who may read it. Neither keeps a request from its upstream: that is authentication's work. A
//! browser sends requests of the simplest kind without asking, and programs that are no browser never ask.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, ORIGIN, VARY};

pub mod origin;
mod preflight;

pub use origin::{OriginError, OriginPattern};
pub use preflight::{Answer, Refusal, asked_method, preflight};

const ALLOW_ORIGIN: HeaderName = HeaderName::from_static("access-control-allow-origin");
const ALLOW_CREDENTIALS: HeaderName = HeaderName::from_static("access-control-allow-credentials");
const EXPOSE_HEADERS: HeaderName = HeaderName::from_static("access-control-expose-headers");

/// What a route lets scripts of other origins do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whose scripts.
    pub readers: Readers,
    /// With which methods; see [`Names::any`].
    pub methods: Names,
    /// With which header fields, beyond those that Fetch always lets pass.
    pub headers: Names,
    /// Which fields of the answer they may read, beyond those that Fetch always lets them read.
    pub expose: Option<HeaderValue>,
    /// How long an answer to a preflight may be kept, in seconds; `None` for the browser's default, which is 5.
    pub max_age: Option<HeaderValue>,
    /// Whether pages of a public network may call into this, which is in a private one.
    pub private_network: bool,
}

/// Whose scripts may read an answer. That credentials cannot go with anyone (Fetch, "CORS protocol and credentials") is
/// in the type: a policy with both cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readers {
    /// Everybody's, without credentials: the literal `*`.
    Anyone,
    /// Those of these origins.
    Listed {
        /// Never empty.
        origins: Vec<OriginPattern>,
        /// Whether requests may carry cookies, client certificates and HTTP authentication of the browser's own.
        credentials: bool,
    },
}

/// A list of names, as it is compared and as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `*`: any name. Means so only without credentials; never covers the field `Authorization`.
    pub any: bool,
    /// Names that are listed. Methods as they are, fields in lower case.
    pub listed: Vec<Box<str>>,
    /// All of it as a field value; `None` where there is nothing.
    pub value: Option<HeaderValue>,
}

// === impl Policy ===

/// Says in `headers`, those of an answer to a request from `origin`, who may read it. Whatever an upstream said about
/// that is replaced; `Vary` is added to.
pub fn stamp(policy: &Policy, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    remove_access_control(headers);
    let allowed = stamp_origin(policy, origin, headers);
    if let Some(expose) = policy.expose.as_ref().filter(|_| allowed) {
        headers.insert(EXPOSE_HEADERS, expose.clone());
    }
}

/// What preflight and answer have in common. Whether the origin may read.
fn stamp_origin(policy: &Policy, origin: Option<&HeaderValue>, headers: &mut HeaderMap) -> bool {
    match &policy.readers {
        // The same for everybody, with and without `Origin`, so that one cached answer serves all.
        Readers::Anyone => {
            headers.insert(ALLOW_ORIGIN, HeaderValue::from_static("*"));
            true
        }
        Readers::Listed { origins, credentials } => {
            // Fetch, "CORS protocol and HTTP caches": also where nothing is allowed and where no origin was said, or a
            // cache would give that answer to an origin that is allowed.
            vary(headers, ORIGIN);
            let Some(origin) = origin.filter(|origin| is_listed(origins, origin)) else {
                return false;
            };
            headers.insert(ALLOW_ORIGIN, origin.clone());
            if *credentials {
                headers.insert(ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            true
        }
    }
}

/// The origin that a request says it is from. RFC 6454 section 7.3: a user agent must not send more than one; of two,
/// nobody can say which is meant.
pub fn origin_of(request: &HeaderMap) -> Option<&HeaderValue> {
    let mut lines = request.get_all(ORIGIN).iter();
    lines.next().filter(|_| lines.next().is_none())
}

fn is_listed(origins: &[OriginPattern], origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    origins.iter().any(|pattern| pattern.matches(origin))
}

/// The route's word is the only one: two `Access-Control-Allow-Origin` fail every check (Fetch, "CORS check"), and an
/// upstream's `Access-Control-Allow-Credentials` beside the gateway's origin would say what nobody meant.
fn remove_access_control(headers: &mut HeaderMap) {
    let is_one = |name: &HeaderName| name.as_str().starts_with("access-control-");
    while let Some(name) = headers.keys().find(|name| is_one(name)).cloned() {
        headers.remove(name);
    }
}

/// Adds `name` to `Vary` (RFC 9110 section 12.5.5) unless that says so already.
fn vary(headers: &mut HeaderMap, name: HeaderName) {
    let says = |line: &HeaderValue| {
        let members = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        members
            .into_iter()
            .any(|member| member == b"*" || member.eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    if !headers.get_all(VARY).iter().any(says) {
        // More fields than a map can hold were refused long before.
        let _ = headers.try_append(VARY, HeaderValue::from(name));
    }
}

// === impl Names ===

impl Names {
    /// `*` where `any`, and the names that are listed.
    pub fn new(any: bool, listed: Vec<Box<str>>) -> Self {
        let all = any.then_some("*").into_iter().chain(listed.iter().map(|name| &**name));
        let text = all.collect::<Vec<_>>().join(", ");
        let value = HeaderValue::try_from(text).ok().filter(|value| !value.is_empty());
        Self { any, listed, value }
    }

    fn has_method(&self, name: &str) -> bool {
        // Methods are case-sensitive (RFC 9110 section 9.1).
        self.any || self.listed.iter().any(|listed| **listed == *name)
    }

    fn has_field(&self, name: &[u8]) -> bool {
        // Fetch, "CORS non-wildcard request-header name": `*` does not stand for it.
        let covered = self.any && !name.eq_ignore_ascii_case(b"authorization");
        covered || self.listed.iter().any(|listed| name.eq_ignore_ascii_case(listed.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
