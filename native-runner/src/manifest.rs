//! `spin.toml`: what a Spin application allows the component, against what the configuration needs.
//!
//! Spin's sandbox grants only what the manifest says: addresses that may be called, key-value stores, variables. So the
//! manifest should say exactly what the configuration needs: with less some routes fail, with more the sandbox is wider
//! than it must be. [`compare`] finds the differences, [`update`] removes them.

use std::path::{Path, PathBuf};

use tollgate::plan::Plan;
use toml_edit::{Item, TableLike};

mod allowed;
mod compare;
mod list;
mod update;

pub use compare::compare;
pub use update::update;

/// The component's name in the manifest, where there are several.
const COMPONENT: &str = "tollgate";

/// What a configuration needs of its host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Addresses to call, sorted: `http://127.0.0.1:9101`, each with what needs it.
    pub hosts: Vec<(String, String)>,
    /// Key-value stores.
    pub stores: Vec<String>,
    /// Variables, sorted.
    pub variables: Vec<String>,
}

// === impl Needs ===

impl Needs {
    /// What `plan` needs.
    pub fn of(plan: &Plan) -> Self {
        let mut hosts: Vec<_> = plan
            .upstreams
            .iter()
            .flat_map(|upstream| upstream.targets.members.iter().map(move |member| (upstream, member)))
            .map(|(upstream, member)| {
                let target = &member.target;
                let scheme = if target.secure { "https" } else { "http" };
                // The authority's host keeps the brackets of an IPv6 address.
                (
                    format!("{scheme}://{}:{}", target.authority.host(), target.port),
                    format!("the upstream \"{}\"", upstream.name),
                )
            })
            .collect();
        hosts.extend(plan.called.iter().map(|(address, purpose)| (address.to_string(), purpose.to_string())));
        hosts.sort();
        hosts.dedup_by(|a, b| a.0 == b.0);
        let variables = plan.variables.iter().map(ToString::to_string).collect();
        // A store in Redis is an address, and has no label.
        let stores = plan.stores().filter(|store| store.redis.is_none());
        let mut stores: Vec<_> = stores.map(|store| store.label.to_string()).collect();
        stores.sort();
        stores.dedup();
        Self { hosts, stores, variables }
    }
}

/// The manifest that goes with a configuration's directory: in it, or beside it.
pub fn find(directory: &Path) -> Option<PathBuf> {
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        // A single name stands in the current directory; `.` and `..` have no name to take away.
        Some(_) if directory.file_name().is_some() => PathBuf::from("."),
        _ => directory.join(".."),
    };
    let candidates = [directory.join("spin.toml"), parent.join("spin.toml")];
    let found = candidates.into_iter().find(|path| path.is_file())?;
    Some(found.strip_prefix(".").map(Path::to_owned).unwrap_or(found))
}

/// The name of the gateway's component: `tollgate`, or the only one there is.
fn component_name(manifest: &dyn TableLike) -> Option<String> {
    let components = manifest.get("component").and_then(Item::as_table_like)?;
    if components.contains_key(COMPONENT) {
        return Some(COMPONENT.to_owned());
    }
    let mut names = components.iter().map(|(name, _)| name);
    names.next().filter(|_| names.next().is_none()).map(str::to_owned)
}

/// The names in the `{{ name }}` places of a template.
fn references(template: &str) -> Vec<&str> {
    let places = template.split("{{").skip(1);
    places.filter_map(|place| Some(place.split_once("}}")?.0.trim())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tollgate::plan::StorePlan;

    use super::*;

    #[test]
    fn all_that_is_called_is_needed() {
        let document = serde_json::json!({
            "store": {"label": "tokens"},
            "stores": {
                "far": {"redis": {"address": "redis://redis.test", "password": "${redis_password}"}},
                "near": {"label": "counts"},
            },
            "rate_limits": {
                "far": {"rate": "1/s", "store": "far"},
                "near": {"rate": "1/s", "store": "near", "counting": "approximate"},
            },
            "upstreams": {"a": {"url": "http://a.test"}},
            "auth": {
                "one": {"introspection": {
                    "endpoint": "https://id.test/introspect", "client_id": "a", "client_secret": "${secret}",
                }},
                "two": {"external": {"url": "http://guard.test:9000/"}},
            },
            "routes": [{
                "id": "a", "auth": {"any": "one", "external": "two"}, "upstream": "a", "rate_limits": ["far", "near"],
            }],
        });
        let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
        let (mut plan, _) = Plan::compile(&documents, &tollgate::plan::Abilities::COMPONENT).unwrap();
        let store = |label: &str, redis| StorePlan { label: label.into(), file: None, redis };
        let redis = plan.limits.stores.iter().find_map(|store| store.redis.clone());
        plan.caching.stores = vec![store("answers", None), store("counts", None), store("far", redis)];
        let needs = Needs::of(&plan);
        let needed = |address: &str, who: &str| (address.to_owned(), who.to_owned());
        assert_eq!(
            needs.hosts,
            [
                needed("http://a.test:80", "the upstream \"a\""),
                needed("http://guard.test:9000", "external authorisation"),
                needed("https://id.test:443", "token introspection"),
                needed("redis://redis.test:6379", "the store \"far\""),
            ]
        );
        assert_eq!(
            (needs.stores, needs.variables),
            (
                vec!["answers".to_owned(), "counts".to_owned(), "tokens".to_owned()],
                vec!["redis_password".to_owned(), "secret".to_owned()]
            )
        );
    }

    #[test]
    fn finds_references() {
        assert_eq!(references("a {{ b }}{{c}} {{ d"), ["b", "c"]);
    }
}
