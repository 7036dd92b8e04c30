//! How sources of targets are doing, as an operator sees it.

use serde_json::{Value, json};
use tollgate::discovery::status::Known;
use tollgate::memory::Memory;
use tollgate::plan::Plan;

/// The sources of `plan`'s upstreams, each with how it is doing and the targets that are in force.
pub fn all(plan: &Plan, memory: &Memory) -> Value {
    let pools = memory.pools.of(&plan.upstreams);
    let sources = plan.upstreams.iter().zip(&pools).filter_map(|(upstream, pool)| {
        let source = upstream.discovery.as_ref()?;
        let known = pool.source.known();
        let roster = pool.roster();
        let targets = roster.set.members.iter().map(|member| {
            json!({
                "name": &*member.name,
                "host": &*member.target.host,
                "port": member.target.port,
                "weight": member.weight,
                "priority": member.priority,
                "zone": member.zone.as_deref(),
            })
        });
        Some(json!({
            "upstream": &*upstream.name,
            "source": source.kind.name(),
            "state": state(&known),
            "last_good": known.good.map(|at| at.0),
            "last_fault": known.fault.as_ref().map(|(at, cause)| json!({ "at": at.0, "cause": cause })),
            "answers": known.answers,
            "faults": known.faults,
            "changes": known.changes,
            "refused": known.refused,
            "refused_because": known.because.as_deref(),
            "in_force": if roster.discovered { "found" } else { "written" },
            "targets": targets.collect::<Vec<_>>(),
        }))
    });
    json!({ "sources": sources.collect::<Vec<_>>() })
}

/// How each source is doing, by the name of its upstream.
pub fn known(plan: &Plan, memory: &Memory) -> Vec<(Box<str>, Known)> {
    let pools = memory.pools.of(&plan.upstreams);
    let found = plan.upstreams.iter().zip(&pools).filter(|(upstream, _)| upstream.discovery.is_some());
    found.map(|(upstream, pool)| (upstream.name.clone(), pool.source.known())).collect()
}

fn state(known: &Known) -> &'static str {
    match (known.fresh, known.good, &known.fault) {
        (true, ..) => "fresh",
        (false, None, None) => "waiting",
        _ => "stale",
    }
}
