//! A plan as an operator may see it: everything but secrets, which are not in a plan anyway.

use serde_json::{Value, json};
use tollgate::compose::Step;
use tollgate::explain::written;
use tollgate::plan::{Action, LoginStep, Patience, Plan, Proxy, Route};

use crate::{kept, limits};

/// The plan in force.
pub fn plan(plan: &Plan) -> Value {
    json!({
        "name": &*plan.telemetry.name,
        "routes": plan.reachable().iter().map(|found| route(plan, found)).collect::<Vec<_>>(),
        "upstreams": plan.upstreams.iter().map(|upstream| json!({
            "name": &*upstream.name,
            "address": format!("{}:{}", upstream.target.host, upstream.target.port),
            "tls": upstream.target.secure,
            "base_path": &*upstream.base,
        })).collect::<Vec<_>>(),
        "limits": limits::all(&plan.limits),
        "variables": plan.variables.iter().map(|name| &**name).collect::<Vec<_>>(),
    })
}

fn route(plan: &Plan, route: &Route) -> Value {
    let mut entry = json!({
        "id": &*route.id,
        "written": format!("{} {}", route.origin.0, route.origin.1),
        "hosts": route.hosts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "path": route.pattern.to_string(),
        "methods": route.methods.listed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "headers": route.headers.iter().map(|condition| format!("{}{}", condition.name, condition.expect)).collect::<Vec<_>>(),
        "query": route.query.iter().map(|condition| format!("{}{}", condition.name, condition.expect)).collect::<Vec<_>>(),
        "action": action(plan, route),
        "timeouts": timeouts(&route.patience),
        "body_limit": (route.body_limit != u64::MAX).then_some(route.body_limit),
        "allowed_in_paths": route.tolerated.names().collect::<Vec<_>>(),
    });
    limits::describe_route(plan, route, &mut entry);
    entry["cache"] = kept::of_route_as_json(plan, route);
    describe_steps(plan, route, &mut entry);
    entry
}

/// The steps of a composed route, each with the route of its own that asks for it.
pub fn steps<'p>(plan: &'p Plan, route: &'p Route) -> impl Iterator<Item = (&'p Step, &'p Route)> {
    let steps = match &route.action {
        Action::Compose(compose) => &compose.steps[..],
        _ => &[],
    };
    steps.iter().filter_map(|step| Some((step, plan.routes.get(step.route)?)))
}

/// Adds the steps of a composed route to what is said of it: none of them is a route that clients reach.
pub fn describe_steps(plan: &Plan, route: &Route, entry: &mut Value) {
    if !matches!(route.action, Action::Compose(_)) {
        return;
    }
    let steps = steps(plan, route).map(|(step, own)| {
        json!({
            "name": &*step.name,
            "id": &*own.id,
            "action": action(plan, own),
            "method": step.request.method.as_str(),
            "target": written(step),
            "required": step.required,
            "timeouts": timeouts(&own.patience),
            "cache": kept::of_route_as_json(plan, own),
        })
    });
    entry["steps"] = steps.collect();
}

/// Which upstreams a route asks.
fn asks(plan: &Plan, proxy: &Proxy) -> String {
    let name = |index: usize| &*plan.upstreams[index].name;
    let mut text = match &proxy.split {
        None => format!("upstream {}", name(proxy.upstream)),
        Some(split) => {
            let parts: Vec<_> =
                split.parts.iter().map(|part| format!("{} ({})", part.name, part.weight)).collect();
            let ruled = split.rules.iter().map(|rule| name(rule.upstream).to_owned());
            format!("split {}", ruled.chain(parts).collect::<Vec<_>>().join(", "))
        }
    };
    if let Some(fallback) = &proxy.fallback {
        text.push_str(&format!(", else {}", name(fallback.upstream)));
    }
    if let Some(mirror) = &proxy.mirror {
        text.push_str(&format!(", mirrored to {}", name(mirror.upstream)));
    }
    text
}

/// What a route does, in a few words.
pub fn action(plan: &Plan, route: &Route) -> String {
    match &route.action {
        Action::Proxy(proxy) => asks(plan, proxy),
        Action::Compose(compose) => {
            let names: Vec<_> = compose.steps.iter().map(|step| &*step.name).collect();
            format!("compose {}", names.join(", "))
        }
        Action::Redirect(redirect) => format!("redirect {}", redirect.status.as_u16()),
        Action::Respond(respond) => format!("respond {}", respond.status.as_u16()),
        Action::Login(own) => {
            let name = &plan.auth.authenticators[own.authenticator].name;
            match own.step {
                LoginStep::Callback => format!("end of the login {name}"),
                LoginStep::Logout => format!("logout of {name}"),
            }
        }
        Action::KeySet => "key set".to_owned(),
        Action::Usage(_) => "usage".to_owned(),
        Action::Purge => "purge".to_owned(),
        Action::Batch(_) => "batch".to_owned(),
        Action::Registry(_) => "registry".to_owned(),
    }
}

fn timeouts(patience: &Patience) -> Value {
    let seconds = |span: Option<std::time::Duration>| span.map(|span| span.as_secs_f64());
    json!({
        "request": seconds(patience.request),
        "connect": seconds(Some(patience.connect)),
        "first_byte": seconds(Some(patience.first_byte)),
        "idle": seconds(patience.idle),
    })
}
