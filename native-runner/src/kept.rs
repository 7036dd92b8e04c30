//! What routes keep of answers, in the words of those who wrote it: what `check`, `routes` and the operator's address show.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::cache::Policy;
use tollgate::cache::cost::{Cost, Often};
use tollgate::cache::policy::{Lifetimes, Place, Statuses};
use tollgate::plan::{Account, Plan, Route, inputs};

use crate::limits::in_store;
use crate::wording::{count, size, span};

/// One row a route that keeps answers: where, for how long, whose, and what that costs.
pub fn rows(plan: &Plan) -> Vec<Vec<String>> {
    let row = |(route, policy): (&Route, &Policy)| {
        vec![
            route.id.to_string(),
            place(plan, policy),
            format!("up to {} each", size(policy.largest)),
            lifecount(&policy.lifetimes).join(", "),
            whose(policy).to_owned(),
            Cost::of(policy).map_or_else(|| "no store is asked".to_owned(), cost),
        ]
    };
    cached(plan).map(row).collect()
}

/// What the answers of each route may depend on, one row for each way in which that is accounted for.
pub fn accounts(plan: &Plan, route: &Route) -> Vec<Vec<String>> {
    let mut accounts: BTreeMap<Account, Vec<String>> = BTreeMap::new();
    for input in inputs(plan, route) {
        accounts.entry(input.account).or_default().push(input.what.into_owned());
    }
    accounts.into_iter().map(|(account, what)| vec![account.to_string(), what.join("; ")]).collect()
}

/// All routes that keep answers.
pub fn cached(plan: &Plan) -> impl Iterator<Item = (&Route, &Policy)> {
    plan.routes.iter().filter_map(|route| Some((route, route.cache.as_deref()?)))
}

/// What a route keeps of answers, in a few words; empty where that is nothing.
pub fn of_route(plan: &Plan, route: &Route) -> String {
    route.cache.as_deref().map_or_else(String::new, |policy| format!("cache {}", place(plan, policy)))
}

/// The same for programs.
pub fn of_route_as_json(plan: &Plan, route: &Route) -> Value {
    let Some(policy) = route.cache.as_deref() else { return Value::Null };
    let often = |often: Often| json!({ "usually": often.usually, "at_most": often.most });
    let cost = Cost::of(policy).map(|cost| {
        json!({
            "looking": { "reads": often(cost.looking) },
            "keeping": { "reads": often(cost.reads), "writes": often(cost.writes) },
        })
    });
    json!({
        "where": place(plan, policy),
        "largest": policy.largest,
        "lifetimes": lifecount(&policy.lifetimes),
        "callers": whose(policy),
        "operations": cost,
        "inputs": inputs(plan, route).iter().map(|input| {
            json!({ "what": input.what, "account": input.account.to_string() })
        }).collect::<Vec<_>>(),
    })
}

fn place(plan: &Plan, policy: &Policy) -> String {
    match policy.place {
        Place::Memory => "in memory".to_owned(),
        Place::Store(index) => plan.caching.stores.get(index).map(in_store).unwrap_or_default(),
    }
}

fn whose(policy: &Policy) -> &'static str {
    if policy.key.caller { "each caller's own" } else { "shared by callers" }
}

fn lifecount(lifetimes: &Lifetimes) -> Vec<String> {
    let mut all = vec![match (lifetimes.fixed, lifetimes.default) {
        (Some(fixed), _) => format!("for {}", span(fixed)),
        (None, Some(default)) if default.is_zero() => "as they say".to_owned(),
        (None, Some(default)) => format!("as they say, or {}", span(default)),
        (None, None) => "as they say, or by Last-Modified".to_owned(),
    }];
    for (statuses, lifetime) in &lifetimes.negative {
        let statuses = match statuses {
            Statuses::One(status) => status.as_u16().to_string(),
            Statuses::Class(digit) => format!("{digit}xx"),
        };
        let lifetime =
            if lifetime.is_zero() { "never".to_owned() } else { format!("for {}", span(*lifetime)) };
        all.push(format!("{statuses} {lifetime}"));
    }
    if !lifetimes.while_revalidate.is_zero() {
        all.push(format!("stale for {} while revalidating", span(lifetimes.while_revalidate)));
    }
    if !lifetimes.if_error.is_zero() {
        all.push(format!("stale for {} on errors", span(lifetimes.if_error)));
    }
    all
}

fn cost(cost: Cost) -> String {
    let Cost { looking, reads, writes } = cost;
    format!(
        "{} to look, at most {}; {} and {} to keep, at most {} and {}",
        count(looking.usually, "read"),
        looking.most,
        count(reads.usually, "read"),
        count(writes.usually, "write"),
        reads.most,
        writes.most,
    )
}
