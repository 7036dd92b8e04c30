//! Purging over HTTP: an order that is posted, or `PURGE` at an address.

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;

use super::{Gateway, Incoming};
use crate::body::{self, Body, BodyError};
use crate::cache::purge::{self, Order};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::problem::{Failure, Problem};

/// What an answer is purged by at its own address: Squid's method, which every cache has since.
pub(super) const PURGE: &str = "PURGE";

/// `Tollgate-Purge: soft` with a `PURGE`.
const HOW: HeaderName = HeaderName::from_static("tollgate-purge");

/// The largest order in bytes: as many tags as it may have, at 256 bytes each.
const LARGEST: u64 = 64 << 10;

impl<H: Host> Gateway<H> {
    /// Purges what the request says, wherever answers are kept.
    pub(super) async fn purge_answers(
        &self,
        incoming: &Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let order = match incoming.head.method.as_str() == PURGE {
            true => self.at_its_address(incoming)?,
            false => self.posted(&incoming.head, body, deadline).await?,
        };
        let done = purge::purge(&self.host, &self.plan.caching, &order, deadline).await;
        let said = purge::report(&self.plan.caching, &order, &done).map_err(|incomplete| {
            Failure::from(Problem::PurgeIncomplete).detail(incomplete.to_string()).cause(incomplete.causes)
        })?;
        let mut response = Response::new(Body::Full(Bytes::from(said.to_string())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn at_its_address(&self, incoming: &Incoming<'_>) -> Result<Order, Failure> {
        let mut how = incoming.head.headers.get_all(HOW).iter();
        let soft = match (how.next(), how.next()) {
            (None, _) => false,
            (Some(how), None) if how.as_bytes().eq_ignore_ascii_case(b"soft") => true,
            _ => {
                return Err(
                    Failure::from(Problem::InvalidPurge).detail("Tollgate-Purge says soft, or is not there")
                );
            }
        };
        let host = incoming.client.host.as_ref().map_or(incoming.authority, |host| host.as_str());
        let root = PathAndQuery::from_static("/");
        let target = incoming.head.uri.path_and_query().unwrap_or(&root);
        Ok(Order { what: purge::address(host, target, &self.plan), soft })
    }

    /// JSON, said to be JSON: a form on somebody's page cannot send that unasked.
    async fn posted(
        &self,
        head: &Parts,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Order, Failure> {
        let said = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !said.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Failure::from(Problem::UnsupportedMediaType)
                .detail("an order is application/json, and Content-Type says so"));
        }
        let whole =
            body::collect(&self.host, body, LARGEST, deadline).await.map_err(|error| match error {
                BodyError::TooLarge => Failure::from(Problem::BodyTooLarge)
                    .detail(format!("an order has {LARGEST} bytes at most")),
                BodyError::Deadline => Problem::RequestTimeout.into(),
                _ => Failure::from(Problem::InvalidPurge).detail("the order broke off"),
            })?;
        purge::read(&whole, &self.plan).map_err(|wrong| Failure::from(Problem::InvalidPurge).detail(wrong))
    }
}
