//! The routing table: hosts, then one tree of paths a host, then the few routes that share a place in it.
//!
//! The order is the Kubernetes Gateway API's: host (exact before wildcard, longer before shorter), path (see
//! [`Pattern::rank`]), method, number of header conditions, number of query conditions, order in the files. It is
//! worked out here, when the table is made: every place in a tree (a leaf) holds, in that order, the routes of all
//! patterns that can match what the place matches, so that a request whose best pattern has no willing route falls
//! through to the next without another search.
//!
//! matchit finds the place. It allows only some patterns side by side (not `/{id}` and `/{*rest}`), so a host has
//! several of its routers, each pattern in the first that takes it; nearly always two are enough. Each finds the best
//! of its own patterns, and the best of those is the best of all.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::pattern::{Pattern, Segment};
use crate::plan::Route;

/// What the table needs to know of a route.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its hosts; empty for any.
    pub hosts: &'a [HostPattern],
    /// Its path.
    pub pattern: &'a Pattern,
    /// Whether it lists methods.
    pub has_methods: bool,
    /// The number of its header conditions.
    pub headers: usize,
    /// The number of its query conditions.
    pub query: usize,
}

/// A host name, or everything below one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostPattern {
    /// The name, in lower case.
    Exact(Box<str>),
    /// One label or more before this, which begins with a dot: `.example.com`.
    Below(Box<str>),
}

/// Finds candidates for a host and a path, best first.
#[derive(Debug, Default)]
pub struct Table {
    exact: Vec<(Box<str>, Tree)>,
    below: Vec<(Box<str>, Tree)>,
    any: Option<Tree>,
}

#[derive(Debug, Default)]
struct Tree {
    layers: Vec<matchit::Router<u32>>,
    /// By rank: of two leaves found for one path, the one with the smaller index has the better pattern.
    leaves: Vec<Vec<Candidate>>,
}

/// A route that may match what a place in the tree matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The index of the route.
    pub route: u32,
    /// The place says less than the route's pattern does: whoever asks must match the pattern too.
    pub verify: bool,
}

// === impl Entry ===

impl<'a> From<&'a Route> for Entry<'a> {
    fn from(route: &'a Route) -> Self {
        Self {
            hosts: &route.hosts,
            pattern: &route.pattern,
            has_methods: !route.methods.is_any(),
            headers: route.headers.len(),
            query: route.query.len(),
        }
    }
}

// === impl HostPattern ===

impl HostPattern {
    /// Whether the lower-case `host` matches.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => **name == *host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
        }
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(suffix) => write!(f, "*{suffix}"),
        }
    }
}

// === impl Table ===

impl Table {
    /// The table of `entries`, whose order is the order in the files.
    pub fn new(entries: &[Entry<'_>]) -> Self {
        let mut hosts: BTreeMap<Option<&HostPattern>, Vec<u32>> = BTreeMap::new();
        for (entry, index) in entries.iter().zip(0u32..) {
            if entry.hosts.is_empty() {
                hosts.entry(None).or_default().push(index);
            }
            for host in entry.hosts {
                hosts.entry(Some(host)).or_default().push(index);
            }
        }
        let mut table = Self::default();
        for (host, routes) in hosts {
            let tree = Tree::new(&routes, entries);
            match host {
                None => table.any = Some(tree),
                Some(HostPattern::Exact(name)) => table.exact.push((name.clone(), tree)),
                Some(HostPattern::Below(suffix)) => table.below.push((suffix.clone(), tree)),
            }
        }
        table
    }

    /// The candidates for a lower-case host and a normalised path, best first. Whoever asks looks at method, headers
    /// and query, and stops at the first that fits.
    pub fn candidates<'t>(&'t self, host: &'t str, path: &'t str) -> impl Iterator<Item = Candidate> + 't {
        self.trees(host).filter_map(move |tree| tree.find(path)).flatten().copied()
    }

    fn trees<'t>(&'t self, host: &'t str) -> impl Iterator<Item = &'t Tree> + 't {
        let exact = find(&self.exact, host).into_iter();
        // Dots from the left: the longest suffix first. A name that begins with a dot has no label before it.
        let labels = if self.below.is_empty() { "" } else { host };
        let below = labels
            .match_indices('.')
            .filter(|(at, _)| *at > 0)
            .filter_map(|(at, _)| find(&self.below, &host[at..]));
        exact.chain(below).chain(self.any.as_ref())
    }
}

fn find<'t>(sorted: &'t [(Box<str>, Tree)], name: &str) -> Option<&'t Tree> {
    let at = sorted.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
    Some(&sorted[at].1)
}

// === impl Tree ===

impl Tree {
    fn new(routes: &[u32], entries: &[Entry<'_>]) -> Self {
        let mut routes = routes.to_vec();
        routes.sort_by(|a, b| order(&entries[*a as usize], &entries[*b as usize]).then(a.cmp(b)));
        let index = Index::new(&routes, entries);
        let mut tree = Self::default();
        for place in places(&routes, entries) {
            let leaf = tree.leaves.len();
            tree.insert(&place, u32::try_from(leaf).unwrap_or(u32::MAX));
            tree.leaves.push(index.candidates(&place, entries));
        }
        tree
    }

    fn insert(&mut self, place: &Pattern, leaf: u32) {
        let text = place.to_matchit();
        if self.layers.iter_mut().any(|layer| layer.insert(&*text, leaf).is_ok()) {
            return;
        }
        let mut layer = matchit::Router::new();
        // A router that is empty takes every pattern that `Pattern` can express; a property test holds this.
        if layer.insert(text, leaf).is_ok() {
            self.layers.push(layer);
        }
    }

    fn find(&self, path: &str) -> Option<&[Candidate]> {
        let best = self.layers.iter().filter_map(|layer| layer.at(path).ok()).map(|found| *found.value).min()?;
        Some(&self.leaves[best as usize])
    }
}

/// The total order of routes with one host; what is equal here goes in the order of the files.
pub(super) fn order(a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
    a.pattern
        .rank(b.pattern)
        .then(b.has_methods.cmp(&a.has_methods))
        .then(b.headers.cmp(&a.headers))
        .then(b.query.cmp(&a.query))
}

/// Every place that matchit must know, by rank and each once.
fn places(routes: &[u32], entries: &[Entry<'_>]) -> Vec<Pattern> {
    let mut places: Vec<_> = routes.iter().flat_map(|route| entries[*route as usize].pattern.lookups()).collect();
    places.sort_by(Pattern::rank);
    places.dedup_by(|a, b| a.rank(b).is_eq());
    places
}

/// Routes by the literal segments their pattern begins with. A route that can match what a place matches, and does not
/// go before it, begins with as many of the place's own literals or fewer: where it had one more, it would go first.
struct Index<'r> {
    routes: &'r [u32],
    by_literals: BTreeMap<String, Vec<usize>>,
}

impl<'r> Index<'r> {
    fn new(routes: &'r [u32], entries: &[Entry<'_>]) -> Self {
        let mut by_literals: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, route) in routes.iter().enumerate() {
            let literals = leading_literals(entries[*route as usize].pattern);
            by_literals.entry(literals).or_default().push(at);
        }
        Self { routes, by_literals }
    }

    /// The routes that can match what `place` matches and do not go before it, in order.
    fn candidates(&self, place: &Pattern, entries: &[Entry<'_>]) -> Vec<Candidate> {
        let literals = leading_literals(place);
        let ends = literals.match_indices('/').map(|(at, _)| at).chain([literals.len()]);
        let mut near: Vec<usize> =
            ends.filter_map(|end| self.by_literals.get(&literals[..end])).flatten().copied().collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter()
            .map(|at| self.routes[at])
            .filter(|route| {
                let pattern = entries[*route as usize].pattern;
                pattern.rank(place).is_ge() && pattern.overlaps(place)
            })
            .map(|route| Candidate { route, verify: !entries[route as usize].pattern.covers(place) })
            .collect()
    }
}

/// `/a/b` for `/a/b/{c}/d`.
fn leading_literals(pattern: &Pattern) -> String {
    let mut text = String::new();
    for segment in pattern.segments() {
        let Segment::Literal(literal) = segment else { break };
        text.push('/');
        text.push_str(literal);
    }
    text
}
