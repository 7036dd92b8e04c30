//! The route at which callers see what they have left.

use super::compile::{Context, Pointer, defaults, one};
use super::{Action, Route};
use crate::auth::Access;
use crate::config::{self, Defaults, Document, Match};
use crate::limit::Limits;
use crate::limit::usage::Shown;
use crate::route::pattern::Pattern;

/// Where it is unless the author says otherwise.
const PATH: &str = "/.tollgate/usage";

impl Context<'_> {
    /// The route, where it is asked for. `routes` are those that are written: their limits are what there is to show.
    pub(super) fn usage_route(
        &mut self,
        documents: &[(String, Document)],
        limits: &Limits,
        routes: &[Route],
    ) -> Option<Route> {
        let (at, written) = one(documents, "rate_limiting", |document| document.rate_limiting.as_ref())?;
        let usage = written.usage.as_ref()?;
        let at = at.key("usage");
        let none = Defaults::default();
        let defaults = defaults(documents, &none);
        if !self.is_one_path(&at, usage) {
            return None;
        }
        let before = self.diagnostics.len();
        // What defaults say of any route holds for this one. It is compiled as one, and only then gets its action.
        let route = self.route(&at, &as_a_route(usage), &defaults, None, limits);
        for mistake in &mut self.diagnostics[before..] {
            mistake.place.pointer = mistake.place.pointer.replace("/usage/match/", "/usage/");
        }
        let route = route?;
        let says_who = usage.auth.is_some() || defaults.1.auth.is_some();
        if says_who && matches!(route.access, Access::Public) {
            let at = if usage.auth.is_some() { at.key("auth") } else { at };
            self.error(&at, "usage is shown to callers who are known, and this lets everybody in")
                .help("give it auth = the name of a way in, or several");
        }
        let shown = Shown::of(limits, self.abilities.counts, routes.iter().map(|route| &route.limits));
        let mut own = route.limits;
        own.own.clear();
        own.tiers = vec![Vec::new(); limits.tiers.len()];
        Some(Route { limits: own, action: Action::Usage(shown), ..route })
    }

    fn is_one_path(&mut self, at: &Pointer, usage: &config::Usage) -> bool {
        let pattern = Pattern::path(usage.path.as_deref().unwrap_or(PATH));
        let is = pattern.is_ok_and(|pattern| pattern.captures().next().is_none());
        if !is {
            self.error(&at.key("path"), "usage is shown at one path").help(format!("such as \"{PATH}\""));
        }
        is
    }
}

/// The route as an author would write it, with a fixed answer for the one that comes.
fn as_a_route(usage: &config::Usage) -> config::Route {
    config::Route {
        id: "usage".to_owned(),
        matches: Some(Match {
            host: usage.host.clone(),
            path: Some(usage.path.clone().unwrap_or_else(|| PATH.to_owned())),
            methods: vec!["GET".to_owned()],
            ..Match::default()
        }),
        auth: usage.auth.clone(),
        respond: Some(config::Respond::default()),
        ..config::Route::default()
    }
}
