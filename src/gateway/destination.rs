//! Where a request goes: to a route, or nowhere.

use http::Method;
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;

use super::Gateway;
use super::purge::PURGE;
use super::refusal::{is_registered, refuse_ambiguity, refuse_expectation};
use super::versioned::seconds;
use crate::cors;
use crate::host::Host;
use crate::problem::{Failure, Problem};
use crate::route::path::Normal;
use crate::route::{self, Found, Query};
use crate::telemetry::Record;

/// Where a request goes.
pub(super) enum Destination<'a> {
    /// To the route of this index.
    Route(usize),
    /// Nowhere: it is a preflight for this method, which the policy of the route of this index answers.
    Preflight(usize, &'a cors::Policy, Method),
    /// Nowhere: the gateway says which methods there are.
    Options(HeaderValue),
}

impl<H: Host> Gateway<H> {
    /// The route that takes a request, or why there is none.
    pub(super) fn find(
        &self,
        head: &Parts,
        authority: &str,
        normal: &Normal<'_>,
        record: &mut Record,
    ) -> Result<Destination<'_>, Failure> {
        self.refuse_method(&head.method)?;
        refuse_expectation(&head.headers)?;
        if normal.path == "*" {
            // RFC 9112 section 3.2.4: only OPTIONS asks about the server as a whole.
            return match head.method {
                Method::OPTIONS => Ok(Destination::Options(self.every_method())),
                _ => Err(Failure::from(Problem::BadRequest).detail("only OPTIONS takes *")),
            };
        }
        // The plan has no other route for this method. The path may be as ambiguous as that of the answer to be purged: it
        // goes nowhere.
        if let Some(index) = self.plan.caching.purge.filter(|_| head.method.as_str() == PURGE) {
            return Ok(Destination::Route(index));
        }
        let query = Query {
            host: &route::lowercase(route::host::name(authority)),
            path: &normal.path,
            query: head.uri.query(),
            method: &head.method,
            headers: &head.headers,
            now: seconds(record.started),
            preflight: false,
        };
        if let Some(found) = self.find_asked(head, &query, normal)? {
            return Ok(found);
        }
        let (found, negotiated) = self.plan.search(&query);
        record.api = negotiated;
        match found {
            Found::Route(index) => {
                refuse_ambiguity(normal, Some(&self.plan.routes[index]))?;
                Ok(Destination::Route(index))
            }
            _ if !normal.found.is_empty() => {
                Err(refuse_ambiguity(normal, None).err().unwrap_or(Problem::NoRoute.into()))
            }
            Found::Method(allowed) if head.method == Method::OPTIONS => {
                Ok(Destination::Options(allowed.header()))
            }
            Found::Method(allowed) => {
                Err(Failure::from(Problem::MethodNotAllowed).field(ALLOW, allowed.header()))
            }
            Found::Nothing => Err(self.no_version(negotiated, query.now)),
        }
    }

    /// RFC 9110 section 9.1: 501 for a method that is unknown, 405 for one that is known and not allowed.
    fn refuse_method(&self, method: &Method) -> Result<(), Failure> {
        match *method {
            Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS
            | Method::TRACE => Ok(()),
            _ if self.plan.methods.contains(method) || is_registered(method) => Ok(()),
            _ => Err(Problem::NotImplemented.into()),
        }
    }

    pub(super) fn every_method(&self) -> HeaderValue {
        let own = self.plan.methods.iter().map(|method| format!(", {method}")).collect::<String>();
        HeaderValue::try_from(format!("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT{own}"))
            .unwrap_or(HeaderValue::from_static("GET, HEAD, OPTIONS"))
    }
}
