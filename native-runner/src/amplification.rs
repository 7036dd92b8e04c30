//! How many requests upstreams get for one of a client's, at most.

use serde_json::{Value, json};
use tollgate::plan::worst::{Asked, Role, worst};
use tollgate::plan::{Plan, Route};

/// Routes on which one request may become several, in words.
pub fn rows(plan: &Plan) -> Vec<Vec<String>> {
    several(plan)
        .map(|(route, requests, parts)| {
            let parts = parts.iter().map(words).collect::<Vec<_>>().join(", ");
            vec![route.id.to_string(), format!("at most {requests} requests: {parts}")]
        })
        .collect()
}

/// The same for programs.
pub fn all(plan: &Plan) -> Value {
    let routes = several(plan).map(|(route, requests, parts)| {
        let parts = parts.iter().map(|asked| {
            json!({
                "upstream": &*asked.upstream,
                "role": role(asked.role),
                "attempts": asked.attempts,
                "hedged": asked.hedged,
                "requests": asked.requests(),
            })
        });
        json!({ "id": &*route.id, "requests": requests, "upstreams": parts.collect::<Vec<_>>() })
    });
    routes.collect()
}

fn several(plan: &Plan) -> impl Iterator<Item = (&Route, u32, Vec<Asked>)> {
    plan.routes.iter().filter_map(|route| {
        let worst = worst(plan, route)?;
        (worst.requests > 1).then_some((route, worst.requests, worst.parts))
    })
}

fn words(asked: &Asked) -> String {
    let beside = if asked.hedged { " × 2 (hedged)" } else { "" };
    let renewed = if asked.renewed { " and one with a token renewed" } else { "" };
    let text = format!("{} × {}{beside}{renewed}", asked.upstream, asked.attempts);
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
