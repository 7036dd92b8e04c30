//! Limits and plans in the words of those who wrote them: what `check`, `routes` and the operator's address show.

use serde_json::{Map, Value, json};
use tollgate::limit::bound::Promise;
use tollgate::limit::{Limit, Limits, Place, Weight};
use tollgate::plan::{Abilities, Plan, Route, StorePlan};

/// One row a limit: its name, what it allows, by what, where, how far that may be off, and what it costs.
pub fn rows(limits: &Limits, abilities: &Abilities) -> Vec<Vec<String>> {
    let row = |limit: &Limit| {
        let promise = Promise::of(limit, limits, abilities.counts);
        let without = promise.without_store.map(|without| without.to_string()).unwrap_or_default();
        let shadow = if limit.shadow { "in shadow: refuses nobody" } else { "" };
        vec![
            limit.name.to_string(),
            limit.algorithm.to_string(),
            limit.algorithm.at_most_in_words(),
            format!("by {}", key(limit).join(", ")),
            place(limit, limits),
            promise.bound.to_string(),
            promise.operations.to_string(),
            without,
            shadow.to_owned(),
        ]
    };
    limits.all.iter().map(row).collect()
}

/// The same for programs.
pub fn promises(limits: &Limits, abilities: &Abilities) -> Value {
    let promised = limits.all.iter().map(|limit| {
        let promise = Promise::of(limit, limits, abilities.counts);
        let mut value = limit_as_json(limit, limits);
        value["at_most"] = json!(limit.algorithm.at_most());
        value["bound"] = json!(promise.bound.to_string());
        value["operations"] = json!(promise.operations.to_string());
        value["without_store"] = json!(promise.without_store.map(|without| without.to_string()));
        value
    });
    promised.collect()
}

/// All limits and plans.
pub fn all(limits: &Limits) -> Value {
    let plans = limits.tiers.iter().map(|tier| {
        json!({
            "name": &*tier.name,
            "rate_limits": names(limits, &tier.limits),
            "groups": tier.groups.iter().map(|group| &**group).collect::<Vec<_>>(),
            "default": tier.default,
        })
    });
    json!({
        "rate_limits": limits.all.iter().map(|limit| limit_as_json(limit, limits)).collect::<Vec<_>>(),
        "plans": plans.collect::<Vec<_>>(),
    })
}

/// What counts on a route: `shield flood; per-consumer, month; gold: dear`.
pub fn of_route(plan: &Plan, route: &Route) -> String {
    let limits = &plan.limits;
    let list = |indices: &[usize]| names(limits, indices).join(", ");
    let mut parts = Vec::new();
    if !route.limits.shield.is_empty() {
        parts.push(format!("shield {}", list(&route.limits.shield)));
    }
    if !route.limits.own.is_empty() {
        parts.push(list(&route.limits.own));
    }
    parts.extend(of_plans(plan, route).map(|(name, indices)| format!("{name}: {}", list(indices))));
    if parts.is_empty() { String::new() } else { format!("limits {}", parts.join("; ")) }
}

/// The same for programs, as members of `entry`.
pub fn describe_route(plan: &Plan, route: &Route, entry: &mut Value) {
    let limits = &plan.limits;
    entry["shield"] = json!(names(limits, &route.limits.shield));
    entry["rate_limits"] = json!(names(limits, &route.limits.own));
    let plans = of_plans(plan, route);
    let plans: Map<_, _> =
        plans.map(|(name, indices)| (name.to_owned(), json!(names(limits, indices)))).collect();
    entry["plans"] = plans.into();
}

/// What plans add on a route, without those that add nothing.
fn of_plans<'a>(plan: &'a Plan, route: &'a Route) -> impl Iterator<Item = (&'a str, &'a [usize])> {
    let tiers = plan.limits.tiers.iter().zip(&route.limits.tiers);
    tiers.filter(|(_, indices)| !indices.is_empty()).map(|(tier, indices)| (&*tier.name, &**indices))
}

fn names<'a>(limits: &'a Limits, indices: &[usize]) -> Vec<&'a str> {
    indices.iter().filter_map(|index| limits.all.get(*index)).map(|limit| &*limit.name).collect()
}

fn limit_as_json(limit: &Limit, limits: &Limits) -> Value {
    json!({
        "name": &*limit.name,
        "allows": limit.algorithm.to_string(),
        "key": key(limit),
        "weight": weight(&limit.weight),
        "when": limit.when.as_ref().map(|when| when.source()),
        "where": place(limit, limits),
        "lease": (limit.lease > 1).then_some(limit.lease),
        "shadow": limit.shadow,
    })
}

fn key(limit: &Limit) -> Vec<String> {
    limit.key.iter().map(ToString::to_string).collect()
}

fn weight(weight: &Weight) -> String {
    match weight {
        Weight::Constant(weight) => weight.to_string(),
        Weight::Header { name, .. } => format!("header {name}"),
        Weight::Body { bytes, .. } => format!("1 for each {bytes} bytes of the body"),
        Weight::Expression { expression, .. } => expression.source().to_owned(),
    }
}

fn place(limit: &Limit, limits: &Limits) -> String {
    let Place::Store(index) = limit.place else { return "in memory".to_owned() };
    limits.stores.get(index).map(in_store).unwrap_or_default()
}

/// Where something is that is in a store.
pub fn in_store(store: &StorePlan) -> String {
    match (&store.redis, &store.file) {
        (Some(redis), _) => format!("in Redis at {}:{}", redis.host, redis.port),
        (None, Some(file)) => format!("in {file}"),
        (None, None) => format!("in the store \"{}\"", store.label),
    }
}
