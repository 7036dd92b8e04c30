//! What the gateway refuses before a route has its say, and what it knows without one.

use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, Method, Version};

use crate::forward::hop;
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::route;
use crate::route::path::Normal;

/// The authority that was asked for; none in a request of HTTP/1.0, which need not say (RFC 9112 section 3.2.2).
pub(super) fn authority(head: &Parts) -> Result<&str, Failure> {
    match route::host::authority(head) {
        Ok(authority) => Ok(authority),
        Err(_) if head.version == Version::HTTP_10 && !head.headers.contains_key(http::header::HOST) => {
            Ok("")
        }
        Err(error) => Err(Failure::from(Problem::BadRequest).detail(error.0)),
    }
}

/// The methods registered with IANA beyond those of RFC 9110 and RFC 5789: known, so never 501. CONNECT is known too,
/// but RFC 9110 section 15.6.2 is for what a server does not have the functionality for.
pub(super) fn is_registered(method: &Method) -> bool {
    const REGISTERED: [&str; 31] = [
        "ACL",
        "BASELINE-CONTROL",
        "BIND",
        "CHECKIN",
        "CHECKOUT",
        "COPY",
        "LABEL",
        "LINK",
        "LOCK",
        "MERGE",
        "MKACTIVITY",
        "MKCALENDAR",
        "MKCOL",
        "MKREDIRECTREF",
        "MKWORKSPACE",
        "MOVE",
        "ORDERPATCH",
        "PROPFIND",
        "PROPPATCH",
        "QUERY",
        "REBIND",
        "REPORT",
        "SEARCH",
        "UNBIND",
        "UNCHECKOUT",
        "UNLINK",
        "UNLOCK",
        "UPDATE",
        "UPDATEREDIRECTREF",
        "VERSION-CONTROL",
        "PRI",
    ];
    REGISTERED.contains(&method.as_str())
}

/// A request whose `Connection` names what says where it ends could be read in two ways (RFC 9112 section 11.2).
pub(super) fn refuse_framing(headers: &HeaderMap) -> Result<(), Failure> {
    if hop::nominates_framing(headers) {
        return Err(
            Failure::from(Problem::BadRequest).detail("Connection names a field that frames the request")
        );
    }
    Ok(())
}

/// RFC 9110 section 10.1.1: an expectation that cannot be met is refused. hyper meets `100-continue`.
pub(super) fn refuse_expectation(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.get(EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(Problem::ExpectationFailed.into())
        }
        _ => Ok(()),
    }
}

/// Without a route, nothing is tolerated.
pub(super) fn refuse_ambiguity(normal: &Normal<'_>, route: Option<&Route>) -> Result<(), Failure> {
    let tolerated = route.map(|route| route.tolerated).unwrap_or_default();
    let found = normal.found.minus(tolerated);
    if found.is_empty() {
        return Ok(());
    }
    let names = found.names().collect::<Vec<_>>().join(", ");
    Err(Failure::from(Problem::AmbiguousPath).detail(format!("the path has {names}")))
}
