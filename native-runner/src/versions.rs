//! Versions of APIs and where in their lives they are: what `routes`, `check` and the operator's address show.

use serde_json::{Value, json};
use tollgate::host::UnixMillis;
use tollgate::plan::Plan;
use tollgate::telemetry::line;
use tollgate::version::{Api, Unasked, Version, Way};

use crate::columns::align;
use crate::observe::versions::Versions;
use crate::paint::Paint;

/// One block an API, one line a version; nothing where there are none.
pub fn text(plan: &Plan, now: UnixMillis, paint: Paint) -> String {
    let block = |(index, api): (usize, &Api)| {
        let rows: Vec<_> = (0..api.versions.len()).map(|version| row(plan, index, version, now)).collect();
        let title = format!("api {}", api.name);
        format!("{} by {}; {}\n{}", paint.strong(&title), ways(api), unasked(api), align("  ", &rows))
    };
    plan.apis.iter().map(|api| &**api).enumerate().map(block).collect()
}

/// The same for programs, with who used which version, where that was counted.
pub fn json(plan: &Plan, now: UnixMillis, used: Option<&Versions>) -> Value {
    let api = |(index, api): (usize, &Api)| {
        let versions: Vec<_> =
            (0..api.versions.len()).map(|version| entry(plan, index, version, now, used)).collect();
        json!({ "name": &*api.name, "asked_by": ways(api), "versions": versions })
    };
    plan.apis.iter().map(|api| &**api).enumerate().map(api).collect()
}

fn row(plan: &Plan, api: usize, index: usize, now: UnixMillis) -> Vec<String> {
    let version = &plan.apis[api].versions[index];
    let dates = dates(version).into_iter().filter_map(|(what, moment)| Some(format!("{what} {}", moment?)));
    let successor = successor(&plan.apis[api], version).map(|name| format!("then {name}"));
    vec![
        version.name.to_string(),
        stage(version, now).to_owned(),
        dates.collect::<Vec<_>>().join(", "),
        successor.unwrap_or_default(),
        serves(plan, api, index).join(", "),
    ]
}

fn entry(plan: &Plan, api: usize, index: usize, now: UnixMillis, used: Option<&Versions>) -> Value {
    let of = &plan.apis[api];
    let version = &of.versions[index];
    let brownouts = version.life.brownouts.iter().map(|brownout| {
        let share = format!("{}%", brownout.share);
        json!({ "from": date(brownout.from), "to": date(brownout.to), "share": share })
    });
    let mut entry = json!({
        "name": &*version.name,
        "stage": stage(version, now),
        "successor": successor(of, version),
        "brownouts": brownouts.collect::<Vec<_>>(),
        "routes": serves(plan, api, index),
    });
    for (what, moment) in dates(version) {
        entry[what] = json!(moment);
    }
    if let Some(used) = used {
        let counted = used.get(&(of.name.clone(), version.name.clone()));
        entry["requests"] = json!(counted.map_or(0, |counted| counted.requests));
        entry["deprecated_requests"] = json!(counted.map(|counted| &counted.past));
    }
    entry
}

fn stage(version: &Version, UnixMillis(now): UnixMillis) -> &'static str {
    version.life.stage(now / 1000).name()
}

fn dates(version: &Version) -> [(&'static str, Option<String>); 4] {
    let life = &version.life;
    [
        ("introduced", life.introduced.map(date)),
        ("deprecated", life.deprecated.map(date)),
        ("sunset", life.sunset.map(date)),
        ("retired", life.retired.map(date)),
    ]
}

fn successor<'a>(api: &'a Api, version: &Version) -> Option<&'a str> {
    Some(&*api.versions.get(version.life.successor?)?.name)
}

/// The routes that serve a version.
fn serves(plan: &Plan, api: usize, index: usize) -> Vec<&str> {
    let serves = |route: &&tollgate::plan::Route| {
        route
            .version
            .as_ref()
            .is_some_and(|condition| condition.index == api && condition.serves.contains(index))
    };
    plan.reachable().iter().filter(serves).map(|route| &*route.id).collect()
}

/// As it would be written: without the time where a day begins.
fn date(seconds: u64) -> String {
    let text = line::rfc3339(UnixMillis(seconds.saturating_mul(1000)));
    match text.strip_suffix("T00:00:00.000Z") {
        Some(day) => day.to_owned(),
        None => text.replace(".000Z", "Z"),
    }
}

fn ways(api: &Api) -> String {
    let way = |way: &Way| match way {
        Way::Path(name) => format!("path {{{name}}}"),
        Way::Header(name) => format!("header {name}"),
        Way::Query(name) => format!("query {name}"),
        Way::Parameter(name) => format!("media type with {name}"),
        Way::Vendor(vendor) => format!("media type {}…", vendor.before),
        Way::Host(before, after) => format!("host {before}{{version}}{after}"),
    };
    api.ways.iter().map(way).collect::<Vec<_>>().join(", ")
}

fn unasked(api: &Api) -> String {
    match api.default {
        Unasked::Latest => "else the latest".to_owned(),
        Unasked::Oldest => "else the oldest".to_owned(),
        Unasked::This(index) => format!("else {}", api.versions[index].name),
        Unasked::Required => "required".to_owned(),
    }
}
