//! The most that one request of a client can become: arithmetic on the plan.

use std::time::Duration;

use super::{Action, Plan, Proxy, Route, Upstream};
use crate::compose::{Compose, Each, Fallback};
use crate::credentials::Credentials;

/// What one request of a client comes to at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// How many requests upstreams get, all together.
    pub requests: u32,
    /// How that comes about: each upstream that may be asked for one request, with how often.
    pub parts: Vec<Asked>,
    /// How long it takes until the answer begins; `None` for as long as it likes.
    pub time: Option<Duration>,
    /// How many bytes of answers are held at once, where answers are put together.
    pub bytes: Option<u64>,
}

/// How often an upstream may be asked for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The step of a composed route that it is asked for.
    pub step: Option<Box<str>>,
    /// The upstream's name.
    pub upstream: Box<str>,
    /// Why it is asked.
    pub role: Role,
    /// For how many elements of a list it is asked; 1 where there is none.
    pub times: u32,
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
            step: None,
            upstream: upstream.name.clone(),
            role,
            times: 1,
            attempts: upstream.retry.as_ref().map_or(1, |retry| retry.attempts),
            hedged: upstream.hedge.is_some(),
            renewed: matches!(upstream.credentials, Some(Credentials::Token(_))),
        }
    }

    /// All requests that it may get.
    pub fn requests(&self) -> u32 {
        let one = self.attempts * (1 + u32::from(self.hedged)) + u32::from(self.renewed);
        one.saturating_mul(self.times)
    }
}

/// The most that one request on `route` can become; `None` for a route that asks no upstream.
pub fn worst(plan: &Plan, route: &Route) -> Option<Worst> {
    match &route.action {
        Action::Proxy(proxy) => {
            let parts = of_proxy(plan, proxy);
            Some(Worst { requests: sum(&parts), parts, time: route.patience.request, bytes: None })
        }
        Action::Compose(compose) => {
            let parts = of_steps(plan, compose);
            let (time, bytes) = (time(plan, route, compose), Some(held(compose)));
            Some(Worst { requests: sum(&parts), parts, time, bytes })
        }
        _ => None,
    }
}

fn sum(parts: &[Asked]) -> u32 {
    parts.iter().map(Asked::requests).fold(0, u32::saturating_add)
}

fn of_proxy(plan: &Plan, proxy: &Proxy) -> Vec<Asked> {
    let of = |index: usize, role| Some(Asked::of(plan.upstreams.get(index)?, role));
    let Proxy { upstream, split, fallback, mirror, .. } = proxy;
    let split = split.iter().flat_map(|split| split.upstreams());
    // Of a split, one part is asked: the one that is asked most.
    let first = std::iter::once(*upstream).chain(split).filter_map(|index| of(index, Role::First));
    let first = first.max_by_key(Asked::requests);
    let fallback = fallback.as_ref().and_then(|fallback| of(fallback.upstream, Role::Fallback));
    let mirror = mirror.as_ref().and_then(|mirror| of(mirror.upstream, Role::Mirror));
    first.into_iter().chain(fallback).chain(mirror).collect()
}

/// Every step, those that stand in for others with them: each may be needed.
fn of_steps(plan: &Plan, compose: &Compose) -> Vec<Asked> {
    let mut parts = Vec::new();
    for step in &compose.steps {
        let route = plan.routes.get(step.route);
        let Some(Action::Proxy(proxy)) = route.map(|route| &route.action) else { continue };
        let times = step.each.as_ref().map_or(1, requests_for);
        let named = |asked| Asked { step: Some(step.name.clone()), times, ..asked };
        parts.extend(of_proxy(plan, proxy).into_iter().map(named));
    }
    parts
}

/// How many requests the elements of a list come to.
fn requests_for(each: &Each) -> u32 {
    let size = each.batch.as_ref().map_or(1, |batch| batch.size.max(1));
    u32::try_from(each.most.div_ceil(size)).unwrap_or(u32::MAX)
}

/// The longest way through the steps, each as long as it may take, and never longer than the whole.
fn time(plan: &Plan, route: &Route, compose: &Compose) -> Option<Duration> {
    let whole = route.patience.request;
    let own = |index: usize| -> Option<Duration> {
        let step = &compose.steps[index];
        let of_route = plan.routes.get(step.route).and_then(|route| route.patience.request);
        [step.timeout, of_route].into_iter().flatten().min()
    };
    let mut ends: Vec<Option<Duration>> = vec![Some(Duration::ZERO); compose.steps.len()];
    // As many rounds as there are steps: each settles at least one more of what has no circles.
    for _ in 0..compose.steps.len() {
        for (index, step) in compose.steps.iter().enumerate() {
            let mut begins = step.needs.iter().map(|need| ends[*need]);
            let begins = begins.try_fold(Duration::ZERO, |longest, end| Some(longest.max(end?)));
            let spare = match step.fallback {
                Some(Fallback::Step(spare)) => own(spare),
                _ => Some(Duration::ZERO),
            };
            ends[index] = (|| Some(begins? + own(index)? + spare?))();
        }
    }
    let longest = ends.into_iter().try_fold(Duration::ZERO, |longest, end| Some(longest.max(end?)));
    [whole, longest].into_iter().flatten().min()
}

/// How many bytes of answers are held.
fn held(compose: &Compose) -> u64 {
    let all = compose.steps.iter().map(|step| {
        let times = step.each.as_ref().map_or(1, requests_for);
        (compose.answer as u64).saturating_mul(times.into())
    });
    all.fold(0, u64::saturating_add).min(compose.total as u64)
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

    #[test]
    fn steps_count_for_each_element_and_wait_for_each_other() {
        let document = serde_json::from_value(json!({
            "upstreams": {
                "users": {"url": "http://users.test", "retries": {"attempts": 2}},
                "catalog": {"url": "http://catalog.test"},
            },
            "defaults": {"auth": "public", "timeouts": {"request": "10s"}},
            "routes": [{"id": "all", "match": {"path": "/all/{id}"}, "compose": {"steps": [
                {"name": "user", "upstream": "users", "path": "/{id}", "timeout": "1s"},
                {"name": "orders", "upstream": "users", "path": "/orders", "timeout": "2s",
                 "query": {"user": "{steps.user.body.id}"}},
                {"name": "products", "upstream": "catalog", "path": "/p", "timeout": "3s",
                 "query": {"ids": "{string(size(items))}"},
                 "each": {"in": "steps.orders.body.items", "most": 95, "batch": {"size": 10, "by": "id"}}},
                {"name": "stock", "upstream": "catalog", "path": "/stock", "timeout": "4s", "fallback": {"step": "spare"}},
                {"name": "spare", "upstream": "catalog", "path": "/old", "timeout": "500ms"},
            ]}}],
        }));
        let (plan, _) = Plan::compile(&[("a".to_owned(), document.unwrap())], &Abilities::NATIVE).unwrap();
        let worst = worst(&plan, &plan.routes[0]).unwrap();
        assert_eq!(worst.parts.iter().map(Asked::requests).collect::<Vec<_>>(), [2, 2, 10, 1, 1]);
        assert_eq!((worst.requests, worst.time), (16, Some(Duration::from_secs(6))));
        assert_eq!(worst.bytes, Some(8 << 20));
    }
}
