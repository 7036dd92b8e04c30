//! Why each route takes a request, or does not.

use serde::Serialize;

use crate::plan::{Plan, Route};
use crate::route::path::Normal;
use crate::route::table::HostPattern;
use crate::route::{Miss, Query};

/// A route, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// The route's name.
    pub id: String,
    /// The host pattern under which it was looked at; `None` for any host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its path pattern.
    pub path: String,
    /// Where it is written.
    pub file: String,
    /// Where in the file.
    pub pointer: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verdict {
    /// It takes the request.
    Taken,
    /// It would take the request, but another goes before it.
    After,
    /// It is the one, but does not allow what is ambiguous in the path.
    Refused {
        /// Names of settings of `paths`.
        ambiguities: Vec<&'static str>,
    },
    /// It is for other hosts.
    OtherHost,
    /// It is for other paths.
    OtherPath,
    /// One of its conditions does not hold.
    Condition {
        /// The condition, in words: `header x-beta is "yes"`.
        wanted: String,
    },
    /// It is for other methods.
    OtherMethod {
        /// The methods it is for.
        wanted: Vec<String>,
    },
}

/// Every route: those for the request's host in the order in which they are tried, then those for others.
pub(super) fn all(
    plan: &Plan,
    query: &Query<'_>,
    normal: &Normal<'_>,
    taken: Option<usize>,
) -> Vec<Considered> {
    let groups = plan.in_match_order();
    let (near, far): (Vec<_>, Vec<_>) =
        groups.iter().partition(|group| group.host.is_none_or(|host| host.matches(query.host)));
    let mut seen = vec![false; plan.routes.len()];
    let mut decided = false;
    let mut found = Vec::with_capacity(plan.routes.len());
    for group in near.into_iter().chain(far) {
        for index in &group.routes {
            // A route with several hosts is looked at once, where it is looked at first.
            if std::mem::replace(&mut seen[*index], true) {
                continue;
            }
            let route = &plan.routes[*index];
            let verdict = match route.miss(query) {
                Some(miss) => Verdict::from_miss(&miss, route),
                None if taken == Some(*index) => Verdict::Taken,
                None if decided => Verdict::After,
                None => {
                    Verdict::Refused { ambiguities: normal.found.minus(route.tolerated).names().collect() }
                }
            };
            decided |= matches!(verdict, Verdict::Taken | Verdict::Refused { .. });
            found.push(Considered::new(route, group.host, verdict));
        }
    }
    found
}

// === impl Considered ===

impl Considered {
    fn new(route: &Route, host: Option<&HostPattern>, verdict: Verdict) -> Self {
        Self {
            id: route.id.to_string(),
            host: host.map(ToString::to_string),
            path: route.pattern.to_string(),
            file: route.origin.0.to_string(),
            pointer: route.origin.1.to_string(),
            verdict,
        }
    }
}

// === impl Verdict ===

impl Verdict {
    fn from_miss(miss: &Miss<'_>, route: &Route) -> Self {
        match miss {
            Miss::Host => Self::OtherHost,
            Miss::Path => Self::OtherPath,
            Miss::Header(condition) => {
                Self::Condition { wanted: format!("header {}{}", condition.name, condition.expect) }
            }
            Miss::Query(condition) => {
                Self::Condition { wanted: format!("query {}{}", condition.name, condition.expect) }
            }
            Miss::Version(condition) => Self::Condition { wanted: condition.to_string() },
            Miss::Method => {
                Self::OtherMethod { wanted: route.methods.listed.iter().map(ToString::to_string).collect() }
            }
        }
    }
}
