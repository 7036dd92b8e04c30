//! The most that one request of a client can become: arithmetic on the plan.

use super::{Action, Plan, Proxy, Route, Upstream};
use crate::credentials::Credentials;

/// How many requests upstreams get at most for one request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// All together.
    pub requests: u32,
    /// How that comes about: each upstream that may be asked for one request, with how often.
    pub parts: Vec<Asked>,
}

/// How often an upstream may be asked for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The upstream's name.
    pub upstream: Box<str>,
    /// Why it is asked.
    pub role: Role,
    /// How often it may be asked in turn.
    pub attempts: u32,
    /// Whether each time a second request may be sent beside the first.
    pub hedged: bool,
    /// Whether one more may be sent with a token that was renewed.
    pub renewed: bool,
}

/// Why an upstream is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It answers.
    First,
    /// It is asked where the first has nothing.
    Fallback,
    /// It gets requests too.
    Mirror,
}

// === impl Asked ===

impl Asked {
    fn of(upstream: &Upstream, role: Role) -> Self {
        Self {
            upstream: upstream.name.clone(),
            role,
            attempts: upstream.retry.as_ref().map_or(1, |retry| retry.attempts),
            hedged: upstream.hedge.is_some(),
            renewed: matches!(upstream.credentials, Some(Credentials::Token(_))),
        }
    }

    /// All requests that it may get.
    pub fn requests(&self) -> u32 {
        self.attempts * (1 + u32::from(self.hedged)) + u32::from(self.renewed)
    }
}

/// The most that one request on `route` can become; `None` for a route that asks no upstream.
pub fn worst(plan: &Plan, route: &Route) -> Option<Worst> {
    let Action::Proxy(proxy) = &route.action else { return None };
    let of = |index: usize, role| Some(Asked::of(plan.upstreams.get(index)?, role));
    let Proxy { upstream, split, fallback, mirror, .. } = &**proxy;
    let split = split.iter().flat_map(|split| split.upstreams());
    // Of a split, one part is asked: the one that is asked most.
    let first = std::iter::once(*upstream).chain(split).filter_map(|index| of(index, Role::First));
    let first = first.max_by_key(Asked::requests);
    let fallback = fallback.as_ref().and_then(|fallback| of(fallback.upstream, Role::Fallback));
    let mirror = mirror.as_ref().and_then(|mirror| of(mirror.upstream, Role::Mirror));
    let parts: Vec<_> = first.into_iter().chain(fallback).chain(mirror).collect();
    Some(Worst { requests: parts.iter().map(Asked::requests).sum(), parts })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::plan::Abilities;

    #[test]
    fn all_that_may_follow_counts() {
        let document = serde_json::from_value(json!({
            "upstreams": {
                "old": {"url": "http://old.test"},
                "new": {"url": "http://new.test", "retries": {"attempts": 3}, "hedge": {"after": "1s"}},
                "many": {"targets": ["http://a.test", "http://b.test"]},
            },
            "defaults": {"auth": "public"},
            "routes": [
                {"id": "one", "match": {"path": "/1"}, "upstream": "old"},
                {"id": "two", "match": {"path": "/2"}, "upstream": "new", "fallback": {"to": "old"}},
                {"id": "three", "match": {"path": "/3"}, "upstream": "many", "mirror": {"to": "new"}},
                {"id": "four", "match": {"path": "/4"}, "respond": {}},
            ],
        }));
        let (plan, _) = Plan::compile(&[("a".to_owned(), document.unwrap())], &Abilities::NATIVE).unwrap();
        let requests: Vec<_> =
            plan.routes.iter().map(|route| worst(&plan, route).map(|worst| worst.requests)).collect();
        assert_eq!(requests, [Some(1), Some(6 + 1), Some(3 + 6), None]);
    }
}
