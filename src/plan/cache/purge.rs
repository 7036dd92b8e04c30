//! The route that takes orders to purge.

use http::Method;

use super::super::compile::{Context, Pointer, defaults, one};
use super::super::{Action, Route};
use crate::auth::Access;
use crate::cache::Caching;
use crate::config::{self, Defaults, Document, Match};
use crate::diagnostic::Diagnostic;
use crate::limit::Limits;
use crate::route::pattern::Pattern;

/// Where it is unless the author says otherwise.
const PATH: &str = "/.tollgate/purge";
/// The method that names what is to be purged by its address; no standard, but what every cache calls it.
const PURGE: &str = "PURGE";

impl Context<'_> {
    /// The route, where it is asked for. `routes` are those that are written.
    pub(in crate::plan) fn purge_route(
        &mut self,
        documents: &[(String, Document)],
        limits: &Limits,
        caching: &Caching,
        routes: &[Route],
    ) -> Option<Route> {
        let (at, written) = one(documents, "caching", |document| document.caching.as_ref())?;
        let purge = written.purge.as_ref()?;
        let at = at.key("purge");
        if !caching.used {
            self.report(Diagnostic::warning(
                (&at).into(),
                "there is nothing to purge: no route keeps answers",
            ))
            .help("give a route or [defaults] cache = true, or remove this");
        }
        self.purge_is_ours(&at, routes);
        if !self.is_one_path_to_purge(&at, purge) {
            return None;
        }
        let none = Defaults::default();
        let before = self.diagnostics.len();
        // What defaults say of any route holds for this one. It is compiled as one, and only then gets its action.
        let route = self.route(&at, &as_a_route(purge), &defaults(documents, &none), None, limits);
        for mistake in &mut self.diagnostics[before..] {
            mistake.place.pointer = mistake.place.pointer.replace("/purge/match/", "/purge/");
        }
        let route = route?;
        let everybody = match &route.access {
            Access::Public => true,
            Access::Required(required) => required.optional,
        };
        if everybody {
            self.error(
                &at.key("auth"),
                "whoever may purge makes every request go to the upstream, and this lets everybody in",
            )
            .help("give it auth = the name of a way in, or a table with any and without optional");
        }
        Some(Route { action: Action::Purge, ..route })
    }

    /// `PURGE` is an order to the gateway, at every address.
    fn purge_is_ours(&mut self, at: &Pointer, routes: &[Route]) {
        for route in routes {
            let Some(index) = route.methods.listed.iter().position(|method| method.as_str() == PURGE) else {
                continue;
            };
            let there = Pointer::root(&route.origin.0)
                .beneath(&route.origin.1)
                .key("match")
                .key("methods")
                .index(index);
            let message =
                format!("no PURGE ever gets to the route \"{}\": it is an order to the gateway", route.id);
            let diagnostic =
                Diagnostic::error((&there).into(), message).related(at.into(), "by this setting");
            self.report(diagnostic).help("remove the method, or [caching.purge]");
        }
    }

    fn is_one_path_to_purge(&mut self, at: &Pointer, purge: &config::Purge) -> bool {
        let pattern = Pattern::path(purge.path.as_deref().unwrap_or(PATH));
        let is = pattern.is_ok_and(|pattern| pattern.captures().next().is_none());
        if !is {
            self.error(&at.key("path"), "orders to purge are taken at one path")
                .help(format!("such as \"{PATH}\""));
        }
        is
    }
}

/// The route as an author would write it, with a fixed answer for the one that comes.
fn as_a_route(purge: &config::Purge) -> config::Route {
    config::Route {
        id: "caching/purge".to_owned(),
        matches: Some(Match {
            host: purge.host.clone(),
            path: Some(purge.path.clone().unwrap_or_else(|| PATH.to_owned())),
            methods: vec![Method::POST.to_string(), PURGE.to_owned()],
            ..Match::default()
        }),
        auth: Some(purge.auth.clone()),
        respond: Some(config::Respond::default()),
        ..config::Route::default()
    }
}
