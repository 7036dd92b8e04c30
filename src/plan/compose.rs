//! Composed routes: their steps as routes of their own, and how these come together.

use std::collections::BTreeMap;

use super::compile::{Context, Pointer};
use super::{Action, IssuerPlan, Route};
use crate::compose::{Compose, Step};
use crate::config::{self, Defaults, Document};
use crate::limit::Limits;

/// How many requests to upstreams one request has under way at once, where nothing is said.
const AT_ONCE: u32 = 16;

impl Context<'_> {
    /// What a composed route does; its steps are routes that come later ([`Context::step_routes`]).
    pub(super) fn compose(&mut self, at: &Pointer, written: &config::Compose) -> Option<Action> {
        if written.steps.is_empty() {
            self.error(at, "there are no steps").help("add [[routes.compose.steps]]");
            return None;
        }
        let step = |step: &config::Step| Step { name: step.name.as_str().into(), route: usize::MAX };
        let steps = written.steps.iter().map(step).collect();
        let at_once = usize::try_from(written.at_once.unwrap_or(AT_ONCE)).unwrap_or(usize::MAX);
        Some(Action::Compose(Box::new(Compose { steps, at_once })))
    }

    /// Adds the routes of steps.
    pub(super) fn step_routes(
        &mut self,
        documents: &[(String, Document)],
        issuer: Option<&IssuerPlan>,
        limits: &Limits,
        routes: &mut Vec<Route>,
    ) {
        let none = Defaults::default();
        let (at_defaults, defaults) = super::compile::defaults(documents, &none);
        for (file, document) in documents {
            for (written, at) in document.routes.iter().zip(Pointer::root(file).key("routes").indices()) {
                let Some(compose) = &written.compose else { continue };
                let place = (at.file(), at.path());
                let index = routes.iter().position(|ready| (&*ready.origin.0, &*ready.origin.1) == place);
                // A composed route with a mistake has no steps: they would only repeat it.
                if index.is_none() {
                    continue;
                }
                let of_steps = of_steps(written, defaults);
                let defaults = (at_defaults.clone(), &of_steps);
                for (step, at) in written_steps(&at, written, compose) {
                    let route = self.route(&at, &step, &defaults, issuer, limits);
                    routes.extend(route.map(|route| Route { internal: true, ..route }));
                }
            }
        }
    }
}

/// Tells composed routes which routes are their steps', when all routes have their places.
pub(super) fn link_steps(routes: &mut [Route]) {
    let places: BTreeMap<_, _> = routes.iter().map(|route| route.origin.clone()).zip(0..).collect();
    for route in routes {
        let Action::Compose(compose) = &mut route.action else { continue };
        let (file, path) = &route.origin;
        for (number, step) in compose.steps.iter_mut().enumerate() {
            let place = (file.clone(), format!("{path}/compose/steps/{number}").into());
            step.route = places.get(&place).copied().unwrap_or(usize::MAX);
        }
    }
}

/// The steps of a composed route, as routes, and where each is written.
pub(super) fn written_steps(
    at: &Pointer,
    route: &config::Route,
    compose: &config::Compose,
) -> impl Iterator<Item = (config::Route, Pointer)> {
    let at = at.key("compose").key("steps");
    compose.steps.iter().enumerate().map(move |(number, step)| (as_route(route, step), at.index(number)))
}

/// A step as the route that asks for it. Whoever may use the composed route may have the step asked, and nobody reaches it in
/// another way; its path is the client's, for what that captures.
fn as_route(route: &config::Route, step: &config::Step) -> config::Route {
    let matches = route.matches.as_ref().map(|matches| config::Match {
        path: matches.path.clone(),
        prefix: matches.prefix.clone(),
        ..config::Match::default()
    });
    config::Route {
        id: format!("{}/{}", route.id, step.name),
        matches,
        auth: route.auth.clone(),
        identity: route.identity.clone(),
        upstream: step.upstream.clone(),
        split: step.split.clone(),
        fallback: step.second.clone(),
        priority: route.priority,
        mapping: step.mapping.clone(),
        timeouts: step.timeouts.clone(),
        headers: step.headers.clone(),
        cache: step.cache.clone(),
        ..config::Route::default()
    }
}

/// What steps do unless they say otherwise: what is about asking upstreams. Who may ask, how much, and what clients are told is
/// the composed route's affair.
fn of_steps(route: &config::Route, defaults: &Defaults) -> Defaults {
    let Defaults { auth, identity, timeouts, headers, .. } = defaults.clone();
    let timeouts = route.timeouts.clone().or(timeouts);
    Defaults { auth, identity, timeouts, headers, ..Defaults::default() }
}
