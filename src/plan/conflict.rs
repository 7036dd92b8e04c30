//! Routes against one another: conflicts, and routes that no request reaches.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method};

use super::compile::{Context, STANDARD_METHODS};
use super::version::witness::Saying;
use super::{Plan, Route, version};
use crate::diagnostic::{Diagnostic, Place};
use crate::route::condition::{self, Expect};
use crate::route::pattern::{Pattern, Segment, Tail};
use crate::route::table::HostPattern;
use crate::route::{Found, Query};

/// A request that a route's conditions ask for, made from the route itself.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its host.
    pub host: String,
    /// Its path.
    pub path: String,
    /// Its query, without the question mark.
    pub query: Option<String>,
    /// Its header fields.
    pub headers: HeaderMap,
    /// When it comes, in seconds since 1970: when there is the version that it asks for.
    pub now: u64,
}

impl Context<'_> {
    /// Reports conflicts, and where there are none, routes that are never reached.
    pub(super) fn conflicts(&mut self, plan: &Plan) {
        for group in same_paths(plan.reachable()) {
            for (at, second) in group.iter().enumerate() {
                for first in &group[..at] {
                    self.compare(&plan.routes[*first], &plan.routes[*second]);
                }
            }
        }
        if self.diagnostics.is_empty() {
            for route in 0..plan.reachable().len() {
                self.reachable(plan, route);
            }
        }
    }

    fn compare(&mut self, first: &Route, second: &Route) {
        let Some(methods) = shared_methods(first, second) else { return };
        if first.headers.len() != second.headers.len() || first.query.len() != second.query.len() {
            return;
        }
        let Some(versions) = shared_versions(first, second) else { return };
        let same = first
            .headers
            .iter()
            .all(|a| second.headers.iter().any(|b| a.name == b.name && a.expect == b.expect))
            && first
                .query
                .iter()
                .all(|a| second.query.iter().any(|b| a.name == b.name && a.expect == b.expect));
        if !same && (first.origin.0 == second.origin.0 || exclude(first, second)) {
            return;
        }
        let message = if same {
            format!(
                "the routes \"{}\" and \"{}\" take the same requests{methods}{versions}",
                first.id, second.id
            )
        } else {
            format!(
                "only the order of the files tells the routes \"{}\" and \"{}\" apart for some requests{methods}{versions}",
                first.id, second.id
            )
        };
        let help = if same {
            "remove one, or give one a condition that the other has not"
        } else {
            "put both into one file, where their order says which goes first"
        };
        self.report(Diagnostic::error(place(second), message).related(place(first), "the other one"))
            .help(help);
    }

    /// Tries whether the request that `route` asks for gets there.
    fn reachable(&mut self, plan: &Plan, route: usize) {
        let subject = &plan.routes[route];
        let Some(witness) = witness(subject) else { return };
        let any = [&STANDARD_METHODS[..7], &plan.methods].concat();
        let methods = if subject.methods.is_any() { &any } else { &subject.methods.listed };
        let lost: Vec<_> = methods
            .iter()
            .filter_map(|method| Some((method, taken_by(plan, &witness, method, route)?)))
            .collect();
        let Some((method, other)) = lost.first() else { return };
        let all = lost.len() == methods.len();
        // A route for any method that leaves some of them to others is how such routes are meant.
        if !all && subject.methods.is_any() {
            return;
        }
        let other = &plan.routes[*other];
        let message = if all {
            format!("no request reaches the route \"{}\"", subject.id)
        } else {
            format!("the route \"{}\" never gets its {method} requests", subject.id)
        };
        let example = format!("{method} http://{}{} goes to \"{}\"", witness.host, witness.path, other.id);
        self.report(Diagnostic::warning(place(subject), message).related(place(other), "taken by"))
            .help(example);
    }
}

fn place(route: &Route) -> Place {
    Place::new(&*route.origin.0, &*route.origin.1)
}

/// The route that gets the witness with `method`, where it is another than `route`.
fn taken_by(plan: &Plan, witness: &Witness, method: &Method, route: usize) -> Option<usize> {
    let query = Query {
        host: &witness.host,
        path: &witness.path,
        query: witness.query.as_deref(),
        method,
        headers: &witness.headers,
        now: witness.now,
        preflight: false,
    };
    match plan.find(&query) {
        Found::Route(found) if found != route => Some(found),
        _ => None,
    }
}

/// Groups of routes with a host and all paths in common, in the order of the files.
fn same_paths(routes: &[Route]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(Option<&HostPattern>, String), Vec<usize>> = BTreeMap::new();
    for (index, route) in routes.iter().enumerate() {
        let paths = anonymous(&route.pattern);
        if route.hosts.is_empty() {
            groups.entry((None, paths.clone())).or_default().push(index);
        }
        for host in &route.hosts {
            groups.entry((Some(host), paths.clone())).or_default().push(index);
        }
    }
    let mut groups: Vec<_> = groups.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    groups.dedup();
    groups
}

/// The pattern with names left out: equal for patterns with the same paths.
fn anonymous(pattern: &Pattern) -> String {
    let under = if pattern.is_prefix() { "/**" } else { "" };
    format!("{}{under}", pattern.to_matchit())
}

/// What the routes' methods have in common, for a message; `None` for nothing.
fn shared_methods(first: &Route, second: &Route) -> Option<String> {
    match (first.methods.is_any(), second.methods.is_any()) {
        (true, true) => Some(String::new()),
        (true, false) | (false, true) => None,
        (false, false) => {
            let shared: Vec<_> = first.methods.shared(&second.methods).map(Method::as_str).collect();
            (!shared.is_empty()).then(|| format!(" with {}", shared.join(", ")))
        }
    }
}

/// What the routes' versions have in common, for a message; `None` for nothing, and where only one is for versions: it goes
/// before the other.
fn shared_versions(first: &Route, second: &Route) -> Option<String> {
    match (&first.version, &second.version) {
        (None, None) => Some(String::new()),
        (None, Some(_)) | (Some(_), None) => None,
        (Some(first), Some(second)) if first.index != second.index => Some(String::new()),
        (Some(first), Some(second)) => {
            let shared = first.serves.shared(second.serves);
            let shared = shared.indices().next().and_then(|index| first.api.versions.get(index))?;
            Some(format!(" for version {} of {}", shared.name, first.api.name))
        }
    }
}

fn exclude(first: &Route, second: &Route) -> bool {
    fn headers(route: &Route) -> Vec<(&str, &Expect)> {
        route.headers.iter().map(|condition| (condition.name.as_str(), &condition.expect)).collect()
    }
    fn query(route: &Route) -> Vec<(&str, &Expect)> {
        route.query.iter().map(|condition| (&*condition.name, &condition.expect)).collect()
    }
    condition::exclude(&headers(first), &headers(second)) || condition::exclude(&query(first), &query(second))
}

/// A request that satisfies `route`'s own conditions; `None` where one of them is a regular expression, for which
/// none can be made up.
pub fn witness(route: &Route) -> Option<Witness> {
    let mut headers = HeaderMap::new();
    for condition in &route.headers {
        match &condition.expect {
            Expect::Exact(text) => drop(headers.insert(&condition.name, HeaderValue::from_str(text).ok()?)),
            Expect::Present => drop(headers.insert(&condition.name, HeaderValue::from_static("x"))),
            Expect::Absent => {}
            Expect::Regex(_) => return None,
        }
    }
    let mut query = Vec::new();
    for condition in &route.query {
        match &condition.expect {
            Expect::Exact(text) => query.push((condition.name.as_ref(), text.as_ref())),
            Expect::Present => query.push((condition.name.as_ref(), "x")),
            Expect::Absent => {}
            Expect::Regex(_) => return None,
        }
    }
    let saying = match &route.version {
        Some(condition) => version::witness::ask(condition, &mut headers)?,
        None => Saying::default(),
    };
    query.extend(saying.parameter.as_ref().map(|(name, value)| (name.as_ref(), value.as_ref())));
    let query = (!query.is_empty())
        .then(|| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    let host = match route.hosts.first() {
        None => "witness.invalid".to_owned(),
        Some(HostPattern::Exact(name)) => name.to_string(),
        Some(HostPattern::Below(suffix)) => format!("witness{suffix}"),
    };
    let host = saying.host.unwrap_or(host);
    let path = witness_path(&route.pattern, saying.captured.as_ref());
    Some(Witness { host, path, query, headers, now: saying.now })
}

/// A path with values in it that no other route is likely to name.
fn witness_path(pattern: &Pattern, version: Option<&(usize, Box<str>)>) -> String {
    let mut path = String::new();
    let mut captures = 0..;
    for segment in pattern.segments() {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::Capture { prefix, suffix, .. } => {
                let place = captures.next();
                let version = version.filter(|(at, _)| Some(*at) == place);
                path.extend([&**prefix, version.map_or("~witness~", |(_, name)| &**name), suffix]);
            }
        }
    }
    match pattern.tail() {
        Tail::Rest(_) => path.push_str("/~witness~"),
        Tail::Under if path.is_empty() => path.push('/'),
        Tail::End | Tail::Under => {}
    }
    path
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Document;
    use crate::plan::Abilities;

    /// A plan of routes written as JSON, without `id` and action.
    fn plan(matches: &[&str]) -> Plan {
        let routes: Vec<String> = (0..)
            .zip(matches)
            .map(|(id, matches)| format!(r#"{{"id":"r{id}","match":{matches},"respond":{{}}}}"#))
            .collect();
        let document: Document = serde_json::from_str(&format!(
            r#"{{"defaults":{{"auth":"public"}},"routes":[{}]}}"#,
            routes.join(",")
        ))
        .unwrap();
        Plan::compile(&[("routes.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0
    }

    fn found(plan: &Plan, method: Method, host: &str, field: Option<&'static str>) -> Found {
        let mut headers = HeaderMap::new();
        field.map(|name| headers.insert(name, HeaderValue::from_static("1")));
        let headers = &headers;
        plan.find(&Query {
            host,
            path: "/a",
            query: None,
            method: &method,
            headers,
            now: 0,
            preflight: false,
        })
    }

    #[test]
    fn head_goes_to_the_route_that_lists_it() {
        let plan = plan(&[r#"{"path":"/a","methods":["GET"]}"#, r#"{"path":"/a","methods":["HEAD"]}"#]);
        assert_eq!(found(&plan, Method::GET, "h", None), Found::Route(0));
        assert_eq!(found(&plan, Method::HEAD, "h", None), Found::Route(1));
    }

    #[test]
    fn head_goes_through_get_where_the_route_that_lists_it_does_not_match() {
        let hosts = [
            r#"{"path":"/a","methods":["GET"],"host":["a.example","b.example"]}"#,
            r#"{"path":"/a","methods":["HEAD"],"host":"a.example"}"#,
        ];
        let hosts = plan(&hosts);
        assert_eq!(found(&hosts, Method::HEAD, "a.example", None), Found::Route(1));
        assert_eq!(found(&hosts, Method::HEAD, "b.example", None), Found::Route(0));
        let fields = [
            r#"{"path":"/a","methods":["GET"],"headers":{"x":"1"}}"#,
            r#"{"path":"/a","methods":["HEAD"],"headers":{"y":"1"}}"#,
        ];
        let fields = plan(&fields);
        assert_eq!(found(&fields, Method::HEAD, "h", Some("x")), Found::Route(0));
        assert_eq!(found(&fields, Method::HEAD, "h", Some("y")), Found::Route(1));
    }

    #[test]
    fn a_witness_satisfies_its_route() {
        let plan = plan(&[
            r#"{"path":"/a/{b}/x-{c}.json","host":"*.example","headers":{"x":"1","y":{"present":false}}}"#,
            r#"{"prefix":"/","query":{"q":"a b&c","r":{"present":true}}}"#,
            r#"{"path":"/s/{*rest}"}"#,
        ]);
        for route in &plan.routes {
            let Witness { host, path, query, headers, now } = witness(route).unwrap();
            let query = Query {
                host: &host,
                path: &path,
                query: query.as_deref(),
                method: &Method::GET,
                headers: &headers,
                now,
                preflight: false,
            };
            assert!(route.miss(&query).is_none(), "{}: {path}", route.id);
        }
    }
}
