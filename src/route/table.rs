//! The routing table: hosts, then one tree of paths a host, then the few routes that share a place in it.
//!
//! The order is the Kubernetes Gateway API's: host (exact before wildcard, longer before shorter), path (see
//! [`Pattern::rank`]), method, number of header conditions, number of query conditions, order in the files. It is
//! worked out here, when the table is made: every place in a tree (a leaf) holds, in that order, the routes of all
//! patterns that can match what the place matches, so that a request whose best pattern has no willing route falls
//! through to the next without another search.
//!
//! matchit finds the place. Two of its limits shape what it is given:
//!
//! - It refuses some patterns side by side (`/{id}` and `/{*rest}`), so a host has several of its routers, each place
//!   in the first that takes it; nearly always two are enough. Each finds the best of its own places, and the best of
//!   those is the best of all.
//! - Where captures have suffixes it takes the longest that fits and never comes back: with `/{a}b/x` beside `/{a}/y`,
//!   it finds nothing for `/cb/y`. So it never sees them: a place has whole captures only (see [`Pattern::lookups`]),
//!   and what stands around a capture is verified at the leaf.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::index::Index;
use super::pattern::Pattern;
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
    /// Whether it is for versions of an API.
    pub versioned: bool,
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
    /// Only the order in the files puts it behind the candidate before it.
    pub tied: bool,
}

/// A pattern that matchit takes into no router, not even an empty one. No pattern is known that it does this to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// In matchit's notation.
    pub pattern: String,
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
            versioned: route.version.is_some(),
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
    pub fn new(entries: &[Entry<'_>]) -> Result<Self, Refused> {
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
            let tree = Tree::new(routes, entries)?;
            match host {
                None => table.any = Some(tree),
                Some(HostPattern::Exact(name)) => table.exact.push((name.clone(), tree)),
                Some(HostPattern::Below(suffix)) => table.below.push((suffix.clone(), tree)),
            }
        }
        Ok(table)
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
    fn new(mut routes: Vec<u32>, entries: &[Entry<'_>]) -> Result<Self, Refused> {
        routes.sort_by(|a, b| order(&entries[*a as usize], &entries[*b as usize]).then(a.cmp(b)));
        let index = Index::new(routes.iter().map(|route| entries[*route as usize].pattern));
        let mut tree = Self::default();
        for (place, leaf) in places(&routes, entries).iter().zip(0u32..) {
            tree.insert(place, leaf)?;
            let near = index.near(place).into_iter().map(|at| routes[at]);
            tree.leaves.push(candidates(place, near, entries));
        }
        Ok(tree)
    }

    fn insert(&mut self, place: &Pattern, leaf: u32) -> Result<(), Refused> {
        let text = place.to_matchit();
        if self.layers.iter_mut().any(|layer| layer.insert(&*text, leaf).is_ok()) {
            return Ok(());
        }
        let mut layer = matchit::Router::new();
        layer.insert(&*text, leaf).map_err(|_| Refused { pattern: text })?;
        self.layers.push(layer);
        Ok(())
    }

    fn find(&self, path: &str) -> Option<&[Candidate]> {
        let best =
            self.layers.iter().filter_map(|layer| layer.at(path).ok()).map(|found| *found.value).min()?;
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
        .then(b.versioned.cmp(&a.versioned))
}

/// Every place that matchit must know, by rank and each once.
fn places(routes: &[u32], entries: &[Entry<'_>]) -> Vec<Pattern> {
    let mut places: Vec<_> =
        routes.iter().flat_map(|route| entries[*route as usize].pattern.lookups()).collect();
    places.sort_by(Pattern::rank);
    places.dedup_by(|a, b| a.rank(b).is_eq());
    places
}

/// The routes, of those `near` it and in their order, that can match what `place` matches and do not belong to a better
/// one.
fn candidates(place: &Pattern, near: impl Iterator<Item = u32>, entries: &[Entry<'_>]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for route in near {
        let entry = &entries[route as usize];
        if !entry.pattern.overlaps(place) || entry.pattern.rank_of_place(place).is_lt() {
            continue;
        }
        let before = candidates.last().map(|last| &entries[last.route as usize]);
        let tied = before.is_some_and(|before| order(before, entry).is_eq());
        candidates.push(Candidate { route, verify: !entry.pattern.covers(place), tied });
    }
    candidates
}
