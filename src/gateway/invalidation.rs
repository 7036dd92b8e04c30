//! What an unsafe method makes invalid (RFC 9111 section 4.4), whichever route takes it.

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};

use super::Gateway;
use crate::cache::key::{self, Origin};
use crate::cache::{rules, shelf};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::route;
use crate::route::path::normalise;

/// A request after whose answer something may be invalid.
#[derive(Debug)]
pub(super) struct Unsafe {
    method: Method,
    target: PathAndQuery,
}

impl<H: Host> Gateway<H> {
    /// What a request may make invalid; `None` for most.
    pub(super) fn may_invalidate(&self, head: &Parts) -> Option<Unsafe> {
        if !self.plan.caching.used || head.method.is_safe() {
            return None;
        }
        Some(Unsafe { method: head.method.clone(), target: head.uri.path_and_query()?.clone() })
    }

    /// Makes invalid what is kept for the address that was asked for, and for those that the answer names.
    pub(super) async fn invalidate(
        &self,
        asked: Unsafe,
        origin: &Origin<'_>,
        status: StatusCode,
        answer: &HeaderMap,
        deadline: Deadline,
    ) {
        let Unsafe { method, target } = asked;
        if !rules::invalidates(&method, status) {
            return;
        }
        let also = rules::also_invalid(origin.secure, origin.authority, &target, answer);
        for target in std::iter::once(target).chain(also) {
            self.invalidate_address(origin, &target, deadline).await;
        }
    }

    /// Every route that could keep an answer at this address, whatever else it looks at.
    async fn invalidate_address(&self, origin: &Origin<'_>, target: &PathAndQuery, deadline: Deadline) {
        let normal = normalise(target.path());
        let host = route::lowercase(route::host::name(origin.authority));
        let candidates =
            self.plan.table.candidates(&host, &normal.path).map(|candidate| candidate.route as usize);
        let mut seen: Vec<usize> = Vec::new();
        for index in candidates {
            let Some(policy) = &self.plan.routes[index].cache else { continue };
            if seen.contains(&index) {
                continue;
            }
            seen.push(index);
            let address = key::address(policy, origin, target);
            shelf::invalidate(&self.host, &self.plan.caching, policy, &address, deadline).await;
        }
    }
}
