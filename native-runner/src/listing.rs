//! The table of routes in match order: what `routes` and `demo` print.

use serde_json::{Value, json};
use tollgate::author::Locations;
use tollgate::explain::written as written_of;
use tollgate::plan::{Action, PathRewrite, Plan, QueryRewrite, Route};
use tollgate::route::order::{Group, RULE};

use crate::columns::align;
use crate::host::store::now;
use crate::inspect;
use crate::paint::Paint;
use crate::{kept, limits, versions};

/// The table as text: one block a host, one line a route.
pub fn text(plan: &Plan, locations: &Locations, paint: Paint) -> String {
    let mut text = String::new();
    for group in plan.in_match_order() {
        text.push_str(&paint.strong(&heading(&group)));
        text.push('\n');
        let routes = group.routes.iter().map(|route| &plan.routes[*route]);
        let rows = routes.flat_map(|route| {
            std::iter::once(row(plan, route, locations)).chain(steps(plan, route, locations))
        });
        text.push_str(&align("  ", &rows.collect::<Vec<_>>()));
        text.push('\n');
    }
    text + &versions::text(plan, now(), paint) + &paint.faint(RULE)
}

/// The table for programs.
pub fn json(plan: &Plan, locations: &Locations) -> Value {
    let groups = plan.in_match_order();
    let group = |group: &Group<'_>| {
        let routes: Vec<_> =
            group.routes.iter().map(|route| entry(plan, &plan.routes[*route], locations)).collect();
        json!({ "host": group.host.map(ToString::to_string), "routes": routes })
    };
    let mut listed = json!({ "hosts": groups.iter().map(group).collect::<Vec<_>>(), "order": RULE });
    if !plan.apis.is_empty() {
        listed["apis"] = versions::json(plan, now(), None);
    }
    listed
}

/// The conditions of a route beyond host, path and method: `header x-beta is "yes"`.
pub fn conditions(route: &Route) -> Vec<String> {
    let headers =
        route.headers.iter().map(|condition| format!("header {}{}", condition.name, condition.expect));
    let query = route.query.iter().map(|condition| format!("query {}{}", condition.name, condition.expect));
    headers.chain(query).chain(route.version.as_ref().map(ToString::to_string)).collect()
}

/// A route's methods: `GET HEAD`, or `any`.
pub fn methods(route: &Route) -> String {
    if route.methods.is_any() {
        return "any".to_owned();
    }
    route.methods.listed.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(" ")
}

/// What a route does, with what becomes of the address: `upstream orders at /orders?user={id}`.
pub fn action(plan: &Plan, route: &Route) -> String {
    let kind = inspect::action(plan, route);
    match &route.action {
        Action::Proxy(proxy) => format!("{kind}{}", address(route, &proxy.path, &proxy.query)),
        Action::Redirect(redirect) => {
            let host = redirect.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            format!("{kind}{host}{}", address(route, &redirect.path, &QueryRewrite::default()))
        }
        Action::Compose(_)
        | Action::Respond(_)
        | Action::KeySet
        | Action::Login(_)
        | Action::Usage(_)
        | Action::Purge
        | Action::Batch(_)
        | Action::Registry(_) => kind,
    }
}

fn address(route: &Route, path: &PathRewrite, query: &QueryRewrite) -> String {
    let names: Vec<_> = route.pattern.captures().map(|name| format!("{{{name}}}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let path = match path {
        PathRewrite::Keep => String::new(),
        PathRewrite::Prefix(prefix) => format!(" under {}", if prefix.is_empty() { "/" } else { prefix }),
        PathRewrite::Whole(template) => format!(" at {}", template.expand(&names)),
    };
    let given = query.set.iter().chain(&query.add);
    let given: Vec<_> = given.map(|(name, value)| format!("{name}={}", value.expand(&names))).collect();
    let given = if given.is_empty() { String::new() } else { format!(" with ?{}", given.join("&")) };
    let without =
        if query.remove.is_empty() { String::new() } else { format!(" without ?{}", query.remove.join("&")) };
    format!("{path}{given}{without}")
}

fn heading(group: &Group<'_>) -> String {
    match group.host {
        Some(host) => format!("host {host}"),
        None => "any host".to_owned(),
    }
}

fn row(plan: &Plan, route: &Route, locations: &Locations) -> Vec<String> {
    vec![
        route.pattern.to_string(),
        methods(route),
        conditions(route).join(", "),
        format!("-> {}", action(plan, route)),
        route.protection.to_string(),
        limits::of_route(plan, route),
        kept::of_route(plan, route),
        route.id.to_string(),
        written(route, locations),
    ]
}

/// The steps of a composed route, under it: what each asks, and the name that it has in the log.
fn steps(plan: &Plan, route: &Route, locations: &Locations) -> Vec<Vec<String>> {
    let steps = inspect::steps(plan, route).map(|(step, own)| {
        vec![
            format!("  {}", step.name),
            step.request.method.to_string(),
            String::new(),
            format!("-> {} at {}", inspect::action(plan, own), written_of(step)),
            String::new(),
            String::new(),
            kept::of_route(plan, own),
            own.id.to_string(),
            written(own, locations),
        ]
    });
    steps.collect()
}

/// Where a route stands: `users.toml:12`.
pub fn written(route: &Route, locations: &Locations) -> String {
    let place = locations.place(&route.origin.0, &route.origin.1);
    match place.position {
        Some((line, _)) => format!("{}:{line}", place.file),
        None => place.file,
    }
}

fn entry(plan: &Plan, route: &Route, locations: &Locations) -> Value {
    let place = locations.place(&route.origin.0, &route.origin.1);
    let mut entry = json!({
        "id": &*route.id,
        "path": route.pattern.to_string(),
        "methods": route.methods.listed.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "conditions": conditions(route),
        "action": action(plan, route),
        "auth": &*route.protection,
        "file": place.file,
        "line": place.position.map(|(line, _)| line),
        "pointer": place.pointer,
    });
    limits::describe_route(plan, route, &mut entry);
    entry["cache"] = kept::of_route_as_json(plan, route);
    inspect::describe_steps(plan, route, &mut entry);
    entry
}
