//! Laws of routing: the table finds what looking at every route one after the other finds, by an order that is written
//! here a second time, from the documents and not from the code.
//!
//! The order, from the Kubernetes Gateway API (`HTTPRouteMatch`, "Proxy or Load Balancer routing configuration
//! generated from HTTPRoutes MUST prioritize matches based on the following criteria, continuing on ties"): the host
//! (exact, then the longest), an exact path, the longest prefix, a method, the most header matches, the most query
//! matches, the first in the list. What that leaves open is captures; see [`path_key`].

#![allow(clippy::unwrap_used)]

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderMap, HeaderValue, Method};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::config::{Condition, ConditionTable, Document, Match, OneOrMany, Respond, Route};
use tollgate::plan::{Abilities, Plan};
use tollgate::route::pattern::Pattern;
use tollgate::route::table::HostPattern;
use tollgate::route::{Found, Miss, Query};

// === what is generated ===

/// Literals, captures, and captures with something before or behind them, chosen so that many of them meet.
const SEGMENTS: [&str; 13] =
    ["a", "b", "ab", "abb", "c.d", "{}", "{}", "a{}", "ab{}", "{}b", "{}bb", "{}abb", "a{}b"];

/// Segments of requests: literals of the patterns, and what their captures take.
const VALUES: [&str; 10] = ["a", "b", "ab", "abb", "aabb", "c.d", "x", "ax", "xb", "abxb"];

fn pattern_text(segments: &[&str], end: &str) -> String {
    let names = ('p'..).map(|name| format!("{{{name}}}"));
    let segments =
        segments.iter().zip(names).map(|(segment, name)| format!("/{}", segment.replace("{}", &name)));
    let text = segments.collect::<String>() + end;
    if text.is_empty() { "/".to_owned() } else { text }
}

/// The text of a pattern, and whether it is a prefix.
fn pattern() -> impl Strategy<Value = (String, bool)> {
    let end = prop_oneof![4 => Just(("", false)), 1 => Just(("/", false)), 2 => Just(("/{*rest}", false)), 3 => Just(("", true))];
    (vec(select(&SEGMENTS[..]), 0..4), end)
        .prop_map(|(segments, (end, prefix))| (pattern_text(&segments, end), prefix))
}

/// Only what the Gateway API itself has.
fn plain_pattern() -> impl Strategy<Value = (String, bool)> {
    (vec(select(&SEGMENTS[..5]), 0..5), any::<bool>())
        .prop_map(|(segments, prefix)| (pattern_text(&segments, ""), prefix))
}

fn hosts() -> impl Strategy<Value = Option<OneOrMany>> {
    let host = select(&["h.example", "a.h.example", "*.h.example", "*.example", "*.a.h.example"][..]);
    prop_oneof![
        3 => Just(None),
        3 => host.clone().prop_map(|host| Some(OneOrMany::One(host.to_owned()))),
        1 => vec(host.prop_map(str::to_owned), 1..3).prop_map(|hosts| Some(OneOrMany::Many(hosts))),
    ]
}

fn methods() -> impl Strategy<Value = Vec<String>> {
    let sets: [&[&str]; 8] =
        [&[], &[], &["GET"], &["GET", "POST"], &["HEAD"], &["GET", "HEAD"], &["POST"], &["PURGE", "TRACE"]];
    select(sets.to_vec()).prop_map(|set| set.iter().map(|method| (*method).to_owned()).collect())
}

fn condition() -> impl Strategy<Value = Condition> {
    let table = |exact: Option<&str>, regex: Option<&str>, present| {
        let [exact, regex] = [exact, regex].map(|text| text.map(str::to_owned));
        Condition::Table(ConditionTable { exact, regex, present })
    };
    prop_oneof![
        Just(Condition::Exact("1".to_owned())),
        Just(table(None, None, Some(true))),
        Just(table(None, None, Some(false))),
        Just(table(None, Some("^[0-9]$"), None)),
    ]
}

fn conditions() -> impl Strategy<Value = BTreeMap<String, Condition>> {
    prop_oneof![
        2 => Just(BTreeMap::new()),
        1 => btree_map(select(&["x-a", "x-b"][..]).prop_map(str::to_owned), condition(), 0..3),
    ]
}

fn matches(pattern: impl Strategy<Value = (String, bool)>) -> impl Strategy<Value = Match> {
    (hosts(), pattern, methods(), conditions(), conditions()).prop_map(
        |(host, pattern, methods, headers, query)| {
            let (path, prefix) = match pattern {
                (text, true) => (None, Some(text)),
                (text, false) => (Some(text), None),
            };
            Match { host, path, prefix, methods, headers, query, ..Match::default() }
        },
    )
}

/// A request, as what routes look at.
#[derive(Debug, Clone)]
struct Asked {
    host: &'static str,
    path: String,
    method: Method,
    headers: HeaderMap,
    query: Option<String>,
}

impl Asked {
    fn query(&self) -> Query<'_> {
        let Self { host, path, method, headers, query } = self;
        Query { host, path, query: query.as_deref(), method, headers, now: 0, preflight: false }
    }
}

fn path() -> impl Strategy<Value = String> {
    (vec(select(&VALUES[..]), 0..5), any::<bool>()).prop_map(|(segments, slash)| {
        let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        if slash || path.is_empty() { path + "/" } else { path }
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let host = select(
        &["h.example", "a.h.example", "b.h.example", "x.a.h.example", "example", "other", ".h.example"][..],
    );
    let method =
        select(vec![Method::GET, Method::GET, Method::HEAD, Method::POST, Method::TRACE, Method::PUT]);
    let values = || btree_map(select(&["x-a", "x-b"][..]), select(&["1", "2", "word"][..]), 0..3);
    (host, path(), method, values(), values()).prop_map(|(host, path, method, headers, query)| {
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let query = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        Asked { host, path, method, headers, query: (!query.is_empty()).then(|| query.join("&")) }
    })
}

/// A plan of the routes of `matches` that do not conflict.
fn plan(matches: Vec<Match>) -> Plan {
    let respond = Respond { status: Some(204), body: None, content_type: None };
    let mut routes: Vec<_> = (0..)
        .zip(matches)
        .map(|(at, matches)| Route {
            auth: Some(tollgate::config::Access::Name("public".to_owned())),
            id: format!("r{at}"),
            matches: Some(matches),
            respond: Some(respond.clone()),
            ..Route::default()
        })
        .collect();
    loop {
        let document = Document { routes, ..Document::default() };
        let documents = [("routes.toml".to_owned(), document)];
        let diagnostics = match Plan::compile(&documents, &Abilities::NATIVE) {
            Ok((plan, _)) => return plan,
            Err(diagnostics) => diagnostics,
        };
        let second: BTreeSet<usize> = diagnostics
            .iter()
            .map(|found| {
                assert!(found.message.contains("take the same requests"), "{found}");
                found.place.pointer.strip_prefix("/routes/").unwrap().parse().unwrap()
            })
            .collect();
        let [(_, document)] = documents;
        routes = (0..)
            .zip(document.routes)
            .filter(|(at, _)| !second.contains(at))
            .map(|(_, route)| route)
            .collect();
    }
}

// === the oracle ===

/// How a host that matches stands to others: exact, then the longest.
fn host_key(route: &tollgate::plan::Route, host: &str) -> (u8, Reverse<usize>) {
    let key = |pattern: &HostPattern| match pattern {
        HostPattern::Exact(_) => (0, Reverse(0)),
        HostPattern::Below(suffix) => (1, Reverse(suffix.len())),
    };
    route.hosts.iter().filter(|pattern| pattern.matches(host)).map(key).min().unwrap_or((2, Reverse(0)))
}

/// One step of a path for the order: its kind, and for captures the characters around them.
type Step = (u8, Reverse<usize>, Reverse<usize>, String);

/// A pattern as it is written, step by step from the left. The end of the path goes first, then a literal, a partial
/// capture (more characters first, then more of them in front), a whole capture, `{*rest}`, everything under a prefix.
fn path_key(written: &str) -> Vec<Step> {
    let step = |kind, around: &str, front: usize, text: &str| {
        (kind, Reverse(around.len()), Reverse(front), text.to_owned())
    };
    let (body, end) = match (written.strip_suffix("/**"), written.find("/{*")) {
        (Some(body), _) => (body, step(5, "", 0, "")),
        (None, Some(at)) => (&written[..at], step(4, "", 0, "")),
        (None, None) => (written, step(0, "", 0, "")),
    };
    let steps = body.split('/').skip(1).map(|segment| match (segment.find('{'), segment.find('}')) {
        (Some(open), Some(close)) => {
            let around = format!("{}{}", &segment[..open], &segment[close + 1..]);
            let kind = if around.is_empty() { 3 } else { 2 };
            step(kind, &around, open, &format!("{}*{}", &segment[..open], &segment[close + 1..]))
        }
        _ => step(1, "", 0, segment),
    });
    steps.chain([end]).collect()
}

/// The whole order, for two routes that match one request.
fn before(a: &tollgate::plan::Route, b: &tollgate::plan::Route, asked: &Asked) -> Ordering {
    let key = |route: &tollgate::plan::Route| {
        (
            host_key(route, asked.host),
            path_key(&route.pattern.to_string()),
            route.methods.is_any(),
            Reverse(route.headers.len()),
            Reverse(route.query.len()),
            // A route that lists HEAD goes before one that takes it through GET.
            asked.method == Method::HEAD && !route.methods.listed.contains(&Method::HEAD),
        )
    };
    key(a).cmp(&key(b))
}

fn by_hand(plan: &Plan, asked: &Asked) -> Found {
    let query = asked.query();
    let mut all: Vec<usize> = (0..plan.routes.len()).collect();
    all.sort_by(|a, b| before(&plan.routes[*a], &plan.routes[*b], asked));
    if let Some(winner) = all.iter().find(|at| plan.routes[**at].miss(&query).is_none()) {
        return Found::Route(*winner);
    }
    match all.iter().any(|at| matches!(plan.routes[*at].miss(&query), Some(Miss::Method))) {
        // The methods themselves are compared by `methods_by_hand`.
        true => Found::Method(Default::default()),
        false => Found::Nothing,
    }
}

fn methods_by_hand(plan: &Plan, asked: &Asked) -> String {
    let query = asked.query();
    let mut names = BTreeSet::from(["OPTIONS".to_owned()]);
    for route in plan.routes.iter().filter(|route| matches!(route.miss(&query), Some(Miss::Method))) {
        names.extend(route.methods.listed.iter().map(ToString::to_string));
        if route.methods.listed.contains(&Method::GET) {
            names.insert("HEAD".to_owned());
        }
        if route.methods.is_any() {
            names.extend("GET HEAD POST PUT PATCH DELETE".split(' ').map(str::to_owned));
        }
    }
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn agree(plan: &Plan, asked: &Asked) -> Result<(), TestCaseError> {
    let (found, expected) = (plan.find(&asked.query()), by_hand(plan, asked));
    let name = |found: &Found| match found {
        Found::Route(at) => format!("{} {:?}", plan.routes[*at].id, plan.routes[*at].pattern.to_string()),
        Found::Method(_) => "another method".to_owned(),
        Found::Nothing => "nothing".to_owned(),
    };
    prop_assert_eq!(name(&found), name(&expected), "{:?}", asked);
    if let Found::Method(allowed) = found {
        let allow = allowed.header();
        prop_assert_eq!(allow.to_str().unwrap(), methods_by_hand(plan, asked), "{:?}", asked);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_finds_what_looking_at_every_route_finds(
        routes in vec(matches(pattern()), 1..24),
        requests in vec(asked(), 24),
    ) {
        let plan = plan(routes);
        for asked in &requests {
            agree(&plan, asked)?;
        }
    }

    /// Patterns alone, many more of them: what fits into one of matchit's routers and what needs another.
    #[test]
    fn the_table_finds_the_best_of_many_patterns(
        patterns in vec(pattern(), 1..80),
        paths in vec(path(), 40),
        headers in any::<bool>(),
    ) {
        let routes = patterns.into_iter().map(|(text, prefix)| Match {
            path: (!prefix).then(|| text.clone()),
            prefix: prefix.then_some(text),
            ..Match::default()
        });
        let plan = plan(routes.collect());
        let headers = if headers { HeaderMap::new() } else { HeaderMap::from_iter([("x-a".parse().unwrap(), HeaderValue::from_static("1"))]) };
        for path in paths {
            agree(&plan, &Asked { host: "h", path, method: Method::GET, headers: headers.clone(), query: None })?;
        }
    }

    /// The Gateway API's own words, for tables that have nothing else in them.
    #[test]
    fn exact_paths_then_the_longest_prefix(
        patterns in vec(plain_pattern(), 1..30),
        paths in vec(path(), 30),
    ) {
        let routes = patterns.iter().map(|(text, prefix)| Match {
            path: (!prefix).then(|| text.clone()),
            prefix: prefix.then(|| text.clone()),
            ..Match::default()
        });
        let plan = plan(routes.collect());
        for path in paths {
            let takes = |(text, prefix): &&(String, bool)| {
                let bare = text.trim_end_matches('/');
                text == &path || (*prefix && (path == bare || path.starts_with(&format!("{bare}/"))))
            };
            let best = patterns.iter().filter(takes).min_by_key(|(text, prefix)| (*prefix, Reverse(text.len())));
            let asked = Asked { host: "h", path, method: Method::GET, headers: HeaderMap::new(), query: None };
            let found = match plan.find(&asked.query()) {
                Found::Route(at) => Some(&plan.routes[at].pattern),
                _ => None,
            };
            let best = best.map(|(text, prefix)| if *prefix { Pattern::prefix(text) } else { Pattern::path(text) }.unwrap());
            prop_assert_eq!(found, best.as_ref(), "{}", asked.path);
        }
    }

    #[test]
    fn an_empty_router_takes_every_pattern(
        segments in vec("(\\{\\{|\\}\\}|:|\\*|%7B|é|[a-c.~]){0,4}", 1..6),
        at in any::<prop::sample::Index>(),
        capture in option::of(select(&["{x}", "{x}.json", "v{x}", "v{x}.json"][..])),
        end in select(&["", "/", "/{*rest}"][..]),
    ) {
        let mut segments: Vec<String> = segments.into_iter().filter(|text| !text.is_empty()).collect();
        if let (Some(capture), false) = (capture, segments.is_empty()) {
            let at = at.index(segments.len());
            segments[at] = capture.to_owned();
        }
        let text: String = segments.iter().map(|segment| format!("/{segment}")).collect::<String>() + end;
        if let Ok(pattern) = Pattern::path(&text) {
            let mut router = matchit::Router::new();
            prop_assert!(router.insert(pattern.to_matchit(), ()).is_ok(), "{text}");
        }
    }
}

proptest! {
    // Each case looks at thousands of paths.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// `covers` promises; `overlaps` knows.
    #[test]
    fn patterns_keep_their_word(a in pattern(), b in pattern()) {
        let [a, b] = [a, b].map(|(text, prefix)| if prefix { Pattern::prefix(&text) } else { Pattern::path(&text) }.unwrap());
        let mut met = false;
        for path in every_path() {
            let (left, right) = (a.matches(path), b.matches(path));
            met |= left && right;
            prop_assert!(left || !right || !a.covers(&b), "{} covers {}, but not {}", a, b, path);
            prop_assert!(a.rank(&b).is_ne() || left == right, "{} ranks as {}, but not for {}", a, b, path);
            prop_assert_eq!(a.capture(path).is_some(), left);
        }
        prop_assert_eq!(a.overlaps(&b), met, "{} overlaps {}", a, b);
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
        prop_assert!(a.covers(&a) && (!a.covers(&b) || a.overlaps(&b)));
        prop_assert_eq!(a.rank(&b), b.rank(&a).reverse());
        let lookups = a.lookups();
        for path in every_path().iter().filter(|path| a.matches(path)) {
            prop_assert!(lookups.iter().any(|place| place.matches(path)), "{} has no place for {}", a, path);
        }
    }
}

/// Every path of up to four of the values that tell two patterns apart, with and without a slash at its end.
fn every_path() -> &'static [String] {
    static PATHS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let values = [
            "a", "b", "ab", "abb", "c.d", "x", "ax", "abx", "xb", "axb", "xbb", "abxbb", "xabb", "axabb",
            "abxabb",
        ];
        let mut paths = vec![String::new()];
        let mut last = paths.clone();
        for _ in 0..3 {
            last = last.iter().flat_map(|path| values.map(|value| format!("{path}/{value}"))).collect();
            paths.extend_from_slice(&last);
        }
        // One deeper, where a rest may be.
        paths.extend(last.iter().map(|path| format!("{path}/x")));
        let slashes: Vec<_> = paths.iter().map(|path| format!("{path}/")).collect();
        paths.retain(|path| !path.is_empty());
        paths.extend(slashes);
        paths
    });
    &PATHS
}
