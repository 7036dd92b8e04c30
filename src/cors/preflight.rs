//! The question that a browser asks before a request (Fetch, "CORS-preflight fetch").

use http::header::{HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method};

use super::{Policy, origin_of, stamp_origin, vary};

const REQUEST_METHOD: HeaderName = HeaderName::from_static("access-control-request-method");
const REQUEST_HEADERS: HeaderName = HeaderName::from_static("access-control-request-headers");
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_METHODS: HeaderName = HeaderName::from_static("access-control-allow-methods");
const ALLOW_HEADERS: HeaderName = HeaderName::from_static("access-control-allow-headers");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const MAX_AGE: HeaderName = HeaderName::from_static("access-control-max-age");

/// How many fields a preflight may ask about. A script sets a handful; each is looked for in the policy's list.
const MOST_FIELDS: usize = 128;

/// What a preflight is answered with.
#[derive(Debug)]
pub struct Answer {
    /// The fields of an answer with the status 204.
    pub headers: HeaderMap,
    /// Why the request may not be made; the answer then says no more than `Vary`.
    pub refused: Option<Refusal>,
}

/// Why the request that a preflight asks about may not be made. For the operator: the browser is told nothing, as
/// Fetch has it, and tells the script nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another origin.
    Origin,
    /// Another method.
    Method,
    /// A header field that is not allowed.
    Headers,
}

/// The method that a preflight asks about. `None` where the request is none: Fetch, "CORS-preflight request": `OPTIONS`
/// with `Origin` and `Access-Control-Request-Method`. A plain `OPTIONS` goes its usual way.
pub fn asked_method(method: &Method, headers: &HeaderMap) -> Option<Method> {
    if *method != Method::OPTIONS || !headers.contains_key(ORIGIN) {
        return None;
    }
    let mut lines = headers.get_all(REQUEST_METHOD).iter();
    let asked = lines.next().filter(|_| lines.next().is_none())?;
    Method::from_bytes(asked.as_bytes()).ok()
}

/// The answer to the preflight for `method` with the fields `request`.
///
/// All or nothing: a browser would work out itself that one method is missing, but an answer that is half a yes has
/// been read as a yes too often. The status of a refusal is 204 all the same: Fetch asks for an ok status of a yes
/// only, a browser looks at the fields first and shows the script the same network error either way, and proxies and
/// monitors take 403 for a fault. What matters is that no field allows anything.
pub fn preflight(policy: &Policy, method: &Method, request: &HeaderMap) -> Answer {
    let mut headers = HeaderMap::new();
    let origin = stamp_origin(policy, origin_of(request), &mut headers);
    let refused = if !origin {
        Some(Refusal::Origin)
    } else if !policy.methods.has_method(method.as_str()) {
        Some(Refusal::Method)
    } else if !fields_are_allowed(policy, request) {
        Some(Refusal::Headers)
    } else {
        None
    };
    if refused.is_some() {
        headers.clear();
    }
    // An answer to OPTIONS is not cached by HTTP (RFC 9110 section 9.3.7); those who do so nevertheless are told.
    vary(&mut headers, ORIGIN);
    vary(&mut headers, REQUEST_METHOD);
    vary(&mut headers, REQUEST_HEADERS);
    if policy.private_network {
        vary(&mut headers, REQUEST_PRIVATE_NETWORK);
    }
    if refused.is_none() {
        allow(policy, request, &mut headers);
    }
    Answer { headers, refused }
}

fn allow(policy: &Policy, request: &HeaderMap, headers: &mut HeaderMap) {
    let fields = [
        (ALLOW_METHODS, &policy.methods.value),
        (ALLOW_HEADERS, &policy.headers.value),
        (MAX_AGE, &policy.max_age),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
    // Private Network Access, section 3.1.2: said only where it was asked for.
    let asked = request.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value.as_bytes() == b"true");
    if policy.private_network && asked {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
}

/// Fetch, "CORS-unsafe request-header names": the browser names only those that need a yes.
fn fields_are_allowed(policy: &Policy, request: &HeaderMap) -> bool {
    let lines = request.get_all(REQUEST_HEADERS).iter();
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii));
    let mut names = names.filter(|name| !name.is_empty());
    let allowed = names.by_ref().take(MOST_FIELDS).all(|name| policy.headers.has_field(name));
    allowed && names.next().is_none()
}

// === impl Refusal ===

impl Refusal {
    /// For the operator's record.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Origin => "CORS: the origin is not allowed",
            Self::Method => "CORS: the method is not allowed",
            Self::Headers => "CORS: a header field is not allowed",
        }
    }
}
