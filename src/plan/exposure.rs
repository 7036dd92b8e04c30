//! Routes that lead to the same place of an upstream and differ in whom they let in: the looser one undoes the other.
//!
//! What a route reaches is its pattern as the upstream sees it, after the rewrite: a *reach*. Two routes that pass the
//! path on as it came, for the same hosts and without further conditions, cannot undo each other, because the table
//! gives each path to one of them only.

use std::collections::BTreeMap;

use super::compile::Context;
use super::{Action, PathRewrite, Plan, Route};
use crate::diagnostic::{Diagnostic, Place};
use crate::route::pattern::{Segment, Tail};

/// What a route asks an upstream for.
struct Reach {
    cells: Vec<Cell>,
    /// Whether more segments may follow.
    open: bool,
}

/// One segment of a reach: text, or anything between a beginning and an end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Literal(String),
    Between(String, String),
}

/// The reaches of one upstream's routes, by their segments.
#[derive(Default)]
struct Node {
    next: BTreeMap<Cell, Node>,
    /// Routes whose reach ends here, with whether it is open.
    here: Vec<(usize, bool)>,
}

/// Stands for a capture while a template is filled in, and for one that takes the rest: neither can be in a path.
const CAPTURE: &str = "\u{0}";
const REST: &str = "\u{1}";

impl Context<'_> {
    /// Reports each route that reaches what another reaches under another protection, once.
    pub(super) fn exposures(&mut self, plan: &Plan) {
        // Routes know upstreams by their places, which are others where one of them could not be read.
        if self.upstream_names.len() != plan.upstreams.len() {
            return;
        }
        let mut upstreams: BTreeMap<usize, (Node, Vec<(usize, Reach)>)> = BTreeMap::new();
        for (index, route) in plan.reachable().iter().enumerate() {
            let Action::Proxy(proxy) = &route.action else { continue };
            for upstream in proxy.upstreams() {
                let reach = reach(route, &plan.upstreams[upstream].base, &proxy.path);
                let (tree, reaches) = upstreams.entry(upstream).or_default();
                let at =
                    reach.cells.iter().fold(tree, |node, cell| node.next.entry(cell.clone()).or_default());
                at.here.push((index, reach.open));
                reaches.push((index, reach));
            }
        }
        for (tree, reaches) in upstreams.values() {
            for (index, reach) in reaches {
                let route = &plan.routes[*index];
                let undoes = |other: usize| other < *index && differ(&plan.routes[other], route);
                if let Some(other) = tree.find(&reach.cells, reach.open, &undoes) {
                    self.exposed(&plan.routes[other], route);
                }
            }
        }
    }

    fn exposed(&mut self, first: &Route, second: &Route) {
        let message = format!(
            "the routes \"{}\" and \"{}\" lead to the same path of an upstream, and differ in whom they let in",
            first.id, second.id
        );
        let place = |route: &Route| Place::new(&*route.origin.0, &*route.origin.1);
        self.report(Diagnostic::warning(place(second), message).related(place(first), "the other one")).help(
            format!(
                "\"{}\" asks for: {}; \"{}\": {}. Whoever is refused by one may come in by the other",
                first.id, first.protection, second.id, second.protection
            ),
        );
    }
}

/// Whether one of two routes may let somebody in whom the other refuses, for the same request to the upstream.
fn differ(first: &Route, second: &Route) -> bool {
    let methods = first.methods.is_any()
        || second.methods.is_any()
        || first.methods.shared(&second.methods).next().is_some();
    first.protection != second.protection && methods && !told_apart(first, second)
}

/// Whether the table alone decides between them by the path that the upstream sees.
fn told_apart(first: &Route, second: &Route) -> bool {
    let plain = |route: &Route| {
        let keeps = matches!(&route.action, Action::Proxy(proxy) if proxy.path == PathRewrite::Keep);
        keeps && route.headers.is_empty() && route.query.is_empty()
    };
    plain(first) && plain(second) && first.hosts == second.hosts
}

fn reach(route: &Route, base: &str, rewrite: &PathRewrite) -> Reach {
    let mut reach = Reach { cells: Vec::new(), open: false };
    reach.push_path(base);
    let pattern = &route.pattern;
    match rewrite {
        PathRewrite::Keep => {
            for segment in pattern.segments() {
                reach.cells.push(match segment {
                    Segment::Literal(text) => Cell::Literal(text.to_string()),
                    Segment::Capture { prefix, suffix, .. } => {
                        Cell::Between(prefix.to_string(), suffix.to_string())
                    }
                });
            }
            reach.open = *pattern.tail() != Tail::End;
        }
        PathRewrite::Prefix(prefix) => {
            reach.push_path(prefix);
            reach.open = true;
        }
        PathRewrite::Whole(template) => {
            let mut captures = vec![CAPTURE; pattern.captures().count()];
            if let (Tail::Rest(_), Some(last)) = (pattern.tail(), captures.last_mut()) {
                *last = REST;
            }
            reach.push_path(&template.expand(&captures));
        }
    }
    reach
}

// === impl Reach ===

impl Reach {
    /// Adds the segments of a path; from a capture of the rest on, anything may follow.
    fn push_path(&mut self, path: &str) {
        for text in path.split('/').filter(|text| !text.is_empty()) {
            if text.contains(REST) {
                self.open = true;
                return;
            }
            self.cells.push(match text.split_once(CAPTURE) {
                None => Cell::Literal(text.to_owned()),
                Some((before, after)) => {
                    let after = after.rsplit(CAPTURE).next().unwrap_or_default();
                    Cell::Between(before.to_owned(), after.to_owned())
                }
            });
        }
    }
}

// === impl Cell ===

impl Cell {
    /// Whether some text fits both.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(one), Self::Literal(other)) => one == other,
            (Self::Literal(text), Self::Between(start, end))
            | (Self::Between(start, end), Self::Literal(text)) => {
                text.len() > start.len() + end.len() && text.starts_with(&**start) && text.ends_with(&**end)
            }
            (Self::Between(a, b), Self::Between(c, d)) => {
                (a.starts_with(&**c) || c.starts_with(&**a)) && (b.ends_with(&**d) || d.ends_with(&**b))
            }
        }
    }
}

// === impl Node ===

impl Node {
    /// The first route at or under this node that `wanted` wants and whose reach has a path in common with `cells`.
    fn find(&self, cells: &[Cell], open: bool, wanted: &impl Fn(usize) -> bool) -> Option<usize> {
        let Some((cell, rest)) = cells.split_first() else {
            let ends = self.here.iter().map(|(route, _)| *route).find(|route| wanted(*route));
            return ends.or_else(|| if open { self.any(wanted) } else { None });
        };
        // A reach that ended before this one, and goes on with anything.
        let shorter = self.here.iter().find(|(route, open)| *open && wanted(*route)).map(|(route, _)| *route);
        shorter.or_else(|| {
            let mut met = self.next.iter().filter(|(own, _)| own.meets(cell));
            met.find_map(|(_, node)| node.find(rest, open, wanted))
        })
    }

    fn any(&self, wanted: &impl Fn(usize) -> bool) -> Option<usize> {
        let own = self.here.iter().map(|(route, _)| *route).find(|route| wanted(*route));
        own.or_else(|| self.next.values().find_map(|node| node.any(wanted)))
    }
}
