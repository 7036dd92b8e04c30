//! Asking another upstream where the first has nothing.
//!
//! The first answer is dropped before the second upstream is asked, so that no answer waits for another, and what the second
//! comes to is the answer, be it a failure. The deadline is one for both.

use http::Response;
use http::request::Parts;

use super::attempts::IDEMPOTENCY_KEY;
use super::{Gateway, Incoming};
use crate::host::Host;
use crate::migration;
use crate::plan::Proxy;
use crate::problem::{Blame, Failure};
use crate::retry;

/// A second upstream that may be asked.
pub(super) struct Fallback<'a> {
    pub(super) rule: &'a migration::Fallback,
    /// The head of the request before it was made ready for the first.
    pub(super) head: Parts,
    repeatable: bool,
}

impl<H: Host> Gateway<H> {
    /// The upstream that may be asked after the one that a request goes to.
    pub(super) fn fallback<'a>(&self, proxy: &'a Proxy, incoming: &Incoming<'_>) -> Option<Fallback<'a>> {
        let rule = proxy.fallback.as_ref()?;
        let Incoming { head, course, .. } = incoming;
        if course.upstream == rule.upstream || !rule.takes(&head.method) {
            return None;
        }
        let repeatable = retry::is_repeatable(&head.method, head.headers.contains_key(IDEMPOTENCY_KEY));
        Some(Fallback { rule, head: head.clone(), repeatable })
    }
}

// === impl Fallback ===

impl Fallback<'_> {
    /// Whether the second is asked after what the first came to.
    pub(super) fn follows<S>(&self, first: &Result<Response<S>, Failure>) -> bool {
        match first {
            Ok(response) => self.rule.follows(response.status()),
            Err(failure) => {
                let upstreams = failure.problem.spec().blame == Blame::Upstream;
                self.rule.on_failure && self.repeatable && upstreams
            }
        }
    }
}
