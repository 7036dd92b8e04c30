//! What the cache says of an answer: `Cache-Status` (RFC 9211), the log and the metrics.

use http::StatusCode;

/// What the cache did with a request. Only requests of routes that keep answers have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether, and how, what was kept was used.
    pub hit: Hit,
    /// Why the upstream was asked, where it was (RFC 9211 section 2.2).
    pub forward: Option<Forward>,
    /// What the upstream answered, where that is not what the client got (section 2.3).
    pub forward_status: Option<StatusCode>,
    /// How long what was given is fresh still, in seconds; negative where it is stale (section 2.4).
    pub ttl: Option<i64>,
    /// The answer is kept (section 2.5).
    pub stored: bool,
    /// Another request's fetch was waited for (section 2.6).
    pub collapsed: bool,
}

/// How what was kept was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hit {
    /// Not.
    #[default]
    None,
    /// It was fresh.
    Fresh,
    /// It was stale, and the client took that, or a new one is being fetched.
    Stale,
    /// It was stale, and the upstream failed.
    Rescued,
    /// The upstream said that it is still good.
    Validated,
}

/// Why the upstream was asked (RFC 9211 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The cache has no say in requests like this one.
    Bypass,
    /// The method is not one whose answers are kept.
    Method,
    /// Nothing is kept for this address.
    UriMiss,
    /// Something is kept for this address, for other requests.
    VaryMiss,
    /// The request asked for it.
    Request,
    /// What is kept is stale.
    Stale,
}
