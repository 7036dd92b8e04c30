//! The routes in the order in which they are tried, for people: what [`super::table`] has spread over its trees.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::table::{Entry, HostPattern, order};
use crate::plan::Plan;

/// The routes that one host name, or all below one, selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'p> {
    /// The host; `None` for any.
    pub host: Option<&'p HostPattern>,
    /// The indices of the routes, best first.
    pub routes: Vec<usize>,
}

/// How the order is decided, in one sentence.
pub const RULE: &str = "The first that fits takes a request: host (exact, then the longest wildcard), path (exact, \
    then the longest prefix), methods listed, most header conditions, most query conditions, versions of an API, order in the files.";

impl Plan {
    /// Every host that a route names, best first, with its routes, best first. A route with several hosts stands in
    /// several groups. A request goes through all groups whose host matches, one after the other.
    pub fn in_match_order(&self) -> Vec<Group<'_>> {
        let mut hosts: BTreeMap<Option<&HostPattern>, Vec<usize>> = BTreeMap::new();
        for (index, route) in self.reachable().iter().enumerate() {
            if route.hosts.is_empty() {
                hosts.entry(None).or_default().push(index);
            }
            for host in &route.hosts {
                hosts.entry(Some(host)).or_default().push(index);
            }
        }
        let mut groups: Vec<_> = hosts.into_iter().map(|(host, routes)| Group { host, routes }).collect();
        for group in &mut groups {
            // Stable: what is equal stays in the order of the files.
            group
                .routes
                .sort_by(|a, b| order(&Entry::from(&self.routes[*a]), &Entry::from(&self.routes[*b])));
        }
        groups.sort_by_key(|group| rank(group.host));
        groups
    }
}

/// Exact names, then those below a name, the longest first, then any.
fn rank(host: Option<&HostPattern>) -> (u8, Reverse<usize>) {
    match host {
        Some(HostPattern::Exact(_)) => (0, Reverse(0)),
        Some(HostPattern::Below(suffix)) => (1, Reverse(suffix.len())),
        None => (2, Reverse(0)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::config::Document;
    use crate::plan::{Abilities, Plan};

    #[test]
    fn hosts_then_paths_then_conditions_then_files() {
        let route = |id: &str, matches: serde_json::Value| serde_json::json!({ "id": id, "auth": "public", "match": matches, "respond": {} });
        let document: Document = serde_json::from_value(serde_json::json!({ "routes": [
            route("any", serde_json::json!({})),
            route("below-short", serde_json::json!({ "host": "*.example" })),
            route("below-long", serde_json::json!({ "host": "*.a.example" })),
            route("prefix", serde_json::json!({ "prefix": "/a", "host": "b.example" })),
            route("exact", serde_json::json!({ "path": "/a", "host": "b.example" })),
            route("methods", serde_json::json!({ "prefix": "/a", "host": "b.example", "methods": ["GET"] })),
        ]}))
        .unwrap();
        let (plan, _) = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap();
        let order: Vec<_> = plan
            .in_match_order()
            .iter()
            .flat_map(|group| group.routes.iter().map(|route| &*plan.routes[*route].id))
            .collect();
        assert_eq!(order, ["exact", "methods", "prefix", "below-long", "below-short", "any"]);
    }
}
