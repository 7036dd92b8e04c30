//! What a configuration without mistakes comes to, in a few lines.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tollgate::auth::Access;
use tollgate::plan::{Abilities, Plan, Route};

use super::Checked;
use crate::columns::align;
use crate::host::store::now;
use crate::host::variables::ENVIRONMENT_PREFIX;
use crate::paint::Paint;
use crate::wording::count;
use crate::{amplification, kept, limits, versions};

/// For people.
pub fn text(plan: &Plan, checked: &Checked, paint: Paint) -> String {
    let size = format!("{} in {}", count(plan.reachable().len(), "route"), count(checked.files, "file"));
    let mut rows = vec![row("routes", size), row("upstreams", upstreams(plan))];
    if checked.places.contains(&Abilities::NATIVE.name) {
        rows.extend(plan.server.listeners.iter().map(|listener| {
            let scheme = if listener.secure { "https" } else { "http" };
            let asks = if listener.clients.is_some() { ", asks for certificates" } else { "" };
            row("listens on", format!("{scheme}://{}{}{asks}", listener.address, open_to(listener.address)))
        }));
        if let Some(admin) = plan.server.admin {
            rows.push(row("operator", format!("http://{admin}{}", open_to(admin))));
        }
    }
    rows.extend(public_routes(plan).map(|route| row("public", format!("{} {}", route.id, route.pattern))));
    for name in &plan.variables {
        let environment = environment(name);
        let state = if std::env::var_os(&environment).is_some() { "set" } else { "not set here" };
        rows.push(row("variable", format!("{name}: {environment} is {state}")));
    }
    if let Some(manifest) = &checked.manifest {
        rows.push(row("manifest", manifest.display().to_string()));
    }
    let fit = match checked.diagnostics.len() {
        0 => "fits",
        _ => "can be used, with the warnings above, in",
    };
    let places = checked.places.join(" and ");
    let rows = align("  ", &rows);
    let (limits, kept) = (limits_of(checked), kept_by(plan, checked));
    let (apis, more) = (versions::text(plan, now(), paint), amplified(plan));
    format!("{}: the configuration {fit} {places}\n{rows}{apis}{limits}{kept}{more}", paint.good("ok"))
}

/// What one request of a client may become.
fn amplified(plan: &Plan) -> String {
    let rows = amplification::rows(plan);
    if rows.is_empty() {
        return String::new();
    }
    format!("what one request may become upstream\n{}", align("  ", &rows))
}

/// What routes keep of answers in each place, and what those may depend on.
fn kept_by(plan: &Plan, checked: &Checked) -> String {
    let keeps = |plan: &Plan| kept::cached(plan).next().is_some();
    let block = |(abilities, plan): &(Abilities, Plan)| {
        format!("answers kept in {}\n{}", abilities.name, align("  ", &kept::rows(plan)))
    };
    let blocks = checked.plans.iter().filter(|(_, plan)| keeps(plan)).map(block);
    let inputs = kept::cached(plan).map(|(route, _)| {
        format!("what answers of {} may depend on\n{}", route.id, align("  ", &kept::accounts(plan, route)))
    });
    blocks.chain(inputs).collect()
}

/// What limits promise in each place.
fn limits_of(checked: &Checked) -> String {
    let with_limits = checked.plans.iter().filter(|(_, plan)| !plan.limits.all.is_empty());
    let block = |(abilities, plan): &(Abilities, Plan)| {
        format!("limits in {}\n{}", abilities.name, align("  ", &limits::rows(&plan.limits, abilities)))
    };
    with_limits.map(block).collect()
}

/// For programs.
pub fn json(plan: &Plan, checked: &Checked) -> Value {
    let variable = |name: &str| json!({ "name": name, "set": std::env::var_os(environment(name)).is_some() });
    let listeners = plan.server.listeners.iter().map(|listener| {
        let public = !listener.address.ip().is_loopback();
        json!({ "address": listener.address.to_string(), "tls": listener.secure, "public": public })
    });
    let promised = checked.plans.iter().map(|(abilities, plan)| {
        json!({ "for": abilities.name, "limits": limits::promises(&plan.limits, abilities) })
    });
    let caching = checked.plans.iter().map(|(abilities, plan)| {
        let routes = kept::cached(plan).map(|(route, _)| {
            let mut entry = kept::of_route_as_json(plan, route);
            entry["id"] = json!(&*route.id);
            entry
        });
        json!({ "for": abilities.name, "routes": routes.collect::<Vec<_>>() })
    });
    let mut summary = json!({
        "limits": promised.collect::<Vec<_>>(),
        "caching": caching.collect::<Vec<_>>(),
        "amplification": amplification::all(plan),
        "files": checked.files,
        "routes": plan.reachable().len(),
        "public_routes": public_routes(plan).map(|route| &*route.id).collect::<Vec<_>>(),
        "upstreams": plan.upstreams.iter().map(|upstream| &*upstream.name).collect::<Vec<_>>(),
        "listeners": listeners.collect::<Vec<_>>(),
        "admin": plan.server.admin.map(|address| address.to_string()),
        "variables": plan.variables.iter().map(|name| variable(name)).collect::<Vec<_>>(),
        "manifest": checked.manifest.as_ref().map(|path| path.display().to_string()),
    });
    if !plan.apis.is_empty() {
        summary["apis"] = versions::json(plan, now(), None);
    }
    summary
}

/// The routes that anybody may use.
fn public_routes(plan: &Plan) -> impl Iterator<Item = &Route> {
    plan.reachable().iter().filter(|route| matches!(route.access, Access::Public))
}

fn row(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

/// Who can get there, where it is not only this machine.
fn open_to(address: SocketAddr) -> &'static str {
    match address.ip() {
        ip if ip.is_loopback() => "",
        ip if ip.is_unspecified() => " (public: every address of this machine)",
        _ => " (public)",
    }
}

fn upstreams(plan: &Plan) -> String {
    match plan.upstreams.len() {
        0 => "none".to_owned(),
        _ => plan.upstreams.iter().map(|upstream| &*upstream.name).collect::<Vec<_>>().join(", "),
    }
}

fn environment(name: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase())
}
