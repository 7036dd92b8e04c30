//! What one request of a client's may become: requests to upstreams, time, and what is held in memory.

use serde_json::{Value, json};
use tollgate::plan::worst::{Asked, Role, Worst, worst};
use tollgate::plan::{Plan, Route};

use crate::wording;

/// Routes on which one request may become several, in words.
pub fn rows(plan: &Plan) -> Vec<Vec<String>> {
    several(plan)
        .map(|(route, worst)| {
            let parts = worst.parts.iter().map(words).collect::<Vec<_>>().join(", ");
            let bound = bound(&worst);
            vec![route.id.to_string(), format!("at most {} requests{bound}: {parts}", worst.requests)]
        })
        .collect()
}

/// The same for programs.
pub fn all(plan: &Plan) -> Value {
    let routes = several(plan).map(|(route, worst)| {
        let parts = worst.parts.iter().map(|asked| {
            json!({
                "step": asked.step.as_deref(),
                "upstream": &*asked.upstream,
                "role": role(asked.role),
                "times": asked.times,
                "attempts": asked.attempts,
                "hedged": asked.hedged,
                "requests": asked.requests(),
            })
        });
        json!({
            "id": &*route.id,
            "requests": worst.requests,
            "seconds": worst.time.map(|time| time.as_secs_f64()),
            "bytes": worst.bytes,
            "upstreams": parts.collect::<Vec<_>>(),
        })
    });
    routes.collect()
}

fn several(plan: &Plan) -> impl Iterator<Item = (&Route, Worst)> {
    plan.reachable().iter().filter_map(|route| {
        let worst = worst(plan, route)?;
        (worst.requests > 1).then_some((route, worst))
    })
}

/// Of composed routes, how long the answer may take and how much of answers is held.
fn bound(worst: &Worst) -> String {
    let Some(bytes) = worst.bytes else { return String::new() };
    let time = worst.time.map_or_else(|| "any time".to_owned(), wording::span);
    format!(", {time}, {} of answers", wording::size(bytes))
}

fn words(asked: &Asked) -> String {
    let beside = if asked.hedged { " × 2 (hedged)" } else { "" };
    let renewed = if asked.renewed { " and one with a token renewed" } else { "" };
    let step = asked.step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
    let times = if asked.times > 1 { format!("{} × ", asked.times) } else { String::new() };
    let text = format!("{step}{times}{} × {}{beside}{renewed}", asked.upstream, asked.attempts);
    match asked.role {
        Role::First => text,
        Role::Fallback => text + " (fallback)",
        Role::Mirror => text + " (mirror)",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::First => "first",
        Role::Fallback => "fallback",
        Role::Mirror => "mirror",
    }
}
