//! Everything the gateway itself can answer with: one closed catalogue, rendered in one place.
//!
//! A [`Failure`] carries a [`Problem`], which the client sees, and a cause, which only the operator sees.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};

mod violation;

pub use violation::{MOST_VIOLATIONS, Violation, Violations};

/// Who made a request fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The client asked for something wrong.
    Client,
    /// The gateway could not, or would not.
    Gateway,
    /// The service behind it failed.
    Upstream,
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The last part of the problem's `type`, the outcome in the access log, and a label in metrics.
    pub slug: &'static str,
    /// The status it is answered with: 4xx or 5xx.
    pub status: StatusCode,
    /// RFC 9457 `title`: the same for every occurrence.
    pub title: &'static str,
    /// Who made the request fail.
    pub blame: Blame,
    /// RFC 9209 section 2.3 `error` parameter of `Proxy-Status`, where one fits.
    pub proxy_error: Option<&'static str>,
}

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])* $name:ident = $slug:literal, $status:ident, $title:literal, $blame:ident, $error:expr;)*) => {
        /// What a client is told went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Problem { $($(#[doc = $doc])* $name,)* }

        impl Problem {
            /// Every problem, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it means, in Markdown: the catalogue's own words.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*).trim_ascii(),)*
                }
            }

            /// The problem's row in the catalogue.
            pub const fn spec(self) -> Spec {
                match self {
                    $(Self::$name => Spec {
                        slug: $slug, status: StatusCode::$status, title: $title, blame: Blame::$blame,
                        proxy_error: $error,
                    },)*
                }
            }
        }
    };
}

catalogue! {
    /// The request breaks the rules of HTTP, or could be read in two ways (RFC 9112 section 11.2).
    BadRequest = "bad-request", BAD_REQUEST, "The request is not valid HTTP", Client, Some("http_request_error");
    /// The path is one that servers are known to read differently.
    AmbiguousPath = "ambiguous-path", BAD_REQUEST, "The path is ambiguous", Client, Some("http_request_error");
    /// Credentials are presented in a way that no rule allows, or in two ways at once (RFC 6750 section 3.1, `invalid_request`).
    InvalidRequest = "invalid-request", BAD_REQUEST, "The credentials are not presented as they must be", Client, None;
    /// The route needs credentials, and the request has none.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Credentials are needed", Client, None;
    /// The credentials are wrong, expired or revoked; which, only the operator is told (RFC 6750 section 3.1, `invalid_token`).
    InvalidCredentials = "invalid-credentials", UNAUTHORIZED, "The credentials are not valid", Client, None;
    /// The token was not granted what the route needs (RFC 6750 section 3.1, `insufficient_scope`).
    InsufficientScope = "insufficient-scope", FORBIDDEN, "The token was not granted enough", Client, None;
    /// The caller is known and may not do this, or calls from where nobody may.
    Forbidden = "forbidden", FORBIDDEN, "This is not allowed", Client, None;
    /// What is to be purged of the cache is not said as it must be.
    InvalidPurge = "invalid-purge", BAD_REQUEST, "This cannot be purged", Client, None;
    /// What is to be registered is not said as it must be.
    InvalidRegistration = "invalid-registration", BAD_REQUEST, "This cannot be registered", Client, None;
    /// The provider sent the browser back, and no session came of it: the browser had begun no such login, or too long ago, or what the provider gave is not to be believed.
    LoginFailed = "login-failed", BAD_REQUEST, "The login could not be finished", Client, None;
    /// The version of the API that the address names does not exist; `supported` lists those that do.
    NoSuchVersion = "no-such-version", NOT_FOUND, "There is no such version", Client, None;
    /// The version of the API exists, but has nothing at this address; `supported` lists those that have.
    VersionNotServed = "version-not-served", NOT_FOUND, "This version has nothing at this address", Client, None;
    /// The version of the API that a header field or a query parameter names does not exist; `supported` lists those that do.
    UnknownVersion = "unknown-version", BAD_REQUEST, "There is no such version", Client, None;
    /// The API has versions, and the request does not say which one it wants; `supported` lists them.
    VersionRequired = "version-required", BAD_REQUEST, "The version must be said", Client, None;
    /// The request names two different versions of the API.
    VersionsContradict = "versions-contradict", BAD_REQUEST, "The versions contradict each other", Client, None;
    /// None of the versions of the API that `Accept` names exists (RFC 9110 section 15.5.7); `supported` lists those that do.
    VersionNotAcceptable = "version-not-acceptable", NOT_ACCEPTABLE, "There is no such version", Client, None;
    /// The version of the API has been retired; `successor` names the one to use in its place (RFC 9110 section 15.5.11).
    VersionRetired = "version-retired", GONE, "This version is gone", Client, None;
    /// The version of the API is about to be retired, and switched off for a while that was announced, so that those notice who still use it.
    VersionBrownout = "version-brownout", GONE, "This version is switched off for a while", Client, None;
    /// The same, where the author wants another status.
    VersionInterrupted = "version-interrupted", SERVICE_UNAVAILABLE, "This version is switched off for a while", Client, None;
    /// The route does a request once only if it has an `Idempotency-Key`, and it has none (draft-ietf-httpapi-idempotency-key-header-07 section 2.7).
    IdempotencyKeyMissing = "idempotency-key-missing", BAD_REQUEST, "An idempotency key is needed", Client, None;
    /// The `Idempotency-Key` is not one string of 1 to 255 characters.
    IdempotencyKeyInvalid = "idempotency-key-invalid", BAD_REQUEST, "The idempotency key is not valid", Client, None;
    /// A request with this `Idempotency-Key` is being done; `Retry-After` says when to ask for its answer again (section 2.7).
    IdempotencyInProgress = "idempotency-in-progress", CONFLICT, "The request is being done", Client, None;
    /// The request was done, and its answer was too large to be kept for those who repeat it.
    IdempotencyAnswerLost = "idempotency-answer-lost", CONFLICT, "The request was done, and its answer is not kept", Client, None;
    /// The `Idempotency-Key` was used for another request: of another method, target or content (section 2.7).
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The idempotency key was used for another request", Client, None;
    /// No route matches.
    NoRoute = "no-route", NOT_FOUND, "There is nothing at this address", Client, None;
    /// A route matches but for the method (RFC 9110 section 15.5.6).
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here", Client, None;
    /// The service has as many instances registered as it may have (RFC 9110 section 15.5.10).
    RegistryFull = "registry-full", CONFLICT, "No more can be registered", Client, None;
    /// The client stopped sending (RFC 9110 section 15.5.9).
    RequestTimeout = "request-timeout", REQUEST_TIMEOUT, "The request did not arrive in time", Client, None;
    /// The request's body counts against a limit, and its length is not announced (RFC 9110 section 15.5.12).
    LengthRequired = "length-required", LENGTH_REQUIRED, "The length of the body must be announced", Client, Some("http_request_error");
    /// The body is larger than the route allows (RFC 9110 section 15.5.14).
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The request's body is too large", Client, Some("http_request_error");
    /// The content is not of the media type that is taken here (RFC 9110 section 15.5.16).
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The content is not of a type that is taken here", Client, None;
    /// The content is not what its type says: JSON that is none, or that readers are known to read differently.
    InvalidContent = "invalid-content", BAD_REQUEST, "The content is not valid", Client, None;
    /// A parameter of the path or the query, a header field or a cookie is missing, or not what the route's schemas say; `errors` lists each.
    InvalidParameter = "invalid-parameter", BAD_REQUEST, "A parameter is not valid", Client, None;
    /// The content is JSON, and not what the route's schema says (RFC 9110 section 15.5.21); `errors` lists what is wrong, and where.
    SchemaViolated = "schema-violated", UNPROCESSABLE_ENTITY, "The content does not match its schema", Client, None;
    /// The request lacks something that the route makes the upstream's request of, or what would be made of it cannot be sent.
    UnusableRequest = "unusable-request", BAD_REQUEST, "The request lacks what is needed here", Client, None;
    /// The answer cannot be had in any format that `Accept` names (RFC 9110 section 15.5.7); `detail` lists those that there are.
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "There is no such format", Client, None;
    /// The request line is longer than allowed (RFC 9110 section 15.5.15).
    UriTooLong = "uri-too-long", URI_TOO_LONG, "The address is too long", Client, Some("http_request_error");
    /// The caller has asked for more than a limit allows; `violated-policies` names the limit, and `Retry-After` says when there may be enough again (RFC 6585 section 4, draft-ietf-httpapi-ratelimit-headers-11 section 5.1).
    QuotaExceeded = "quota-exceeded", TOO_MANY_REQUESTS, "Quota Exceeded", Client, Some("http_request_denied");
    /// Too many or too large header fields (RFC 6585 section 5).
    HeadersTooLarge = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The header fields are too large", Client, Some("http_request_error");
    /// An expectation other than `100-continue` (RFC 9110 section 10.1.1).
    ExpectationFailed = "expectation-failed", EXPECTATION_FAILED, "The expectation is not supported", Client, None;
    /// Something in the gateway is not as it should be.
    Internal = "internal-error", INTERNAL_SERVER_ERROR, "The gateway failed", Gateway, Some("proxy_internal_error");
    /// A variable that the route needs cannot be read.
    Misconfigured = "misconfigured", INTERNAL_SERVER_ERROR, "The gateway is not configured for this", Gateway, Some("proxy_configuration_error");
    /// The method is unknown to HTTP, or one that a gateway does not take (RFC 9110 section 15.6.2).
    NotImplemented = "not-implemented", NOT_IMPLEMENTED, "The method is not implemented", Client, None;
    /// Whoever must be asked about the credentials cannot be: the issuer's keys, an introspection endpoint, a store.
    AuthUnavailable = "auth-unavailable", SERVICE_UNAVAILABLE, "The credentials cannot be checked at the moment", Gateway, Some("destination_unavailable");
    /// Whether a limit has permits left cannot be found out at the moment; `violated-policies` names the limit (draft-ietf-httpapi-ratelimit-headers-11 section 5.2).
    TemporaryReducedCapacity = "temporary-reduced-capacity", SERVICE_UNAVAILABLE, "Temporary Reduced Capacity", Gateway, Some("proxy_internal_error");
    /// Some store could not be told what is purged, so that answers in it are as they were: the request should be repeated.
    PurgeIncomplete = "purge-incomplete", SERVICE_UNAVAILABLE, "Not everything could be purged", Gateway, Some("proxy_internal_error");
    /// The store with what is registered cannot be read or written at the moment: the request should be repeated.
    RegistryUnavailable = "registry-unavailable", SERVICE_UNAVAILABLE, "The registry is not available at the moment", Gateway, Some("proxy_internal_error");
    /// Whether a request with this `Idempotency-Key` was done cannot be found out at the moment: it was not done now.
    IdempotencyUnavailable = "idempotency-unavailable", SERVICE_UNAVAILABLE, "Whether the request was done cannot be found out", Gateway, Some("proxy_internal_error");
    /// The gateway has as many requests in flight as it takes.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The gateway is busy", Gateway, Some("connection_limit_reached");
    /// No target of the service is fit to be asked, or the gateway leaves it alone for a while because it failed.
    UpstreamUnavailable = "upstream-unavailable", SERVICE_UNAVAILABLE, "The service is not available at the moment", Upstream, Some("destination_unavailable");
    /// The service is asked as much as it may be at once, and too many wait already.
    UpstreamBusy = "upstream-busy", SERVICE_UNAVAILABLE, "The service is busy", Upstream, Some("connection_limit_reached");
    /// The upstream's name cannot be resolved.
    UpstreamDns = "upstream-dns", BAD_GATEWAY, "The service cannot be found", Upstream, Some("dns_error");
    /// The upstream does not accept connections.
    UpstreamRefused = "upstream-refused", BAD_GATEWAY, "The service does not accept connections", Upstream, Some("connection_refused");
    /// TLS with the upstream failed.
    UpstreamTls = "upstream-tls", BAD_GATEWAY, "The service could not be verified", Upstream, Some("tls_protocol_error");
    /// The upstream broke the connection off.
    UpstreamTerminated = "upstream-terminated", BAD_GATEWAY, "The service broke the connection off", Upstream, Some("connection_terminated");
    /// The upstream's answer is not HTTP.
    UpstreamProtocol = "upstream-protocol", BAD_GATEWAY, "The service's answer is not valid HTTP", Upstream, Some("http_protocol_error");
    /// The upstream, which speaks GraphQL, answered with errors; where the route knows their code, the status is another.
    GraphQl = "graphql", BAD_GATEWAY, "The service could not do what was asked", Upstream, Some("http_request_error");
    /// The upstream's answer cannot be changed as the route says: it is no JSON, too large, or in a coding.
    UpstreamContent = "upstream-content", BAD_GATEWAY, "The service's answer cannot be read", Upstream, Some("http_protocol_error");
    /// The upstream's answer is not what the route's schema says.
    UpstreamViolation = "upstream-violation", BAD_GATEWAY, "The service's answer is not as agreed", Upstream, Some("http_protocol_error");
    /// The gateway cannot get the token that the upstream wants to see from it.
    UpstreamCredentials = "upstream-credentials", BAD_GATEWAY, "The gateway has no credentials for the service", Gateway, Some("destination_unavailable");
    /// The host forbids the upstream's address.
    UpstreamProhibited = "upstream-prohibited", BAD_GATEWAY, "The service may not be called", Gateway, Some("destination_ip_prohibited");
    /// No connection to the upstream in time.
    UpstreamConnectTimeout = "upstream-connect-timeout", GATEWAY_TIMEOUT, "The service could not be reached in time", Upstream, Some("connection_timeout");
    /// The upstream's answer did not begin in time.
    UpstreamTimeout = "upstream-timeout", GATEWAY_TIMEOUT, "The service did not answer in time", Upstream, Some("http_response_timeout");
    /// The request lacks what a required part of the answer is asked with, or has it in a form that cannot be sent on; the detail names the part.
    StepRequest = "step-request", BAD_REQUEST, "The request lacks something that the answer needs", Client, None;
    /// A required part of the answer is missing: a service answered with an error, or with something that cannot be read; the detail names the part.
    StepFailed = "step-failed", BAD_GATEWAY, "A part of the answer is missing", Upstream, Some("http_protocol_error");
    /// A required part of the answer did not come in time; the detail names the part.
    StepTimeout = "step-timeout", GATEWAY_TIMEOUT, "A part of the answer did not come in time", Upstream, Some("http_response_timeout");
    /// The client wants a kept answer or none, and there is none that it may have (RFC 9111 section 5.2.1.7, `only-if-cached`).
    NotCached = "not-cached", GATEWAY_TIMEOUT, "No such answer is kept", Client, None;
    /// The version of HTTP is not supported (RFC 9110 section 15.6.6).
    VersionNotSupported = "version-not-supported", HTTP_VERSION_NOT_SUPPORTED, "The version of HTTP is not supported", Client, None;
    /// The request has been here before (RFC 8586).
    Loop = "loop", LOOP_DETECTED, "The request goes round in circles", Gateway, Some("proxy_loop_detected");
}

/// Where the gateway's own problem types are described; `type` is this followed by the slug.
pub const TYPE_BASE: &str = "https://tollgate.dev/problems#";

/// The same of problem types that are not the gateway's own (RFC 9457 section 4.2).
const REGISTRY: &str = "https://iana.org/assignments/http-problem-types#";

/// A request that the gateway itself answers with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the client is told.
    pub problem: Problem,
    /// The status that it is answered with, where that is not the catalogue's: 400 to 599.
    pub status: Option<StatusCode>,
    /// What this occurrence is about, for the client: never an upstream's address, a secret or an internal message.
    pub detail: Option<String>,
    /// What really happened, for the operator's record only.
    pub cause: Option<String>,
    /// Further fields of the answer: `Allow`, `Retry-After`, `WWW-Authenticate`.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// The names of the limits that turned the request away: the member `violated-policies`.
    pub violated: Vec<Box<str>>,
    /// Which versions of an API there are, where that is what it is about.
    pub versions: Option<Box<Versions>>,
    /// What is wrong, value for value: the member `errors`.
    pub violations: Option<Box<Violations>>,
}

/// Which versions of an API there are: members of a problem's document. All of it is the author's, and an API has few
/// versions.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Versions {
    /// The API's name.
    pub api: Box<str>,
    /// The version that was meant, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Box<str>>,
    /// The versions that would be answered, the oldest first.
    pub supported: Vec<Box<str>>,
    /// The version to use in place of the one that was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Box<str>>,
}

// === impl Problem ===

impl Problem {
    /// RFC 9457 section 3.1.1 `type`: what tells programs which problem it is.
    pub fn type_uri(self) -> String {
        let base = match self {
            // draft-ietf-httpapi-ratelimit-headers-11 section 10.2 registers these two.
            Self::QuotaExceeded | Self::TemporaryReducedCapacity => REGISTRY,
            _ => TYPE_BASE,
        };
        format!("{base}{}", self.spec().slug)
    }
}

// === impl Failure ===

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            status: None,
            detail: None,
            cause: None,
            fields: Vec::new(),
            violated: Vec::new(),
            versions: None,
            violations: None,
        }
    }
}

impl Failure {
    /// Adds what the client may know about this occurrence.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what only the operator may know.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds the names of the limits that turned the request away.
    pub fn violated<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.violated.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds which versions there are.
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = Some(Box::new(versions));
        self
    }

    /// Adds what is wrong, value for value; the operator is told a part of it.
    pub fn violations(mut self, violations: Violations) -> Self {
        self.cause = Some(violations.in_words());
        self.violations = Some(Box::new(violations));
        self
    }

    /// Adds a field to the answer.
    pub fn field(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The answer: RFC 9457 problem+json with RFC 9209 `Proxy-Status`. `gateway` is this gateway's name.
    pub fn respond(&self, gateway: &str, request_id: Option<&HeaderValue>) -> Response<Bytes> {
        let spec = self.problem.spec();
        let spec = Spec { status: self.status.unwrap_or(spec.status), ..spec };
        let mut response = Response::new(self.render(&spec, request_id));
        *response.status_mut() = spec.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // RFC 9111 section 4.2.2: 404, 405, 414 and 501 may be stored by anyone unless told otherwise, and none of
        // these says anything about the next request.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        insert_proxy_status(headers, gateway, spec.proxy_error);
        for (name, value) in &self.fields {
            headers.append(name, value.clone());
        }
        response
    }

    fn render(&self, spec: &Spec, request_id: Option<&HeaderValue>) -> Bytes {
        /// RFC 9457 section 3.1, with the request's identifier as an extension member.
        #[derive(serde::Serialize)]
        struct Details<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: Option<&'a str>,
            #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
            violated_policies: &'a [Box<str>],
            #[serde(flatten)]
            versions: Option<&'a Versions>,
            #[serde(flatten)]
            violations: Option<&'a Violations>,
        }
        let details = Details {
            r#type: self.problem.type_uri(),
            title: spec.title,
            status: spec.status.as_u16(),
            detail: self.detail.as_deref(),
            request_id: request_id.and_then(|id| id.to_str().ok()),
            violated_policies: &self.violated,
            versions: self.versions.as_deref(),
            violations: self.violations.as_deref(),
        };
        serde_json::to_vec(&details).unwrap_or_default().into()
    }
}

/// RFC 9209 section 2: `Proxy-Status: name; error=…`, in front of nothing: what an upstream said of itself stays.
fn insert_proxy_status(headers: &mut HeaderMap, gateway: &str, error: Option<&str>) {
    const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
    let Some(error) = error else { return };
    if let Ok(value) = HeaderValue::try_from(format!("{gateway}; error={error}")) {
        headers.insert(PROXY_STATUS, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_problem_is_an_error_with_a_slug_of_its_own() {
        let slugs: BTreeSet<_> = Problem::ALL.iter().map(|problem| problem.spec().slug).collect();
        assert_eq!(slugs.len(), Problem::ALL.len());
        for problem in Problem::ALL {
            let status = problem.spec().status;
            assert!(status.is_client_error() || status.is_server_error(), "{problem:?}");
        }
    }

    #[test]
    fn causes_never_reach_the_client() {
        let failure = Failure::from(Problem::UpstreamRefused).cause("10.1.2.3:80 refused");
        let response = failure.respond("edge", Some(&HeaderValue::from_static("r1")));
        assert_eq!(response.status(), 502);
        assert_eq!(response.headers()["proxy-status"], "edge; error=connection_refused");
        let body = std::str::from_utf8(response.body()).unwrap();
        assert!(!body.contains("10.1.2.3"), "{body}");
        assert!(body.contains("\"request_id\":\"r1\""), "{body}");
    }
}
