//! What a caller has left: looked up without taking anything, and said in JSON.
//!
//! Of a limit whose permits are found by more than who calls (by the route, a header field, a cookie) there is no one
//! number to tell: it is named with what it counts by. Limits in shadow are the operator's affair, and only operators
//! see them here.

use std::net::Ipv4Addr;
use std::sync::Arc;

use http::Request;
use serde_json::Value;

use super::bound::{Bound, Promise};
use super::{Algorithm, Ask, Key, KeyPart, Limits, Place, RouteLimits, Sight, Verdict, Wanted, judge};
use crate::auth::consumer::Consumer;
use crate::auth::{Asking, Caller};
use crate::deadline::Deadline;
use crate::expression::Variable;
use crate::forward::client::Client;
use crate::gateway::Peer;
use crate::host::{Host, StoreError, Tick, UnixMillis};
use crate::plan::{Abilities, Counts, Plan};

mod told;

use told::{is_answered, said};

/// How many limits one answer tells of: each may cost an operation of a store, and no caller has a use for more.
pub const MOST_SHOWN: usize = 64;

/// The limits that count somebody on some route, by plan: indices in [`Limits::all`], sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// In the order of [`Limits::tiers`].
    tiers: Vec<Vec<usize>>,
    /// For those who have no plan.
    planless: Vec<usize>,
    /// How far each of all limits may be off, in the order of [`Limits::all`].
    bounds: Vec<Bound>,
}

/// What is known of whose permits are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// A caller, by their own request.
    Caller,
    /// A consumer, by an operator's. Shows limits in shadow too.
    Consumer,
}

// === impl Shown ===

impl Shown {
    /// What counts on `routes`, on a host whose key-value store counts as `counts` says.
    pub fn of<'a>(limits: &Limits, counts: Counts, routes: impl Iterator<Item = &'a RouteLimits>) -> Self {
        let mut planless = Vec::new();
        let mut tiers = vec![Vec::new(); limits.tiers.len()];
        for route in routes {
            planless.extend(route.shield.iter().chain(&route.own));
            for (tier, here) in tiers.iter_mut().zip(&route.tiers) {
                tier.extend(here);
            }
        }
        tiers.iter_mut().for_each(|tier| tier.extend(&planless));
        for indices in tiers.iter_mut().chain([&mut planless]) {
            indices.sort_unstable();
            indices.dedup();
        }
        let bounds = limits.all.iter().map(|limit| Promise::of(limit, limits, counts).bound).collect();
        Self { tiers, planless, bounds }
    }

    /// What counts those who have this plan.
    pub fn to(&self, tier: Option<usize>) -> &[usize] {
        tier.and_then(|tier| self.tiers.get(tier)).unwrap_or(&self.planless)
    }
}

// === impl Known ===

impl Known {
    /// Whether `part` of a key can be found by this.
    fn finds(self, part: &KeyPart) -> bool {
        match part {
            KeyPart::Consumer | KeyPart::Everybody => true,
            KeyPart::Subject | KeyPart::Credential | KeyPart::Address { .. } | KeyPart::Claim(_) => {
                self == Self::Caller
            }
            KeyPart::Expression(expression) => expression.reads().iter().all(|read| self.knows(*read)),
            KeyPart::Route | KeyPart::Host | KeyPart::Header(_) | KeyPart::Cookie(_) => false,
        }
    }

    fn knows(self, read: Variable) -> bool {
        match read {
            Variable::CallerConsumer
            | Variable::ConsumerId
            | Variable::ConsumerPlan
            | Variable::ConsumerMetadata => true,
            Variable::ClientAddress => self == Self::Caller,
            read => self == Self::Caller && read.is_about_the_caller(),
        }
    }
}

// === looking ===

/// The limits that are told of, and whose permits of those that can be found.
struct Looked<'a> {
    tier: Option<usize>,
    told: Vec<usize>,
    /// How many more count, and are not told of.
    more: usize,
    wanted: Vec<Wanted>,
    limits: &'a Limits,
    bounds: Vec<Bound>,
}

/// What `caller` has left of the limits that are shown. Never fails: of a limit whose store does not answer, that is
/// what is said.
pub async fn report<H: Host>(
    host: &H,
    limits: &Limits,
    shown: &Shown,
    asking: &Asking<'_>,
    caller: Option<&Caller>,
) -> Value {
    let looked = find(limits, shown, asking, caller, Known::Caller);
    let judged = judge::look(host, limits, &looked.wanted, asking.now, asking.deadline).await;
    said(&looked, caller, &judged, asking.now)
}

/// The same for an operator who asks about `consumer`.
pub async fn report_of<H: Host>(host: &H, plan: &Plan, consumer: Arc<Consumer>, now: UnixMillis) -> Value {
    let caller = caller_of(consumer);
    let looked = find_of(plan, &caller, now);
    let judged = judge::look(host, &plan.limits, &looked.wanted, now, for_ever()).await;
    said(&looked, Some(&caller), &judged, now)
}

/// Gives `consumer` back what is used of every limit that can be found, and says what there is then. What requests in
/// flight hold of a limit on concurrency stays with them, and what a sliding window counted in the span before passes by
/// itself.
pub async fn give_back<H: Host>(
    host: &H,
    plan: &Plan,
    consumer: Arc<Consumer>,
    now: UnixMillis,
) -> Result<Value, StoreError> {
    let limits = &plan.limits;
    let caller = caller_of(consumer);
    let looked = find_of(plan, &caller, now);
    let judged = judge::look(host, limits, &looked.wanted, now, for_ever()).await;
    for judged in &judged {
        let Some(wanted) = looked.wanted.iter().find(|wanted| wanted.limit == judged.limit) else { continue };
        let limit = &limits.all[wanted.limit];
        if matches!(limit.algorithm, Algorithm::Concurrent { .. }) {
            continue;
        }
        if !is_answered(judged) {
            return Err(StoreError {
                cause: format!("the store of the limit {} does not answer", limit.name),
            });
        }
        let taken = limit.algorithm.most().saturating_sub(judged.remaining);
        let verdict = Verdict { taken, enough: true, ..Verdict::default() };
        let ask = Ask { limit, key: wanted.key, least: taken, most: taken, verdict };
        match limit.place {
            Place::Memory => {
                if let Some(memory) = host.memory() {
                    memory.limits.give_back(&[ask], now.0);
                }
            }
            Place::Store(store) => host.give_back(&limits.stores[store], &[ask], now).await?,
        }
    }
    let judged = judge::look(host, limits, &looked.wanted, now, for_ever()).await;
    Ok(said(&looked, Some(&caller), &judged, now))
}

fn find<'a>(
    limits: &'a Limits,
    shown: &Shown,
    asking: &Asking<'_>,
    caller: Option<&Caller>,
    known: Known,
) -> Looked<'a> {
    let tier = limits.tier_of(caller);
    let visible = |index: &usize| known == Known::Consumer || !limits.all[*index].shadow;
    let mut told: Vec<usize> = shown.to(tier).iter().copied().filter(visible).collect();
    let more = told.len().saturating_sub(MOST_SHOWN);
    told.truncate(MOST_SHOWN);
    let sight = Sight::new(asking, caller);
    let is_found = |part: &KeyPart| {
        // An address stands in for what a request does not have, and an operator's is not the consumer's.
        known.finds(part) && (known == Known::Caller || sight.look(part, |said| said.is_some()))
    };
    let found = told.iter().filter(|index| limits.all[**index].key.iter().all(is_found));
    // A look has no weight; this one's is never taken.
    let wanted = found
        .map(|index| Wanted { limit: *index, key: Key::of(&limits.all[*index], &sight), weight: 1 })
        .collect();
    Looked { tier, told, more, wanted, limits, bounds: shown.bounds.clone() }
}

/// An operator waits for as long as the stores may take.
fn for_ever() -> Deadline {
    Deadline::after(Tick(u64::MAX), None)
}

/// As if the consumer called, with nothing but its name.
fn caller_of(consumer: Arc<Consumer>) -> Caller {
    let groups = consumer.groups.clone();
    Caller { subject: Some(consumer.id.clone()), groups, consumer: Some(consumer), ..Caller::default() }
}

/// No request is there: what [`Known::Consumer`] finds does not look at one.
fn find_of<'a>(plan: &'a Plan, caller: &Caller, now: UnixMillis) -> Looked<'a> {
    let limits = &plan.limits;
    // Operators ask native servers only.
    let counts = Abilities::NATIVE.counts;
    let shown = Shown::of(limits, counts, plan.routes.iter().map(|route| &route.limits));
    let nowhere = Ipv4Addr::UNSPECIFIED;
    let (head, ()) = Request::new(()).into_parts();
    let client = Client { address: nowhere.into(), via_trusted: false, proto: None, host: None };
    let Some(route) = plan.routes.first() else {
        return Looked {
            tier: None,
            told: Vec::new(),
            more: 0,
            wanted: Vec::new(),
            limits,
            bounds: Vec::new(),
        };
    };
    let asking = Asking {
        head: &head,
        peer: Peer { address: (nowhere, 0).into(), secure: false },
        client: &client,
        authority: "",
        path: "/",
        length: None,
        route,
        now,
        deadline: for_ever(),
        plan: &plan.auth,
        assumed: None,
    };
    find(limits, &shown, &asking, Some(caller), Known::Consumer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// A route has no more than 16 limits: there are as many routes as it takes.
    fn plan(limits: Value, names: &[String]) -> Plan {
        let routes = names.chunks(16).enumerate().map(|(number, names)| {
            let matches = json!({"path": format!("/{number}")});
            let id = number.to_string();
            json!({"id": id, "match": matches, "auth": "keys", "rate_limits": names, "respond": {"body": "a"}})
        });
        let document = json!({
            "auth": {"keys": {"api_key": {}}},
            "rate_limits": limits,
            "routes": routes.collect::<Vec<_>>(),
        });
        let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
        Plan::compile(&documents, &Abilities::NATIVE).unwrap().0
    }

    fn acme(metadata: &[(&str, &str)]) -> Caller {
        let metadata = metadata.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        caller_of(Arc::new(Consumer { id: "acme".into(), metadata, ..Consumer::default() }))
    }

    #[test]
    fn an_answer_is_bounded() {
        let names: Vec<_> = (0..MOST_SHOWN + 6).map(|number| format!("l{number:03}")).collect();
        let limit = json!({"window": {"limit": 1, "per": "1h"}, "key": "consumer"});
        let limits = names.iter().map(|name| (name.clone(), limit.clone())).collect();
        let plan = plan(Value::Object(limits), &names);
        let looked = find_of(&plan, &acme(&[]), UnixMillis(0));
        assert_eq!((looked.told.len(), looked.wanted.len(), looked.more), (MOST_SHOWN, MOST_SHOWN, 6));
        let said = said(&looked, None, &[], UnixMillis(0));
        assert_eq!((&said["more"], said["limits"].as_array().unwrap().len()), (&json!(6), MOST_SHOWN));
    }

    /// What an operator's look finds is what a request of the consumer would be counted by.
    #[test]
    fn a_consumer_is_found_by_what_is_its_own() {
        for (key, metadata, found) in [
            (json!("consumer"), &[][..], true),
            (json!("everybody"), &[], true),
            (json!({"expression": "consumer.metadata.tenant"}), &[("tenant", "t")], true),
            (json!({"expression": "consumer.metadata.tenant"}), &[], false),
            (json!({"expression": "caller.subject"}), &[], false),
            (json!({"expression": "request.method"}), &[], false),
            (json!(["consumer", "address"]), &[], false),
            (json!(["consumer", "route"]), &[], false),
            (json!("subject"), &[], false),
            (json!("credential"), &[], false),
            (json!({"claim": "org"}), &[], false),
            (json!({"header": "x-org"}), &[], false),
        ] {
            let limits = json!({"l": {"rate": "1/s", "key": key}});
            let plan = plan(limits, &["l".to_owned()]);
            let looked = find_of(&plan, &acme(metadata), UnixMillis(0));
            assert_eq!((looked.told.len(), looked.wanted.len() == 1), (1, found), "{key}");
        }
    }
}
